import type { ErrorCode } from './errors.ts'
import type { TSchema } from './type.ts'

/** One kind of answer. `schema` is left out where the body is not JSON. */
export interface Answer {
  description: string
  schema?: TSchema
  contentType?: string
  /** Header name -> what it says. */
  headers?: Record<string, string>
  example?: unknown
}

/**
 * One operation: what the server's route validates, what the documentation shows and what the SDK is checked against.
 * Fastify takes it as a route's `schema`: it reads `params` and `querystring` and leaves the rest alone, since bodies
 * are kept as text (`requestBody` documents them) and answers are text already (`answers` documents them).
 */
export interface Operation {
  operationId: string
  method: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** As the router takes it, `/data/:namespace/*`; below `/api/v2.6` (and `/api/v2`, `/api/v2.0`) unless `root` is set. */
  path: string
  root?: true
  /** May be called without an access token. */
  public?: true
  /** Only the owner may, no application. */
  ownerOnly?: true
  tags: [string]
  summary: string
  description: string
  params?: TSchema
  /** The parameters there are. Any other is refused, and nothing done, unless the next member is set. */
  querystring: TSchema
  /**
   * Parameters there are none of are passed over, as existing clients expect. Only for what reads, signs in or does nothing but
   * add: a parameter may have been meant to spare something, and where things are changed or taken away that must not be guessed.
   */
  ignoresUnknownQuery?: true
  /** Header name -> what it says. */
  requestHeaders?: Record<string, string>
  requestBody?: { description: string; schema: TSchema; example: unknown }
  answers: Record<number, Answer>
  /** The refusals that are this operation's own; those of every operation are added where the list is shown. */
  refusals: ErrorCode[]
}
