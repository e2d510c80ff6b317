import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Session } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { sendPage } from '../../http/page.ts'
import { entryOfPage } from '../../ledger/entries.ts'
import { accessPage, type Entry } from '../../routes/account-access-page.ts'
import {
  type KeptToken,
  listAccessTokens,
  revokeAccessToken,
  revokeAccessTokens,
} from '../../store/access/access-tokens.ts'
import { listApplications } from '../../store/access/applications.ts'
import { listUsers } from '../../store/access/users.ts'
import { writeNoted } from '../../store/ledger/entries.ts'
import { formOf, hiddenFields, pages, sendOn } from '../forms.ts'
import { ownersPage } from '../sign-in.ts'
import { nameIn } from './applications.ts'

const path = '/account/access'

/** `/account/access`: every browser and program that can use the account, and ending them, one or all others. */
export function accountAccessRoutes(app: App, context: Context): void {
  pages(app, context, (scope) => {
    const forOwner = ownersPage(context)
    scope.get(
      path,
      forOwner((request, reply, session) => show(context, request, reply, session)),
    )
    scope.post(
      path,
      forOwner(async (request, reply, session) => {
        const ended = await end(context, request, session)
        return sendOn(reply, `${path}?ended=${ended}`)
      }),
    )
  })
}

/** Ends what the form names: the id of a token or session, or `others`. @returns how many ended */
async function end(context: Context, request: FastifyRequest, session: Session): Promise<number> {
  const { database, now } = context
  const { tokenId } = session
  const { pda } = session.account
  const which = formOf(request).get('end') ?? ''
  const entry = entryOfPage(request, context, session, 'revoke', { accessToken: which.slice(0, 128) })
  return writeNoted(database, pda, entry, async (unit) =>
    which === 'others'
      ? revokeAccessTokens(unit, pda, { staying: tokenId }, now())
      : Number(await revokeAccessToken(unit, pda, which)),
  )
}

async function show(context: Context, request: FastifyRequest, reply: FastifyReply, session: Session) {
  const { pda } = session.account
  const [tokens, nameOf] = await context.database.read(async (unit) => {
    const [kept, applications, users] = await Promise.all([
      listAccessTokens(unit, pda, context.now()),
      listApplications(unit, pda),
      listUsers(unit, pda),
    ])
    const names = new Map([
      ...applications.map((one) => [one.id, nameIn(one)] as const),
      ...users.map((user) => [`user:${user.userId}`, user.displayName] as const),
    ])
    return [kept, (holder: string) => names.get(holder)] as const
  })
  const entries = tokens.map((token) => entryOf(token, nameOf(token.holder), session.tokenId))
  const ended = /^\d{1,6}$/.exec(new URLSearchParams(request.url.split('?')[1]).get('ended') ?? '')?.[0]
  return sendPage(
    reply,
    200,
    accessPage(
      entries,
      hiddenFields(context, request, reply),
      ended === undefined ? undefined : Number(ended),
    ),
  )
}

/** @param name of the application or user that holds it; undefined for the owner */
function entryOf(token: KeptToken, name: string | undefined, mine: string): Entry {
  const { tokenId, kind, about, scope, createdAt, usedAt, expiresAt } = token
  return {
    tokenId,
    browser: kind === 'session',
    title: name ?? about,
    ...(name !== undefined && { about }),
    ...(scope !== undefined && { scope }),
    mine: tokenId === mine,
    createdAt,
    usedAt: usedAt > createdAt ? usedAt : undefined,
    expiresAt,
  }
}
