import type { FastifyBaseLogger } from 'fastify'
import type { Config } from '../config.ts'
import { isLoopback } from './hosts.ts'

/** A mail in plain text. */
export interface Mail {
  to: string
  subject: string
  /** Paragraphs. */
  text: string[]
}

/** How long the mail server may take for each of its answers. */
const timeoutMs = 20_000

/** Whether this server can send mail. */
export function sendsMail({ smtpUrl }: Pick<Config, 'smtpUrl'>): boolean {
  return smtpUrl !== undefined
}

/**
 * Sends a mail. It never fails: who waits for a mail is told nothing of it, and the log tells why none was sent, without the address.
 * @returns whether the mail server took it
 */
export async function sendMail(config: Config, log: FastifyBaseLogger, mail: Mail): Promise<boolean> {
  const { smtpUrl, mailFrom } = config
  if (smtpUrl === undefined || mailFrom === undefined) {
    log.warn('a mail was not sent: HATSTAND_SMTP_URL is not set')
    return false
  }
  try {
    const { createTransport } = await import('nodemailer')
    const transport = createTransport(safely(smtpUrl))
    const { to, subject, text } = mail
    await transport.sendMail({
      from: mailFrom,
      to,
      subject,
      text: `${text.join('\n\n')}\n`,
      headers: automatic,
    })
    return true
  } catch (error) {
    // What the mail server said may hold the address: only the numbers and names of its answer are told.
    const { code, command, responseCode } = error as Record<string, unknown>
    log.error({ code, command, responseCode }, 'a mail was not sent')
    return false
  }
}

/** No out-of-office answer is wanted (RFC 3834). */
const automatic = { 'auto-submitted': 'auto-generated' }

/** A name and password go over the network encrypted or not at all. */
function safely(smtpUrl: string) {
  const { protocol, username, hostname } = new URL(smtpUrl)
  return {
    url: smtpUrl,
    requireTLS: protocol === 'smtp:' && username !== '' && !isLoopback(hostname),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}
