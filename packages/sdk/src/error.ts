import type { ErrorBody, ErrorCode } from '@hatstand/api/errors.ts'

/** What the server answered, and how long it wants to be left alone. */
interface Answered {
  status: number
  headers: Headers
  text: string
}

interface More {
  code?: HatstandError['code']
  status?: number
  details?: Partial<ErrorBody>
  retryAfter?: number | undefined
  cause?: unknown
}

/**
 * Why something did not work. `message` is a sentence for a person; programs look at `code`, and at `status` where there is none. What
 * a program itself ended, by its `AbortSignal`, rejects with the reason of that signal instead, as `fetch` does.
 */
export class HatstandError extends Error {
  override readonly name = 'HatstandError'
  /**
   * One of the server's refusals; `unreachable` when there was no answer, or only a part of one; `timeout` when the server was
   * silent for too long. Undefined when the answer did not come from hatstand, but from a proxy for instance.
   */
  readonly code: ErrorCode | 'unreachable' | 'timeout' | undefined
  /** The HTTP status; undefined without an answer. */
  readonly status: number | undefined
  /** All that the server said, as it said it. */
  readonly details: Partial<ErrorBody>
  /** In how many seconds the server wants to be asked again, where it said so. */
  readonly retryAfter: number | undefined

  constructor(message: string, { code, status, details = {}, retryAfter, cause }: More = {}) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code ?? details.code
    this.status = status
    this.details = details
    this.retryAfter = retryAfter
  }

  /** With `duplicate_data`: which values of the request are already there. */
  get duplicates(): NonNullable<ErrorBody['duplicates']> {
    return this.details.duplicates ?? []
  }
}

/** The error an answer stands for; of a body that is not in hatstand's shape the beginning is told. */
export function errorOf({ status, headers, text }: Answered): HatstandError {
  const details = detailsIn(text)
  const retryAfter = secondsOf(headers.get('Retry-After'))
  const message =
    details.cause ??
    details.message ??
    `The answer has the status ${status} and is not hatstand's: ${text.slice(0, 200)}`
  return new HatstandError(message, { status, details, retryAfter })
}

function detailsIn(text: string): Partial<ErrorBody> {
  try {
    const body = JSON.parse(text) as unknown
    return typeof body === 'object' && body !== null ? body : {}
  } catch {
    return {}
  }
}

/** Seconds, or a date. */
function secondsOf(retryAfter: string | null): number | undefined {
  if (retryAfter === null) return undefined
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds)
}

/** The error when `fetch` fails with `cause`. */
export function unreachable(url: string, cause: unknown): HatstandError {
  const { origin } = new URL(url)
  return new HatstandError(`${origin} cannot be reached: ${reasonOf(cause)}`, { code: 'unreachable', cause })
}

/** What `fetch` of Node says stands in the cause of its error. */
function reasonOf(error: unknown): string {
  const { message, code, cause } = error as { message?: string; code?: string; cause?: unknown }
  return cause === undefined ? message || code || String(error) : reasonOf(cause)
}

const beforeSending = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'UND_ERR_CONNECT_TIMEOUT',
])

/** Whether it is certain that the server has seen nothing of the request. Browsers do not say. */
export function neverArrived({ code, cause }: HatstandError): boolean {
  const reason = (cause as { cause?: { code?: string } } | undefined)?.cause?.code
  return code === 'unreachable' && beforeSending.has(reason ?? '')
}
