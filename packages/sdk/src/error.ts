import type { ErrorBody, ErrorCode } from '@hatstand/api/errors.ts'

/** A refusal by the server. `message` and `cause` are its words, `code` is what programs should look at. */
export class PdaError extends Error {
  override readonly name = 'PdaError'
  readonly status: number
  /** Undefined when the answer did not come from hatstand, but from a proxy for instance. */
  readonly code: ErrorCode | undefined
  override readonly cause: string
  /** With `duplicate_data`: which values of the request are already there. */
  readonly duplicates: NonNullable<ErrorBody['duplicates']>

  constructor(status: number, body: Partial<ErrorBody>) {
    super(body.message ?? `HTTP status ${status}`)
    this.status = status
    this.code = body.code
    this.cause = body.cause ?? ''
    this.duplicates = body.duplicates ?? []
  }
}

/** The error an answer stands for; bodies that are not in hatstand's shape are kept as `cause`. */
export async function errorOf(response: Response): Promise<PdaError> {
  const text = await response.text()
  try {
    return new PdaError(response.status, JSON.parse(text) as Partial<ErrorBody>)
  } catch {
    return new PdaError(response.status, { cause: text })
  }
}
