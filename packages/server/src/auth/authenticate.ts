import { isNamespace } from '@hatstand/api/endpoint-name.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { originOf } from '../config.ts'
import type { Account, App, Context } from '../context.ts'
import { type Caller, ownerHolder, userIn } from '../domain/access/rights.ts'
import { confinedTo, rolesFrom, broadScopes, scopeOfRole } from '../domain/access/roles.ts'
import { ApiError } from '../errors.ts'
import { type CallerRow, findCaller } from '../store/access/accounts.ts'
import { accessTokens, type Claims, isFor } from './access-tokens.ts'
import { lastUse, opaqueId } from './opaque-tokens.ts'

/** A clock that runs ahead of ours by this many seconds is forgiven. */
const clockSkewSeconds = 60

/**
 * Before every route that is not marked `config: { public: true }`: finds the account by Host and the caller by the access
 * token, and sends the renewed token along. Everything that decides is asked of the database in one statement.
 * @throws `account_unknown` (404) or `not_authenticated` (401), before any of the body is read
 */
export function authenticate(app: App, context: Context): void {
  const tokens = accessTokens(context.database)
  const used = lastUse(context.database)
  app.decorateRequest('account')
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.public || request.is404) return
    const text = presentedToken(request)
    const ids = text === undefined ? undefined : isSigned(text) ? tokens.named(text) : opaqueId(text)
    const rows = await findCaller(context.database, hostOf(request), ids)
    const account = accountIn(rows)
    request.account = account
    const now = context.now()
    reply.header('www-authenticate', challengeOf(context, account, request, text !== undefined))
    if (text === undefined || ids === undefined)
      throw refused('The request has no access token in its X-Auth-Token header')
    const row = rows[0] as CallerRow
    const claims = isSigned(text) ? await tokens.read(account.pda, text) : undefined
    if (claims) checkClaims(claims, account, row, now)
    else if (row.kind !== 'oauth' || isSigned(text))
      throw refused('The access token is not one of this account')
    if (row.expires_at <= now) throw refused('The access token has expired')
    request.caller = callerOf(ids.tokenId, rows)
    reply.removeHeader('www-authenticate')
    used(account.pda, ids.tokenId, row.used_at, now)
    const renewal = claims && tokens.renewal(account.pda, text, claims, now)
    sendPrivately(reply, renewal && (await renewal))
  })
}

/**
 * The account the request's Host names, for a public route.
 * @throws `account_unknown` (404)
 */
export async function accountOf(context: Context, request: FastifyRequest): Promise<Account> {
  request.account = accountIn(await findCaller(context.database, hostOf(request)))
  return request.account
}

/** Keeps an answer out of caches, and gives it a token. */
export function sendPrivately(reply: FastifyReply, token?: string): void {
  reply.header('cache-control', 'no-store')
  if (token !== undefined) reply.header('x-auth-token', token)
}

/** The request's host, with its port, as accounts are looked up by it. */
export function hostOf(request: FastifyRequest): string {
  return request.host.toLowerCase().replaceAll('\0', '')
}

/** `X-Auth-Token`, or else `Authorization: Bearer`. */
function presentedToken(request: FastifyRequest): string | undefined {
  const own = request.headers['x-auth-token']
  if (own !== undefined) return String(own).trim()
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

/** JWTs have points in them, opaque tokens none. */
function isSigned(text: string): boolean {
  return text.includes('.')
}

function accountIn(rows: CallerRow[]): Account {
  const [row] = rows
  if (row === undefined) throw new ApiError('account_unknown', 'No personal data account has this host name')
  return { pda: row.pda_id, domain: row.domain }
}

/** Refuses a signed token that does not say what is kept of it, or whose key or time is over. */
function checkClaims(claims: Claims, account: Account, row: CallerRow, now: number): void {
  const seconds = now / 1000
  if (claims.iss !== account.domain) throw refused('The access token was issued for another domain')
  if (claims.exp <= seconds) throw refused('The access token has expired')
  if (claims.iat > seconds + clockSkewSeconds) throw refused('The access token is from the future')
  if (row.key_id === null || (row.key_expires_at ?? Infinity) <= now)
    throw refused('The access token was signed with a key that counts no more')
  if (row.kind !== 'jwt' || row.subject !== claims.sub || !isFor(claims, row.holder))
    throw refused('The access token was revoked')
}

/** The caller, if the token's holder may still ask at this moment. */
function callerOf(tokenId: string, rows: CallerRow[]): Caller {
  const { owner, holder, subject, scope, version, enabled } = rows[0] as CallerRow
  if (holder === ownerHolder) {
    if (owner !== subject) throw refused('The access token belongs to an owner who is no longer')
    return { kind: 'owner', subject, tokenId }
  }
  if (enabled !== 1) throw refused('The access token belongs to somebody who was disabled or removed')
  const granted = rows.flatMap(({ role, detail }) => (role === null ? [] : [{ role, detail }]))
  const roles = rolesFrom(granted)
  if (userIn(holder) !== undefined) return { kind: 'user', subject, roles, tokenId }
  const confined = scope === null ? roles : confinedTo(roles, scope)
  return { kind: 'application', application: holder, version: version as string, roles: confined, tokenId }
}

function refused(cause: string): ApiError {
  return new ApiError('not_authenticated', cause)
}

/**
 * What a 401 says: where an application learns how to get an access token (RFC 9728, 5.1), for which scope, and whether it sent a bad
 * one (RFC 6750, 3.1). The scope is made of the request, and tells nothing of what there is.
 */
function challengeOf(
  { config }: Context,
  { domain }: Account,
  request: FastifyRequest,
  sent: boolean,
): string {
  const document = `${originOf(domain, config)}/.well-known/oauth-protected-resource`
  const error = sent ? ', error="invalid_token"' : ''
  return `Bearer resource_metadata="${document}", scope="${scopeNeeded(request)}"${error}`
}

function scopeNeeded({ method, params }: FastifyRequest): string {
  const { namespace } = params as { namespace?: string }
  if (namespace === undefined || !isNamespace(namespace)) return broadScopes.join(' ')
  const role = ['GET', 'HEAD', 'QUERY'].includes(method) ? 'namespaceread' : 'namespacewrite'
  return scopeOfRole({ role, detail: namespace }) as string
}
