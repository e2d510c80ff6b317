/**
 * Why nobody is signed in. `message` is a sentence for a person; `code` is an error of OAuth (`access_denied` when the owner declined,
 * `invalid_scope`), or one of ours: `signed_out`, `answer_unknown`, `answer_wrong`, `unreachable`, `timeout`.
 */
export class SignInError extends Error {
  override readonly name = 'SignInError'
  readonly code: string

  constructor(code: string, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.code = code
  }
}

/** What went wrong between this browser and the account, as `oauth4webapi` or `fetch` put it. */
export function errorOf(account: string, cause: unknown): SignInError {
  const { name, message, error, error_description: words } = cause as Error & Partial<Record<string, string>>
  if (error === 'access_denied') return new SignInError(error, 'Access was declined', cause)
  if (error !== undefined) return new SignInError(error, words ?? `${account} answered ${error}`, cause)
  if (name === 'TimeoutError') return new SignInError('timeout', `${account} does not answer`, cause)
  // `fetch` has one error for all that keeps it from an answer.
  if (cause instanceof TypeError)
    return new SignInError('unreachable', `${account} cannot be reached: ${message}`, cause)
  return new SignInError('answer_wrong', `${account} answered what it should not: ${message}`, cause)
}
