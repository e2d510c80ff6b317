import type { FastifyReply, FastifyRequest } from 'fastify'
import { isSecure } from './hosts.ts'

/**
 * The value of a cookie of ours, as the browser sends it.
 * @param name without the `__Host-` that it has over HTTPS, where a cookie that lacks it may be a neighbour's
 */
export function cookieOf(request: FastifyRequest, name: string): string | undefined {
  const full = fullName(request, name)
  for (const pair of (request.headers.cookie ?? '').split(';')) {
    const at = pair.indexOf('=')
    if (at > 0 && pair.slice(0, at).trim() === full) return pair.slice(at + 1).trim()
  }
  return undefined
}

/**
 * Gives the browser a cookie that no script reads and no other site sends along with a form.
 * @param value of characters that need no quotes
 * @param seconds it is kept; undefined until the browser ends, 0 takes it away
 */
export function setCookie(
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string,
  seconds?: number,
) {
  const parts = [`${fullName(request, name)}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
  if (seconds !== undefined) parts.push(`Max-Age=${seconds}`)
  if (isSecure(request)) parts.push('Secure')
  // Fastify sends several of these, one beside the other.
  reply.header('set-cookie', parts.join('; '))
}

function fullName(request: FastifyRequest, name: string): string {
  return isSecure(request) ? `__Host-${name}` : name
}
