import { sql } from 'kysely'
import type { AccountDatabase, Database, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { chained, ledgerStart, type Seal, type SealedEntry, sealText } from '../../domain/ledger.ts'
import { currentSigningKey, type SigningKey } from '../access/signing-keys.ts'
import { entryColumns, entryFields, entryOf, type EntryRow } from './entries.ts'

/** How many entries one seal closes at most: hashing them takes some five milliseconds, in which nobody else has a turn. */
const entriesSealed = 1000

/** Signs a text with a key: RS256, in base64url. */
export type Sign = (key: SigningKey, text: string) => string

type Row = Tables['ledger_seal']

const sealOf = (row: Row): Seal => ({
  domain: row.domain,
  seal: row.seal,
  at: row.at,
  entries: row.entries,
  hash: row.hash,
  previous: row.previous,
  keyId: row.key_id,
  signature: row.signature,
})

/** The accounts that have entries without a seal. */
export async function unsealedAccounts(database: Database): Promise<{ pda: number; domain: string }[]> {
  return database.one(
    sql`select pda_id as pda, domain from domain
      where pda_id in (select pda_id from ledger_fresh) order by pda_id`,
  )
}

/**
 * Seals what happened in an account since its last seal, a block at a time.
 * @returns how many entries were sealed
 */
export async function sealAccount(
  database: AccountDatabase,
  domain: string,
  now: number,
  sign: Sign,
): Promise<number> {
  let sealed = 0
  for (let last = entriesSealed; last === entriesSealed; sealed += last)
    last = await database.write((unit) => sealBlock(unit, domain, now, sign))
  return sealed
}

/** The account is locked: of two processes one has the block, and the other what came after it. */
async function sealBlock(unit: Unit, domain: string, now: number, sign: Sign): Promise<number> {
  await unit.lock()
  const rows =
    await unit.all<EntryRow>(sql`delete from ledger_fresh where pda_id = ${unit.pda} and entry_id in
      (select entry_id from ledger_fresh where pda_id = ${unit.pda} order by entry_id limit ${entriesSealed})
    returning ${entryFields(unit.dialect)}`)
  if (rows.length === 0) return 0
  const entries = rows.toSorted((one, other) => (one.entry_id < other.entry_id ? -1 : 1)).map(entryOf)
  const [before, key] = await Promise.all([newestSeal(unit), currentSigningKey(unit)])
  const previous = before?.hash ?? ledgerStart
  const { hash, marks } = chained(previous, entries)
  const { keyId } = key
  const block = {
    domain,
    seal: (before?.seal ?? 0) + 1,
    at: now,
    entries: entries.length,
    hash,
    previous,
    keyId,
  }
  const { seal } = block
  await Promise.all([
    unit.insertMany('ledger_entry', { ...entryColumns(unit, entries), seal, mark: marks }),
    unit.insertMany('ledger_seal', {
      pda_id: unit.pda,
      seal,
      domain,
      at: now,
      entries: entries.length,
      hash,
      previous,
      key_id: keyId,
      signature: sign(key, sealText(block)),
    }),
  ])
  return entries.length
}

/** The last seal; undefined while nothing was sealed. */
export async function newestSeal(unit: Unit): Promise<Seal | undefined> {
  const [seal] = await listSeals(unit, undefined, 1)
  return seal
}

/** Seals, newest first. @param before only those with a smaller number */
export async function listSeals(unit: Unit, before: number | undefined, most: number): Promise<Seal[]> {
  const behind = before === undefined ? sql`` : sql`and seal < ${before}`
  const rows = await unit.all<Row>(
    sql`select * from ledger_seal where pda_id = ${unit.pda} ${behind} order by seal desc limit ${most}`,
  )
  return rows.map(sealOf)
}

/** A seal by its number. */
export async function findSeal(unit: Unit, seal: number): Promise<Seal | undefined> {
  const [row] = await unit.all<Row>(
    sql`select * from ledger_seal where pda_id = ${unit.pda} and seal = ${seal}`,
  )
  return row && sealOf(row)
}

/** Seals behind a number, oldest first: for verifying. */
export async function sealsAfter(unit: Unit, seal: number, most: number): Promise<Seal[]> {
  const rows = await unit.all<Row>(
    sql`select * from ledger_seal where pda_id = ${unit.pda} and seal > ${seal} order by seal limit ${most}`,
  )
  return rows.map(sealOf)
}

/** The entries of a seal in the order they were sealed in. */
export async function entriesOfSeal(unit: Unit, seal: number): Promise<SealedEntry[]> {
  const rows = await unit.all<EntryRow & { mark: string }>(
    sql`select entry_id as place, ${entryFields(unit.dialect)}, mark from ledger_entry
      where pda_id = ${unit.pda} and seal = ${seal} order by place`,
  )
  return rows.map((row) => ({ ...entryOf(row), mark: row.mark }))
}

/** An entry that says it is sealed by a seal there is not; undefined when there is none. */
export async function strayEntry(unit: Unit) {
  const [row] = await unit.all<{ entry_id: string; seal: number }>(
    sql`select ${unit.dialect.idText('entry_id')} as entry_id, seal from ledger_entry
      where pda_id = ${unit.pda} and not (seal between 1 and coalesce(
        (select max(last.seal) from ledger_seal last where last.pda_id = ${unit.pda}), 0)) order by seal limit 1`,
  )
  return row && { entryId: row.entry_id, seal: row.seal }
}
