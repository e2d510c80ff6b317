import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { isSecure } from './hosts.ts'

/** What the browser of a signed-in owner holds. */
export const sessionCookie = 'hatstand_session'

/**
 * The value of a cookie of ours, as the browser sends it.
 * @param name without the `__Host-` that it has over HTTPS, where a cookie that lacks it may be a neighbour's
 */
export function cookieOf(context: Context, request: FastifyRequest, name: string): string | undefined {
  const full = fullName(context, request, name)
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
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  name: string,
  value: string,
  seconds?: number,
): void {
  const parts = [`${fullName(context, request, name)}=${value}`, 'Path=/', 'HttpOnly', 'SameSite=Lax']
  if (seconds !== undefined) parts.push(`Max-Age=${seconds}`)
  if (isSecure(context, request)) parts.push('Secure')
  // Fastify sends several of these, one beside the other.
  reply.header('set-cookie', parts.join('; '))
}

function fullName(context: Context, request: FastifyRequest, name: string): string {
  return isSecure(context, request) ? `__Host-${name}` : name
}
