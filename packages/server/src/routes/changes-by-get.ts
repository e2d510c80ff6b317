import type { FastifyRequest } from 'fastify'
import { ApiError } from '../errors.ts'

/**
 * Changes by GET are there for existing clients, which send their token in `X-Auth-Token`. Nothing else is taken for a wish to
 * change something: no HEAD, and no kind of authorization that a browser, a cache or a link checker might send along by itself.
 */
export async function requireHeader(request: FastifyRequest): Promise<void> {
  if (request.method === 'HEAD') throw new ApiError('forbidden', 'HEAD changes nothing; use POST')
  if (request.headers['x-auth-token'] === undefined)
    throw new ApiError(
      'forbidden',
      'By GET this needs the access token in the header X-Auth-Token; with Authorization: Bearer, use POST',
    )
}
