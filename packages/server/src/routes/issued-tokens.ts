import * as api from '@hatstand/api/issued-tokens.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { isOwner } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import {
  type KeptToken,
  listAccessTokens,
  revokeAccessToken,
  revokeAccessTokens,
} from '../store/access/access-tokens.ts'
import { writeNoted } from '../store/ledger/entries.ts'

/** What each kind is called outside. */
const names = { session: 'session', jwt: 'access-token', oauth: 'oauth-token' } as const
const kinds = { session: 'session', 'access-token': 'jwt', 'oauth-token': 'oauth' } as const

/** The owner sees what can be used in his account, and takes it back: one, some or all. It ends with the next request, everywhere. */
export function issuedTokenRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.get(api.listAccessTokens.path, { schema: api.listAccessTokens }, async (request) => {
    requireOwner(request)
    const tokens = await database.read((unit) => listAccessTokens(unit, request.account.pda, now()))
    return tokens.map((token) => shown(token, request.caller.tokenId))
  })

  app.delete(api.revokeAccessToken.path, { schema: api.revokeAccessToken }, async (request) => {
    requireOwner(request)
    const { pda } = request.account
    const { tokenId } = request.params
    const entry = entryOf(request, context, 'revoke', { detail: { accessToken: tokenId } })
    if (!(await writeNoted(database, pda, entry, (unit) => revokeAccessToken(unit, pda, tokenId))))
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
    const accessTokens = await writeNoted(database, pda, entry, (unit) =>
      revokeAccessTokens(unit, pda, chosen, now()),
    )
    return { message: 'Revoked', accessTokens }
  })
}

/** `DELETE /users/access_token`: whoever asks ends the access token the request came with. */
export function signOutRoutes(app: App, context: Context): void {
  app.delete(api.endAccessToken.path, { schema: api.endAccessToken }, async (request, reply) => {
    const { pda } = request.account
    const { tokenId } = request.caller
    const entry = entryOf(request, context, 'sign_out')
    await writeNoted(context.database, pda, entry, (unit) => revokeAccessToken(unit, pda, tokenId))
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
