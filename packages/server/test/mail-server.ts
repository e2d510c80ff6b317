import { createServer, type Socket, type AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'

/** A mail as the server was handed it. */
export interface CaughtMail {
  from: string
  to: string
  text: string
}

/** A mail server on this machine that keeps what it is given. */
export interface MailServer {
  /** For HATSTAND_SMTP_URL. */
  url: string
  caught: CaughtMail[]
  /** The next mail that comes with this in its text. */
  next(about?: RegExp): Promise<CaughtMail>
  /** Refuses all recipients from now on, with the address in the answer, as mail servers do. */
  refuse(): void
}

/** Starts a mail server, closed when the test ends. It speaks as much SMTP (RFC 5321) as is needed to be handed a mail. */
export async function startMailServer(t: Pick<TestContext, 'after'>): Promise<MailServer> {
  const caught: CaughtMail[] = []
  let waiting: { about: RegExp; told: (mail: CaughtMail) => void }[] = []
  let refuses = false
  const catchMail = (mail: CaughtMail) => {
    caught.push(mail)
    for (const { about, told } of waiting) if (about.test(mail.text)) told(mail)
    waiting = waiting.filter(({ about }) => !about.test(mail.text))
  }
  const server = createServer((socket) => converse(socket, () => refuses, catchMail))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    caught,
    next: (about = /(?:)/) => new Promise((told) => waiting.push({ about, told })),
    refuse: () => void (refuses = true),
  }
}

function converse(socket: Socket, refuses: () => boolean, caught: (mail: CaughtMail) => void): void {
  let received = ''
  let mail: CaughtMail | undefined
  let [from, to] = ['', '']
  const answer = (line: string) => {
    if (mail) {
      if (line !== '.') mail.text += `${line.replace(/^\./, '')}\n`
      else {
        caught({ ...mail, text: decoded(mail.text) })
        mail = undefined
        return '250 taken'
      }
      return undefined
    }
    const word = line.slice(0, 4).toUpperCase()
    const address = /<(.*)>/.exec(line)?.[1] ?? ''
    if (word === 'MAIL') from = address
    if (word === 'RCPT') to = address
    if (word === 'RCPT' && refuses()) return `550 there is no ${to} here`
    if (word === 'DATA') {
      mail = { from, to, text: '' }
      return '354 go on'
    }
    if (word === 'STAR') return '502 this server does not encrypt'
    return word === 'QUIT' ? '221 bye' : '250 yes'
  }
  socket.setEncoding('utf8').on('error', () => undefined)
  socket.write('220 test\r\n')
  socket.on('data', (part: string) => {
    const lines = (received + part).split('\r\n')
    received = lines.pop() ?? ''
    for (const line of lines) {
      const said = answer(line)
      if (said) socket.write(`${said}\r\n`)
    }
  })
}

/** Undoes quoted-printable, in which long lines are broken. */
function decoded(text: string): string {
  return text
    .replaceAll(/=\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
