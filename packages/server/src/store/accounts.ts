import { sql } from 'kysely'
import type { Database, Unit } from '../database/port.ts'
import { addSigningKey, type SigningKey } from './signing-keys.ts'

/** One row for each right of the application, or a single one: the account, its owner, and the application asked for. */
export interface CallerRow {
  pda_id: number
  domain: string
  /** Null while the account has no owner. */
  subject: string | null
  /** Null when the account has no such application. */
  version: string | null
  registered_at: number | null
  verb: 'read' | 'write' | null
  namespace: string | null
}

/**
 * Everything that decides whether a token counts, in one statement. The account is the one of this host; while there is
 * only one account, every host is that account. No row: no account.
 * @param host of the request, with its port, in lower case
 * @param application id named by the token; empty when it names none
 */
export function findCaller(database: Database, host: string, application: string): Promise<CallerRow[]> {
  return database.one<CallerRow>(sql`
    select account.pda_id, account.domain, owner.subject, application.version,
      application.created_at as registered_at, application_right.verb, application_right.namespace
    from (
      select pda_id, domain from domain where domain = ${host}
      union all
      select pda_id, domain from domain
      where not exists (select 1 from domain where domain = ${host})
        and (select count(*) from (select 1 from domain limit 2) few) = 1
    ) account
    left join owner on owner.pda_id = account.pda_id
    left join application on application.pda_id = account.pda_id and application.application = ${application}
    left join application_right on application_right.pda_id = application.pda_id
      and application_right.application = application.application`)
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
