import type { FastifyReply, FastifyRequest } from 'fastify'
import { revoke, revokeMany } from '../../actions/access-tokens.ts'
import type { Session } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import { sendPage, isolated, markup, type Markup, page, trusted } from '../../http/page.ts'
import { entryOfPage } from '../../ledger/entries.ts'
import { type KeptToken, listAccessTokens } from '../../store/access/access-tokens.ts'
import { listApplications } from '../../store/access/applications.ts'
import { listUsers } from '../../store/access/users.ts'
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
  if (which === 'others') return revokeMany(database.of(pda), { staying: tokenId }, entry, now())
  return Number(await revoke(database.of(pda), which, entry))
}

async function show(context: Context, request: FastifyRequest, reply: FastifyReply, session: Session) {
  const { pda } = session.account
  const [tokens, nameOf] = await context.database.of(pda).read(async (unit) => {
    const [kept, applications, users] = await Promise.all([
      listAccessTokens(unit, context.now()),
      listApplications(unit),
      listUsers(unit),
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

/** A browser or a program that can use the account, as it is shown. Times in milliseconds since 1970. */
interface Entry {
  tokenId: string
  /** Whether it is a browser the owner signed in with. */
  browser: boolean
  title: string
  about?: string
  scope?: string
  /** Whether it is the browser that asks. */
  mine: boolean
  createdAt: number
  usedAt: number | undefined
  expiresAt: number
}

/** More are not shown: a program may have asked for a token each minute. */
const maxShown = 200

/** @param ended how many were just ended; undefined when the page is only looked at */
function accessPage(entries: readonly Entry[], hidden: Markup, ended: number | undefined): string {
  const browsers = entries.filter(({ browser }) => browser)
  const programs = entries.filter(({ browser }) => !browser)
  return page(
    'Access',
    markup`<h1>Access</h1>
${ended !== undefined && markup`<div class="done" role="status"><p>${endedInWords(ended)}</p></div>`}
<p>What can use your account at this moment. Whatever you end here can do nothing from its next request on.</p>
<form method="post" action="/account/access">
${hidden}<h2>Your browsers</h2>
${listOf(browsers)}
<h2>Programs</h2>
${programs.length === 0 ? markup`<p>None.</p>` : listOf(programs)}
${entries.length > 1 && markup`<p class="actions"><button type="submit" class="danger" name="end" value="others">End all but this browser</button></p>`}
</form>
<p>An application gets new access until you <a href="/account/applications">disable it</a>.</p>
<p><a href="/account">Back to your account</a></p>`,
    { wide: true },
  )
}

function endedInWords(count: number): string {
  if (count === 0) return 'Nothing to end: it had ended already.'
  return count === 1 ? 'Ended. It can do nothing any more.' : `Ended ${count}. They can do nothing any more.`
}

function listOf(entries: readonly Entry[]): Markup {
  const more = entries.length - maxShown
  return markup`<ul class="rows">
${entries.slice(0, maxShown).map(
  (
    entry,
  ) => markup`<li class="between"><div><strong>${isolated(entry.title)}</strong>${entry.mine && markup` (this browser)`}${entry.about && markup` <span class="quiet">${entry.about}</span>`}
${entry.scope && markup`<br><code>${entry.scope}</code>`}<br><span class="quiet">Since ${time(entry.createdAt)}, ${
    entry.usedAt === undefined ? 'not used after its first minute' : markup`last used ${time(entry.usedAt)}`
  }; ends ${time(entry.expiresAt)}</span></div>
<button type="submit" class="second" name="end" value="${entry.tokenId}" aria-label="${does(entry)} ${entry.title}, since ${inWords(entry.createdAt)}">${does(entry)}</button></li>
`,
)}</ul>${more > 0 && markup`\n<p>And ${more.toLocaleString('en')} older ones.</p>`}`
}

const does = ({ mine }: Entry) => (mine ? 'Sign out' : 'End')

/** A time for people, in UTC, which is said: the server does not know theirs. */
function time(milliseconds: number): Markup {
  return markup`<time datetime="${new Date(milliseconds).toISOString()}">${trusted(inWords(milliseconds))}</time>`
}

function inWords(milliseconds: number): string {
  const date = new Date(milliseconds).toISOString()
  return `${date.slice(0, 10)} ${date.slice(11, 16)} UTC`
}
