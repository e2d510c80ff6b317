import { sql } from 'kysely'
import type { Database, Unit } from '../database/port.ts'
import type { Tables } from '../database/tables.ts'
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

/**
 * Everything that decides whether a token counts, in one statement. The account is the one of this host; while there is
 * only one account, every host is that account. No row: no account.
 * @param host of the request, with its port, in lower case
 * @param tokenId the id of the presented token; empty when there is none
 * @param keyId the id of the key it says it was signed with; empty for tokens that are not signed
 */
export function findCaller(
  database: Database,
  host: string,
  { tokenId, keyId }: { tokenId: string; keyId: string } = { tokenId: '', keyId: '' },
): Promise<CallerRow[]> {
  return database.one<CallerRow>(sql`
    select account.pda_id, account.domain, owner.subject as owner, token.kind, token.holder, token.subject, token.scope,
      token.used_at, token.expires_at, signing_key.key_id, signing_key.expires_at as key_expires_at, application.version,
      coalesce(application.enabled, account_user.enabled) as enabled, granted_role.role, granted_role.detail
    from (
      select pda_id, domain from domain where domain = ${host}
      union all
      select pda_id, domain from domain
      where not exists (select 1 from domain where domain = ${host})
        and (select count(*) from (select 1 from domain limit 2) few) = 1
    ) account
    left join owner on owner.pda_id = account.pda_id
    left join access_token token on token.pda_id = account.pda_id and token.token_id = ${tokenId}
    left join signing_key on signing_key.pda_id = account.pda_id and signing_key.key_id = ${keyId}
    left join application on application.pda_id = token.pda_id and application.application = token.holder
    left join account_user on account_user.pda_id = token.pda_id and account_user.user_id = token.subject
    left join granted_role on granted_role.pda_id = token.pda_id and granted_role.holder = token.holder`)
}

/** All accounts in the order they were made. */
export function listAccounts(unit: Unit): Promise<{ pda_id: number; domain: string }[]> {
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
  return database.write(pda, async (unit) => {
    const known = await unit.all(sql`select 1 from domain where domain = ${domain}`)
    if (known.length > 0) return undefined
    const numbered = await unit.all(
      sql`insert into pda (pda_id, seq, created_at) values (${pda}, 0, ${now}) on conflict do nothing returning pda_id`,
    )
    if (numbered.length === 0) return 'again'
    await unit.all(sql`insert into domain (domain, pda_id) values (${domain}, ${pda})`)
    await addSigningKey(unit, pda, key, now)
    return pda
  })
}

/** Gives an account another domain: tokens issued under the old one no longer count. */
export async function moveAccount(unit: Unit, pda: number, domain: string): Promise<void> {
  await unit.all(sql`update domain set domain = ${domain} where pda_id = ${pda}`)
}
