import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { ownerHolder, userIn } from '../../domain/access/rights.ts'

/**
 * An access token or session as it is kept, or all OAuth tokens of one consent as one: they come and go by the hour. Times in
 * milliseconds since 1970.
 */
export interface KeptToken {
  tokenId: string
  kind: 'jwt' | 'oauth' | 'session'
  holder: string
  subject: string
  scope?: string
  about: string
  createdAt: number
  usedAt: number
  expiresAt: number
}

/** How long a session lasts without being used, in milliseconds. */
export const sessionIdle = 7 * 86_400_000

type Row = Pick<
  Tables['access_token'],
  'token_id' | 'kind' | 'holder' | 'subject' | 'scope' | 'about' | 'created_at' | 'used_at' | 'expires_at'
>

/** What is kept of a new token beside what everybody sees of it. */
export type NewToken = Omit<KeptToken, 'kind' | 'usedAt'> & {
  kind: Tables['access_token']['kind']
  grantId?: string
  payload?: string
}

/**
 * Keeps a new token. It locks the account, so that none is made for an application or a user that is disabled or removed meanwhile.
 * @returns false when the holder is there no more, or disabled; nothing is kept then
 */
export async function addAccessToken(unit: Unit, token: NewToken): Promise<boolean> {
  await unit.lock()
  const { tokenId, kind, holder, subject, about, createdAt, expiresAt } = token
  if (!(await mayHold(unit, holder))) return false
  await unit.all(sql`
    insert into access_token (pda_id, token_id, kind, holder, subject, scope, about, created_at, used_at, expires_at, grant_id, payload)
    values (${unit.pda}, ${tokenId}, ${kind}, ${holder}, ${subject}, ${token.scope ?? null}, ${about}, ${createdAt}, ${createdAt},
      ${expiresAt}, ${token.grantId ?? null}, ${token.payload ?? null})`)
  if (kind !== 'grant') await endUnused(unit, holder, kind)
  return true
}

/** How many tokens of one kind a holder has at most. */
export const maxTokens = 1000

/** Ends the tokens that were not used for longest, when a holder has too many: a program may ask for a new one each time it runs. */
async function endUnused(unit: Unit, holder: string, kind: NewToken['kind']): Promise<void> {
  const unused = await unit.all<{ token_id: string }>(sql`
    select token_id from access_token where pda_id = ${unit.pda} and holder = ${holder} and kind = ${kind}
    order by used_at desc, created_at desc, token_id limit ${maxTokens} offset ${maxTokens}`)
  for (const { token_id: tokenId } of unused) await removeAccessToken(unit, tokenId)
}

async function mayHold(unit: Unit, holder: string): Promise<boolean> {
  if (holder === ownerHolder) return true
  const userId = userIn(holder)
  const found = await unit.all(
    userId === undefined
      ? sql`select 1 from application where pda_id = ${unit.pda} and application = ${holder} and enabled = 1`
      : sql`select 1 from account_user where pda_id = ${unit.pda} and user_id = ${userId} and enabled = 1`,
  )
  return found.length > 0
}

/** All tokens, consents to OAuth and sessions of the account that have not expired, the youngest first. */
export async function listAccessTokens(unit: Unit, now: number): Promise<KeptToken[]> {
  const rows = await unit.all<Row>(sql`
    select token_id, kind, holder, subject, scope, about, created_at, expires_at, coalesce((select max(of_it.used_at)
        from access_token of_it where of_it.pda_id = ${unit.pda} and of_it.grant_id = kept.grant_id), used_at) as used_at
    from access_token kept
    where pda_id = ${unit.pda} and expires_at > ${now} and (kind <> 'oauth' or grant_id is null) order by created_at desc, token_id`)
  return rows.map(tokenOf).filter(({ expiresAt }) => expiresAt > now)
}

function tokenOf(row: Row): KeptToken {
  const { kind, expires_at: end, used_at: usedAt } = row
  return {
    tokenId: row.token_id,
    kind: kind === 'grant' ? 'oauth' : kind,
    holder: row.holder,
    subject: row.subject,
    ...(row.scope !== null && { scope: row.scope }),
    about: row.about,
    createdAt: row.created_at,
    usedAt,
    expiresAt: kind === 'session' ? Math.min(end, usedAt + sessionIdle) : end,
  }
}

/** Which tokens to end: those for which all that is given holds. */
export interface Chosen {
  kind?: KeptToken['kind']
  holder?: string
  /** The id of one that goes on counting. */
  staying?: string
}

/** Ends one token, or the whole consent an OAuth token came of: false when there is none with this id. */
export async function revokeAccessToken(unit: Unit, tokenId: string): Promise<boolean> {
  await unit.lock()
  const [gone] = await unit.all<{ grant_id: string | null }>(
    sql`delete from access_token where pda_id = ${unit.pda} and token_id = ${tokenId} returning grant_id`,
  )
  if (gone?.grant_id) await removeGrant(unit, gone.grant_id)
  return gone !== undefined
}

/**
 * Ends many tokens, of OAuth tokens the whole consents they came of.
 * @returns how many ended that counted
 */
export async function revokeAccessTokens(
  unit: Unit,
  { kind, holder, staying }: Chosen,
  now: number,
): Promise<number> {
  await unit.lock()
  const rows = await unit.all<
    Pick<Tables['access_token'], 'token_id' | 'kind' | 'holder' | 'grant_id' | 'expires_at'>
  >(sql`select token_id, kind, holder, grant_id, expires_at from access_token where pda_id = ${unit.pda}`)
  const ending = rows.filter(
    (row) =>
      row.token_id !== staying &&
      (kind === undefined || row.kind === kind || (kind === 'oauth' && row.kind === 'grant')) &&
      (holder === undefined || row.holder === holder),
  )
  for (const grantId of new Set(ending.map((row) => row.grant_id ?? '')))
    if (grantId) await removeGrant(unit, grantId)
  const ids = ending.map((row) => row.token_id)
  await unit.all(
    sql`delete from access_token where pda_id = ${unit.pda} and ${unit.dialect.among('token_id', ids, 'text')}`,
  )
  // As they are listed: a consent is one.
  return ending.filter((row) => row.expires_at > now && (row.kind !== 'oauth' || row.grant_id === null))
    .length
}

/** Forgets the tokens of an account that have expired. */
export async function forgetExpiredTokens(database: AccountDatabase, now: number): Promise<void> {
  const expired = await database.one(
    sql`select 1 from access_token where pda_id = ${database.pda} and expires_at <= ${now} limit 1`,
  )
  if (expired.length === 0) return
  await database.write((unit) =>
    unit.all(sql`delete from access_token where pda_id = ${unit.pda} and expires_at <= ${now}`),
  )
}

/** Ends one token: false when there is none with this id. */
export async function removeAccessToken(unit: Unit, tokenId: string): Promise<boolean> {
  const gone = await unit.all(
    sql`delete from access_token where pda_id = ${unit.pda} and token_id = ${tokenId} returning token_id`,
  )
  return gone.length > 0
}

/** Ends all tokens of a holder but one, if any, that stays. Returns how many ended. */
export async function removeTokensOf(unit: Unit, holder: string, staying = ''): Promise<number> {
  const gone = await unit.all(sql`
    delete from access_token where pda_id = ${unit.pda} and holder = ${holder} and token_id <> ${staying} returning token_id`)
  return gone.length
}

/** Ends a consent to OAuth, and with it all tokens that came of it. It locks the account, so that none is being kept meanwhile. */
export async function removeGrant(unit: Unit, grantId: string): Promise<void> {
  await unit.lock()
  await unit.all(sql`delete from access_token where pda_id = ${unit.pda} and grant_id = ${grantId}`)
}

/** Keeps when a token was last used. */
export async function touchAccessToken(unit: Unit, tokenId: string, now: number): Promise<void> {
  await unit.all(
    sql`update access_token set used_at = ${now} where pda_id = ${unit.pda} and token_id = ${tokenId}`,
  )
}
