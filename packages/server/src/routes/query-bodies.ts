import { skipSpace, skipValue } from '@hatstand/api/json.ts'
import type { FastifyRequest } from 'fastify'
import { mostLevels, QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { receiveText } from '../http/receive-body.ts'
import { GoneError } from '../store/queries/queries.ts'

/** A query takes no more bytes than this. */
const mostBytes = 1_048_576

/** What was read of a body, and its text. */
export interface Sent<T> {
  value: T
  text: string
}

/**
 * Receives the body of a request whose caller and rights were checked, and reads a query from it.
 * @throws ApiError as `receiveBody`, `invalid_body` naming the place of the fault; JsonError
 */
export async function receiveQuery<T>(request: FastifyRequest, read: (text: string) => T): Promise<Sent<T>> {
  const text = await receiveText(request, mostBytes)
  skipValue(text, skipSpace(text, 0), mostLevels)
  try {
    return { value: read(text), text: text.trim() }
  } catch (error) {
    throw asRefusal(error)
  }
}

/** A fault of a query as a refusal of the body it came in, anything else as it is. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof GoneError)
    return new ApiError('body_unreadable', 'The connection was closed before the answer was made')
  return error instanceof QueryError ? new ApiError('invalid_body', sentence(error.message)) : error
}

const sentence = (message: string) => (message.startsWith('the ') ? `T${message.slice(1)}` : message)
