import { sql } from 'kysely'
import type { Database, Unit } from '../database/port.ts'
import { placeBase } from '../database/tables.ts'
import type { LedgerEntry } from '../domain/ledger.ts'

/** How much history is kept: days since a version was replaced, and versions of one record. */
export interface HistoryBounds {
  days: number | undefined
  versions: number
}

/** Who replaces what, and when, and how much is kept of it. */
export interface Replacement {
  writer: string
  now: number
  bounds: HistoryBounds
  /** What the ledger says of it, but for the endpoints and records; undefined where none is kept. */
  entry?: LedgerEntry | undefined
}

/**
 * Keeps the present versions of records that are about to be replaced, and forgets the oldest of those that have too many.
 * @param places of the records, in the order in which `firstSeq` and the numbers after it are given to them
 */
export async function keepVersions(
  unit: Unit,
  pda: number,
  places: number[],
  firstSeq: number,
  by: Replacement,
  deleted: boolean,
): Promise<void> {
  await unit.all(sql`insert into record_history (pda_id, place, seq, endpoint_id, record_id, data, writer, written_at,
      replaced_seq, replaced_at, replaced_by, deleted)
    select record.pda_id, record.place, coalesce(updated_seq, record.place - ${placeBase(pda)}), endpoint_id, record_id, data, writer,
      coalesce(updated_at, created_at), ${firstSeq} + listed.position - ${unit.dialect.firstPosition}, ${by.now}, ${by.writer}, ${deleted ? 1 : 0}
    from ${unit.dialect.listed(places)} listed join record on record.pda_id = ${pda} and record.place = listed.place`)
  await boundVersions(unit, pda, places, by.bounds)
}

async function boundVersions(
  unit: Unit,
  pda: number,
  places: number[],
  bounds: HistoryBounds,
): Promise<void> {
  const over = await unit.all<{ place: number }>(sql`select place from record_history
    where pda_id = ${pda} and ${unit.dialect.among('place', places, 'number')} group by place having count(*) > ${bounds.versions}`)
  for (const { place } of over) {
    await unit.all(sql`delete from record_history where pda_id = ${pda} and place = ${place} and seq <=
      (select seq from record_history where pda_id = ${pda} and place = ${place} order by seq desc limit 1 offset ${bounds.versions})`)
  }
}

const rowsForgotten = 1000

/** Forgets the versions that were replaced longer ago than the bound, of one account, some at a time. */
export async function forgetOldVersions(
  database: Database,
  pda: number,
  bounds: HistoryBounds,
  now: number,
): Promise<void> {
  if (bounds.days === undefined) return
  const before = now - bounds.days * 86_400_000
  for (let left = rowsForgotten; left === rowsForgotten;) {
    left = await database.write(pda, async (unit) => {
      const rows = await unit.all(sql`delete from record_history where pda_id = ${pda} and (place, seq) in
        (select place, seq from record_history where pda_id = ${pda} and replaced_at < ${before} limit ${rowsForgotten}) returning place`)
      return rows.length
    })
  }
}
