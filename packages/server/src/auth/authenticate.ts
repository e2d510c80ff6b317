import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account, App, Context } from '../context.ts'
import type { Caller } from '../domain/rights.ts'
import { ApiError } from '../errors.ts'
import { type CallerRow, findCaller } from '../store/accounts.ts'
import { accessTokens, type Claims } from './access-tokens.ts'

/** A clock that runs ahead of ours by this many seconds is forgiven. */
const clockSkewSeconds = 60

/**
 * Before every route that is not marked `config: { public: true }`: finds the account by Host and the caller by the access
 * token, and sends the renewed token along. Everything that decides is asked of the database in one statement.
 * @throws `account_unknown` (404) or `not_authenticated` (401), before any of the body is read
 */
export function authenticate(app: App, context: Context): void {
  const tokens = accessTokens(context.database)
  app.decorateRequest('account')
  app.decorateRequest('caller')
  app.addHook('onRequest', async (request, reply) => {
    if (request.routeOptions.config.public || request.is404) return
    const text = presentedToken(request)
    const named = text === undefined ? '' : tokens.named(text)
    const rows = await findCaller(context.database, hostOf(request), named)
    const account = accountIn(rows)
    const now = context.now()
    if (text === undefined) throw refused('The request has no access token in its X-Auth-Token header')
    const claims = await tokens.read(account.pda, text)
    if (claims === undefined) throw refused('The access token is not one of this account')
    request.caller = callerOf(claims, account, rows, now)
    request.account = account
    const renewal = tokens.renewal(account.pda, text, claims, now)
    sendPrivately(reply, renewal && (await renewal))
  })
}

/**
 * The account the request's Host names, for a public route.
 * @throws `account_unknown` (404)
 */
export async function accountOf(context: Context, request: FastifyRequest): Promise<Account> {
  return accountIn(await findCaller(context.database, hostOf(request), ''))
}

/** Keeps an answer out of caches, and gives it a token. */
export function sendPrivately(reply: FastifyReply, token?: string): void {
  reply.header('cache-control', 'no-store')
  if (token !== undefined) reply.header('x-auth-token', token)
}

function hostOf(request: FastifyRequest): string {
  return request.host.toLowerCase().replaceAll('\0', '')
}

/** `X-Auth-Token`, or else `Authorization: Bearer`. */
function presentedToken(request: FastifyRequest): string | undefined {
  const own = request.headers['x-auth-token']
  if (own !== undefined) return String(own).trim()
  return /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
}

function accountIn(rows: CallerRow[]): Account {
  const [row] = rows
  if (row === undefined) throw new ApiError('account_unknown', 'No personal data account has this host name')
  return { pda: row.pda_id, domain: row.domain }
}

/** The caller, if what the token says still holds at this moment. */
function callerOf(claims: Claims, account: Account, rows: CallerRow[], now: number): Caller {
  const seconds = now / 1000
  if (claims.iss !== account.domain) throw refused('The access token was issued for another domain')
  if (claims.exp <= seconds) throw refused('The access token has expired')
  if (claims.iat > seconds + clockSkewSeconds) throw refused('The access token is from the future')
  return claims.application === undefined ? ownerOf(claims, rows) : applicationOf(claims, rows)
}

function ownerOf(claims: Claims, rows: CallerRow[]): Caller {
  const subject = rows[0]?.subject
  if (subject !== claims.sub) throw refused('The access token belongs to an owner who is no longer')
  return { kind: 'owner', subject }
}

function applicationOf(claims: Claims, rows: CallerRow[]): Caller {
  const [row] = rows
  // Registered again later, an application does not get its old tokens back. `iat` is in whole seconds.
  const known = row?.version != null && claims.iat >= Math.floor(Number(row.registered_at) / 1000)
  if (!known || claims.application === undefined)
    throw refused('The access token belongs to an application that was removed')
  const reads = new Set<string>()
  const writes = new Set<string>()
  for (const { verb, namespace } of rows)
    if (namespace !== null) (verb === 'read' ? reads : writes).add(namespace)
  return {
    kind: 'application',
    application: claims.application,
    version: row.version as string,
    reads,
    writes,
  }
}

function refused(cause: string): ApiError {
  return new ApiError('not_authenticated', cause, { headers: { 'www-authenticate': 'Bearer' } })
}
