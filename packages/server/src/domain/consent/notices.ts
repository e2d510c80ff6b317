import { writtenMoment } from './data-debit.ts'

/** What a requester is told when the owner has decided. Nothing of the data, and nothing of what the owner took away. */
export interface Notice {
  noticeId: string
  /** The account it is about. */
  domain: string
  dataDebit: string
  permission: number
  /** `accepted`, `changed`, `disabled` or `rejected`. */
  event: string
  /** When it was decided, in milliseconds since 1970. */
  at: number
  /** The receipt, which the requester can read with its access token. */
  receiptId: string
}

/**
 * The address that a requester wants to be told at, if it can be: an absolute one of the web.
 * @returns undefined for one without a scheme, or with credentials
 */
export function callbackOf(text: string | undefined): URL | undefined {
  const url = text === undefined ? null : URL.parse(text)
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
    return undefined
  return url
}

/** Whether this is how an owner names the host of a callback: `acme.example`, `acme.example:8443`. */
export const namesHost = (url: URL, host: string): boolean => url.host === host.trim().toLowerCase()

/** The body of a notice, as the Standard Webhooks 1.0.0 advise. */
export function noticeBody({ domain, dataDebit, permission, event, at, receiptId }: Notice): string {
  return JSON.stringify({
    type: `data_debit.${event}`,
    timestamp: writtenMoment(at),
    data: { pda: domain, dataDebitKey: dataDebit, permission, receiptId },
  })
}

const minute = 60_000
const hour = 60 * minute
/** How long after each failed attempt the next is made: about a day in all. */
const delays = [10_000, 5 * minute, 30 * minute, 2 * hour, 5 * hour, 7 * hour, 9 * hour]

/**
 * When a notice is sent again.
 * @param attempts how often it was sent, the last one without success
 * @param status of the last answer; 0 for none. 410 is a request to be left alone
 * @param jitter between 0 and 1: not all come back in the same second
 * @returns undefined: it is given up
 */
export function nextAttempt(
  attempts: number,
  status: number,
  now: number,
  jitter: number,
): number | undefined {
  const delay = status === 410 ? undefined : delays[attempts - 1]
  return delay === undefined ? undefined : now + delay + Math.floor((delay / 10) * jitter)
}
