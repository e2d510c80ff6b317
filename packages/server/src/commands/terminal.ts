import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'

/** Reads one line: typed unseen at a terminal, otherwise the first line of standard input. */
export async function readSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine()
  process.stderr.write(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: unseen, terminal: true })
  reader.on('SIGINT', () => process.exit(130))
  const answer = await reader.question('')
  reader.close()
  process.stderr.write('\n')
  return answer
}

/** Asks a question at the terminal; anything but yes is no. Without a terminal, nobody can say yes. */
export async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await reader.question(`${question} [y/N] `)
  reader.close()
  return /^y(es)?$/i.test(answer.trim())
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line
  return ''
}
