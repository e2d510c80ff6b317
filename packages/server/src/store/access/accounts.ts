import { sql } from 'kysely'
import type { Database, Snapshot, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { addSigningKey, type SigningKey } from './signing-keys.ts'

/** One row for each role of the token's holder, or a single one: the account, and what is kept of the token and its holder. */
export interface CallerRow {
  pda_id: number
  domain: string
  /** The owner's; null while the account has none. */
  owner: string | null
  /** Null when the account has no such token; so is everything else of it. */
  kind: Tables['access_token']['kind'] | null
  holder: string
  subject: string
  scope: string | null
  used_at: number
  expires_at: number
  /** Null when the account has no such key. */
  key_id: string | null
  /** When the key that signed the token ends; null while it signs. */
  key_expires_at: number | null
  /** Of the application that holds the token; null when another does. */
  version: string | null
  /** Of the application or user that holds the token. */
  enabled: number | null
  role: string | null
  detail: string
}

/** A row of `domain`. */
interface Place {
  pda_id: number
  domain: string
}

/**
 * Which account a host was when it last asked, so that the next statement can name it: an engine that has to find the account first
 * scans what all accounts have (measured). It decides nothing.
 */
const remembered = new WeakMap<Database, Map<string, Place>>()
const maxRemembered = 10_000
/** Stands for the hosts that are no account's domain: they are the only account there is. No request can fill the memory with names. */
const anyHost = ''

/**
 * Everything that decides whether a token counts, in one statement. The account is the one of this host; while there is
 * only one account, every host is that account. No row: no account.
 * @param host of the request, with its port, in lower case
 * @param tokenId the id of the presented token; empty when there is none
 * @param keyId the id of the key it says it was signed with; empty for tokens that are not signed
 */
export async function findCaller(
  database: Database,
  host: string,
  presented: { tokenId: string; keyId: string } = { tokenId: '', keyId: '' },
): Promise<CallerRow[]> {
  const places = remembered.get(database) ?? new Map<string, Place>()
  remembered.set(database, places)
  const known = places.get(host) ?? places.get(anyHost)
  const rows = known ? await callerAt(database, known, host, presented) : []
  if (rows.length > 0) return rows
  places.delete(host)
  places.delete(anyHost)
  const place = await findPlace(database, host)
  if (place === undefined) return []
  if (places.size >= maxRemembered) places.delete(places.keys().next().value!)
  places.set(place.domain === host ? host : anyHost, place)
  return callerAt(database, place, host, presented)
}

async function findPlace(database: Database, host: string): Promise<Place | undefined> {
  const places = await database.one<Place>(sql`
    select pda_id, domain from domain where domain = ${host}
    union all
    select pda_id, domain from (select pda_id, domain from domain limit 2) few`)
  return places.find(({ domain }) => domain === host) ?? (places.length === 1 ? places[0] : undefined)
}

/** The statement proves the place: no row when the host is another account by now, or none. */
function callerAt(
  database: Database,
  { pda_id, domain }: Place,
  host: string,
  { tokenId, keyId }: { tokenId: string; keyId: string },
): Promise<CallerRow[]> {
  return database.one<CallerRow>(sql`
    select account.pda_id, account.domain, owner.subject as owner, token.kind, token.holder, token.subject, token.scope,
      token.used_at, token.expires_at, signing_key.key_id, signing_key.expires_at as key_expires_at, application.version,
      coalesce(application.enabled, account_user.enabled) as enabled, granted_role.role, granted_role.detail
    from domain account
    left join owner on owner.pda_id = ${pda_id}
    left join access_token token on token.pda_id = ${pda_id} and token.token_id = ${tokenId}
    left join signing_key on signing_key.pda_id = ${pda_id} and signing_key.key_id = ${keyId}
    left join application on application.pda_id = ${pda_id} and application.application = token.holder
    left join account_user on account_user.pda_id = ${pda_id} and account_user.user_id = token.subject
    left join granted_role on granted_role.pda_id = ${pda_id} and granted_role.holder = token.holder
    where account.pda_id = ${pda_id} and account.domain = ${domain}
      and (account.domain = ${host} or not exists (select 1 from domain other where other.domain <> ${domain}))`)
}

/** All accounts in the order they were made. */
export function listAccounts(unit: Snapshot): Promise<{ pda_id: number; domain: string }[]> {
  return unit.all(sql`select pda_id, domain from domain order by pda_id, domain`)
}

/**
 * Adds an account with its first signing key.
 * @param domain bare `host[:port]` in lower case
 * @returns the account, or undefined when one has the domain already
 */
export async function addAccount(
  database: Database,
  domain: string,
  key: SigningKey,
  now: number,
): Promise<number | undefined> {
  for (;;) {
    const added = await tryAccount(database, domain, key, now)
    if (added !== 'again') return added
  }
}

/** `again`: another process took the number in the same moment. */
async function tryAccount(database: Database, domain: string, key: SigningKey, now: number) {
  const [next] = await database.read((unit) =>
    unit.all<{ pda: number }>(sql`select coalesce(max(pda_id), 0) + 1 as pda from pda`),
  )
  const pda = Number(next?.pda)
  return database.of(pda).write(async (unit) => {
    const known = await unit.all(sql`select 1 from domain where domain = ${domain}`)
    if (known.length > 0) return undefined
    const numbered = await unit.all(
      sql`insert into pda (pda_id, seq, created_at) values (${pda}, 0, ${now}) on conflict do nothing returning pda_id`,
    )
    if (numbered.length === 0) return 'again'
    await unit.all(sql`insert into domain (domain, pda_id) values (${domain}, ${pda})`)
    await addSigningKey(unit, key, now)
    return pda
  })
}

/** Gives an account another domain: tokens issued under the old one no longer count. */
export async function moveAccount(unit: Unit, domain: string): Promise<void> {
  await unit.all(sql`update domain set domain = ${domain} where pda_id = ${unit.pda}`)
}

/** Resolves when the database answers. */
export async function answer(unit: Snapshot): Promise<void> {
  await unit.all(sql`select 1 as one`)
}
