import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account, Context } from '../context.ts'
import { ownerHolder } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { entryOfPage } from '../ledger/entries.ts'
import {
  addAccessToken,
  type NewToken,
  removeAccessToken,
  sessionIdle,
} from '../store/access/access-tokens.ts'
import { type CallerRow, findCaller } from '../store/access/accounts.ts'
import { hasPassword } from '../store/access/users.ts'
import { appendEntry, writeWithEntry } from '../store/ledger/entries.ts'
import { hostOf } from './authenticate.ts'
import { cookieOf, sessionCookie, setCookie } from './cookies.ts'
import { lastUse, makeOpaqueToken, opaqueId } from './opaque-tokens.ts'

const day = 86_400_000
/** How long a session lasts at most, in milliseconds. */
const longest = 30 * day

/** A browser in which the owner is signed in. `subject` is the owner's opaque id, `tokenId` names the session; `since` in milliseconds since 1970. */
export interface Session {
  account: Account
  subject: string
  tokenId: string
  since: number
}

/**
 * Signs the owner in, in this browser: a new session each time, in place of the one it had.
 * @param subject the owner's, whose password and second factor were checked
 * @param password the hash of the one that was checked
 * @throws `credentials_wrong` (401) when the password was changed meanwhile
 */
export async function startSession(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  { pda }: Account,
  subject: string,
  password?: string,
): Promise<void> {
  const cookie = makeOpaqueToken()
  const createdAt = context.now()
  const session: NewToken = {
    tokenId: opaqueId(cookie).tokenId,
    kind: 'session',
    holder: ownerHolder,
    subject,
    about: browserIn(request.headers['user-agent'] ?? ''),
    createdAt,
    expiresAt: createdAt + longest,
  }
  const before = cookieOf(context, request, sessionCookie)
  const entry = entryOfPage(request, context, session, 'sign_in', { about: session.about })
  await context.database.of(pda).write(async (unit) => {
    await addAccessToken(unit, session)
    await appendEntry(unit, entry)
    if (password !== undefined && !(await hasPassword(unit, subject, password)))
      throw new ApiError('credentials_wrong', 'The password was changed in the same moment')
    if (before !== undefined) await removeAccessToken(unit, opaqueId(before).tokenId)
  })
  setCookie(context, request, reply, sessionCookie, cookie, longest / 1000)
}

/** The session of the browser that asks, as the database has it at this moment. */
export async function sessionOf(context: Context, request: FastifyRequest): Promise<Session | undefined> {
  const cookie = cookieOf(context, request, sessionCookie)
  if (cookie === undefined) return undefined
  const ids = opaqueId(cookie)
  const [row] = await findCaller(context.database, hostOf(request), ids)
  if (row === undefined || !counts(row, context.now())) return undefined
  useOf(context)(row.pda_id, ids.tokenId, row.used_at, context.now())
  return {
    account: { pda: row.pda_id, domain: row.domain },
    subject: row.subject,
    tokenId: ids.tokenId,
    since: row.expires_at - longest,
  }
}

/** Signs the owner out, in this browser. */
export async function endSession(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const session = await sessionOf(context, request)
  if (session) {
    const { pda } = session.account
    const entry = entryOfPage(request, context, session, 'sign_out')
    await writeWithEntry(context.database.of(pda), entry, (unit) => removeAccessToken(unit, session.tokenId))
  }
  setCookie(context, request, reply, sessionCookie, '', 0)
}

function counts(row: CallerRow, now: number): boolean {
  const { kind, holder, subject, owner } = row
  if (kind !== 'session' || holder !== ownerHolder || subject !== owner) return false
  return row.expires_at > now && row.used_at > now - sessionIdle
}

const uses = new WeakMap<Context, ReturnType<typeof lastUse>>()

function useOf(context: Context) {
  const use = uses.get(context) ?? lastUse(context.database)
  uses.set(context, use)
  return use
}

/** A browser in a few words, for the owner to know it again: `Firefox on Windows`. */
export function browserIn(userAgent: string): string {
  const name = firstOf(browsers, userAgent) ?? 'a browser'
  const system = firstOf(systems, userAgent)
  return system === undefined ? name : `${name} on ${system}`
}

/** In this order: most say they are their ancestors, too. */
const browsers: [sign: RegExp, name: string][] = [
  [/\bEdgA?\//, 'Edge'],
  [/\bOPR\//, 'Opera'],
  [/\b(Firefox|FxiOS)\//, 'Firefox'],
  [/\b(Chrome|Chromium|CriOS|HeadlessChrome)\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
]

const systems: [sign: RegExp, name: string][] = [
  [/\bAndroid\b/, 'Android'],
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b/, 'macOS'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bLinux\b/, 'Linux'],
]

function firstOf(signs: [RegExp, string][], text: string): string | undefined {
  return signs.find(([sign]) => sign.test(text))?.[1]
}
