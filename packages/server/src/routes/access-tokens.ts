import { createAccessToken, validateAccessToken } from '@hatstand/api/access-tokens.ts'
import { createHatLogin, createTokenForResource } from '@hatstand/api/hatlogin.ts'
import * as api from '@hatstand/api/issued-tokens.ts'
import type { FastifyRequest } from 'fastify'
import { revoke, revokeMany } from '../actions/access-tokens.ts'
import { type Bearer, issueToken } from '../auth/access-tokens.ts'
import { accountOf, sendPrivately } from '../auth/authenticate.ts'
import { applicationToken, findHatLogin, isRegisteredOrigin, redirectWithToken } from '../auth/hat-login.ts'
import { type Attempt, limitsOf } from '../auth/passwords/login-limit.ts'
import { readCredentials, whoSignsIn } from '../auth/passwords/login.ts'
import { checkSecondFactor, needsSecondFactor } from '../auth/second-factors/second-factors.ts'
import type { App, Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { ownerNameProblem } from '../domain/access/credentials.ts'
import { primaryRole, isOwner, type Caller } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import { type KeptToken, listAccessTokens } from '../store/access/access-tokens.ts'
import { findOwner } from '../store/access/owners.ts'
import { findSigningIn } from '../store/access/users.ts'

/** `GET /users/access_token` signs the owner or a user in; `GET /users/access_token/validate` asks whether a token counts. */
export function accessTokenRoutes(app: App, context: Context): void {
  const attempt = limitsOf(context).signIn

  app.get(
    createAccessToken.path,
    { schema: createAccessToken, config: { public: true } },
    async (request, reply) => {
      const account = await accountOf(context, request)
      if (context.config.headerLogin === 'off')
        throw new ApiError('header_login_off', 'Sign in on the page /sign-in, or use an application')
      const { bearer, passwordHash } = await signIn(context, attempt, account.pda, request)
      const about = 'sign-in by name and password'
      const accessToken = await issueToken(context, account, bearer, about, undefined, passwordHash, request)
      sendPrivately(reply, accessToken)
      return { accessToken, userId: bearer.subject }
    },
  )

  app.get(validateAccessToken.path, { schema: validateAccessToken }, async () => ({
    message: 'Authenticated',
  }))
}

/** @throws `credentials_missing`, `credentials_wrong` or `second_factor_needed` (401), `too_many_attempts` (429) */
async function signIn(
  context: Context,
  attempt: Attempt,
  pda: number,
  request: FastifyRequest,
): Promise<Known> {
  const { username, password } = request.headers
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new ApiError('credentials_missing', 'No username or password provided to retrieve token')
  const readings = readCredentials(username, password)
  // Counted by the decoded name: otherwise each spelling of one name would have attempts of its own.
  const name = `${pda} ${readings.at(-1)?.name}`
  const found = await attempt(name, request.ip, context.now(), async () => {
    const known = await context.database.of(pda).read((unit) => signingIn(unit, readings))
    return whoSignsIn(readings, (one) => known.get(one))
  })
  if (found === undefined) throw new ApiError('credentials_wrong', 'The username or the password is wrong')
  if (found.bearer.kind === 'owner') await secondStep(context, pda, request.headers['one-time-code'])
  return found
}

/** The owner's second factor, where there is one. @throws `second_factor_needed` (401), `too_many_attempts` (429) */
async function secondStep(context: Context, pda: number, code: string | string[] | undefined): Promise<void> {
  if (!(await needsSecondFactor(context, pda))) return
  if (typeof code !== 'string')
    throw new ApiError('second_factor_needed', 'The header one-time-code is missing')
  if (!(await checkSecondFactor(context, pda, code)))
    throw new ApiError('second_factor_needed', 'The one-time code is wrong, or was used already')
}

type Known = { passwordHash: string; bearer: Bearer }

/** Who signs in with the names there are in the readings: the owner, or a user who is enabled. */
async function signingIn(unit: Unit, readings: { name: string }[]) {
  const known = new Map<string, Known>()
  const names = readings.map(({ name }) => (ownerNameProblem(name) ? '' : name))
  for (const { userId: subject, name, passwordHash, roles } of await findSigningIn(unit, names))
    known.set(name, { passwordHash, bearer: { kind: 'user', subject, title: primaryRole(roles) } })
  const owner = await findOwner(unit)
  if (owner) {
    const { subject, passwordHash } = owner
    known.set(owner.name, { passwordHash, bearer: { kind: 'owner', subject } })
  }
  return known
}

/** What each kind is called outside. */
const names = { session: 'session', jwt: 'access-token', oauth: 'oauth-token' } as const
const kinds = { session: 'session', 'access-token': 'jwt', 'oauth-token': 'oauth' } as const

/** The owner sees what can be used in his account, and takes it back: one, some or all. It ends with the next request, everywhere. */
export function issuedTokenRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.get(api.listAccessTokens.path, { schema: api.listAccessTokens }, async (request) => {
    requireOwner(request)
    const tokens = await database.of(request.account.pda).read((unit) => listAccessTokens(unit, now()))
    return tokens.map((token) => shown(token, request.caller.tokenId))
  })

  app.delete(api.revokeAccessToken.path, { schema: api.revokeAccessToken }, async (request) => {
    requireOwner(request)
    const { pda } = request.account
    const { tokenId } = request.params
    const entry = entryOf(request, context, 'revoke', { detail: { accessToken: tokenId } })
    if (!(await revoke(database.of(pda), tokenId, entry)))
      throw new ApiError('access_token_unknown', `There is no access token or session ${tokenId}`)
    return { message: 'Revoked', accessTokens: 1 }
  })

  app.delete(api.revokeAccessTokens.path, { schema: api.revokeAccessTokens }, async (request) => {
    requireOwner(request)
    const { pda } = request.account
    const { keepMine, kind, holder } = request.query
    const chosen = {
      ...(kind && { kind: kinds[kind] }),
      ...(holder !== undefined && { holder }),
      ...(keepMine === 'true' && { staying: request.caller.tokenId }),
    }
    const entry = entryOf(request, context, 'revoke', { detail: { ...request.query } })
    const accessTokens = await revokeMany(database.of(pda), chosen, entry, now())
    return { message: 'Revoked', accessTokens }
  })
}

/** `DELETE /users/access_token`: whoever asks ends the access token the request came with. */
export function signOutRoutes(app: App, context: Context): void {
  app.delete(api.endAccessToken.path, { schema: api.endAccessToken }, async (request, reply) => {
    const { pda } = request.account
    const { tokenId } = request.caller
    const entry = entryOf(request, context, 'sign_out')
    await revoke(context.database.of(pda), tokenId, entry)
    // The renewal that may be on its way counts for nothing, either.
    reply.removeHeader('x-auth-token')
    return { message: 'Signed out' }
  })
}

function requireOwner({ caller }: FastifyRequest): void {
  if (!isOwner(caller))
    throw new ApiError('forbidden', 'Only the owner may see access tokens and take them back')
}

function shown(token: KeptToken, mine: string): api.IssuedToken {
  const { tokenId, kind, holder, about, scope, createdAt, usedAt, expiresAt } = token
  return {
    tokenId,
    kind: names[kind],
    holder,
    about,
    ...(scope !== undefined && { scope }),
    createdAt: new Date(createdAt).toISOString(),
    // A token that was never presented was last used when it was made.
    ...(usedAt > createdAt && { lastUsedAt: new Date(usedAt).toISOString() }),
    expiresAt: new Date(expiresAt).toISOString(),
    mine: tokenId === mine,
  }
}

/**
 * HAT login without its page, for the owner in person: `GET /control/v2/auth/hatlogin` and `GET /users/application_token`. What an
 * application may do was granted at its set-up; nothing is granted here.
 */
export function hatLoginTokenRoutes(app: App, context: Context): void {
  app.get(createHatLogin.path, { schema: createHatLogin, config: { cors: false } }, async (request) => {
    const subject = ownerIn(request.caller)
    const { name: application, redirect } = request.query
    const login = await findHatLogin(context, request.account, { application, redirect })
    return { message: await redirectWithToken(context, request.account, subject, login) }
  })

  app.get(createTokenForResource.path, { schema: createTokenForResource }, async (request) => {
    const subject = ownerIn(request.caller)
    const { name: application, resource: redirect } = request.query
    const login = await findHatLogin(context, request.account, { application, redirect }, isRegisteredOrigin)
    return { accessToken: await applicationToken(context, request.account, subject, login), userId: subject }
  })
}

function ownerIn(caller: Caller): string {
  if (caller.kind === 'owner') return caller.subject
  throw new ApiError('forbidden', 'Only the owner may sign in to an application')
}
