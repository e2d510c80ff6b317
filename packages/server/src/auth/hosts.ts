import { isIP } from 'node:net'
import type { FastifyRequest } from 'fastify'
import { originOf } from '../config.ts'
import type { Account, Context } from '../context.ts'
import { hostOf } from './authenticate.ts'

/**
 * Whether pages for people are given under this Host: the account's own domain, or this machine's own names while the server is a
 * local one. A name that a stranger points here (DNS rebinding) is neither.
 */
export function isOwnHost(context: Context, host: string, account: Account | undefined): boolean {
  if (account !== undefined && host === account.domain) return true
  const local = isLoopback(context.config.host) || (account !== undefined && isLoopback(account.domain))
  return local && isLoopback(host)
}

/** Whether a `host[:port]` is this machine itself: its address can be no other's. */
export function isLoopback(host: string): boolean {
  const name = host.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1')
  if (name === 'localhost' || name === '::1' || host === '::1') return true
  return isIP(name) === 4 && name.startsWith('127.')
}

/**
 * The origins a form of ours comes from: one, but for this machine's own names, which a local proxy may serve by either scheme.
 * For a request that `isOwnHost` allowed.
 */
export function ownOrigins(context: Context, request: FastifyRequest): string[] {
  const host = hostOf(request)
  if (isLoopback(host)) return [`http://${host}`, `https://${host}`]
  return [`${isSecure(context, request) ? 'https' : 'http'}://${host}`]
}

/** Whether the browser speaks HTTPS, with this server or with what stands before it. */
export function isSecure({ config }: Context, request: FastifyRequest): boolean {
  if (request.protocol === 'https') return true
  const host = hostOf(request)
  return isLoopback(host) ? config.scheme === 'https' : originOf(host, config).startsWith('https:')
}
