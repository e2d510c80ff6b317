import type { FastifyReply, FastifyRequest } from 'fastify'

/** Says in the `Link` header where the answer goes on: the same request, continued behind a cursor. */
export function linkNext(reply: FastifyReply, { url }: FastifyRequest, cursor: string): void {
  const end = url.includes('?') ? url.indexOf('?') : url.length
  const query = new URLSearchParams(url.slice(end + 1))
  query.delete('skip')
  query.set('after', cursor)
  reply.header('link', `<${url.slice(0, end)}?${query.toString()}>; rel="next"`)
}
