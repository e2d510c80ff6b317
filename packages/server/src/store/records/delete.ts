import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { concerning, appendEntry } from '../ledger/entries.ts'
import { type Change, findEndpoint, markChanged, saveChanges } from './endpoints.ts'
import { removeOrderKeys } from './order-keys.ts'
import { removeWords } from './word-index.ts'

/** Records deleted by one statement. */
const rowsDeleted = 1000

type DeletedRow = { place: number; endpoint_id: number; bytes: number }

/**
 * Deletes records by id, all or none; their versions stay in the history.
 * @param recordIds without repetition
 * @returns why nothing was deleted, or undefined when all were
 */
export async function deleteRecords(
  database: AccountDatabase,
  recordIds: string[],
  mayWrite: (endpoint: string) => boolean,
  by: Replacement,
): Promise<'missing' | 'forbidden' | undefined> {
  return database.write(async (unit) => {
    await unit.lock()
    const rows = await unit.all<
      DeletedRow & { name: string }
    >(sql`select place, record.endpoint_id, ${unit.dialect.bytes('data')} as bytes, name
      from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
      where record.pda_id = ${unit.pda} and ${unit.dialect.among('record_id', recordIds, 'id')}`)
    if (rows.some((row) => !mayWrite(row.name))) return 'forbidden'
    if (rows.length < recordIds.length) return 'missing'
    for (let from = 0; from < rows.length; from += rowsDeleted)
      await remove(unit, rows.slice(from, from + rowsDeleted), by)
    const names = rows.map((row) => row.name)
    if (by.entry) await appendEntry(unit, concerning(by.entry, names, rows.length))
    return undefined
  })
}

/** Deletes every record of an endpoint; their versions stay in the history. */
export async function deleteEndpoint(
  database: AccountDatabase,
  name: string,
  by: Replacement,
): Promise<void> {
  await database.write(async (unit) => {
    await unit.lock()
    const endpoint = await findEndpoint(unit, name)
    if (!endpoint) return
    let records = 0
    for (let left = rowsDeleted; left === rowsDeleted;) {
      const rows =
        await unit.all<DeletedRow>(sql`select place, endpoint_id, ${unit.dialect.bytes('data')} as bytes from record
        where pda_id = ${unit.pda} and endpoint_id = ${endpoint.endpoint_id} order by place limit ${rowsDeleted}`)
      await remove(unit, rows, by)
      left = rows.length
      records += left
    }
    if (by.entry && records > 0) await appendEntry(unit, concerning(by.entry, [name], records))
  })
}

async function remove(unit: Unit, rows: DeletedRow[], by: Replacement): Promise<void> {
  if (rows.length === 0) return
  const places = rows.map((row) => row.place)
  const firstSeq = (await unit.allocateSeq(rows.length)) - rows.length + 1
  await keepVersions(unit, places, firstSeq, by, true)
  const changes = new Map<number, Change>()
  for (const { place, endpoint_id, bytes } of rows) markChanged(unit, changes, endpoint_id, place, -1, -bytes)
  const these = unit.dialect.among('place', places, 'number')
  await Promise.all([
    unit.all(sql`delete from record where pda_id = ${unit.pda} and ${these}`),
    unit.all(sql`delete from link where pda_id = ${unit.pda} and ${these}`),
    removeOrderKeys(unit, places),
    removeWords(unit, places),
    saveChanges(unit, changes, by.now),
  ])
}

/** How much history is kept: days since a version was replaced, and versions of one record. */
interface HistoryBounds {
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
  places: number[],
  firstSeq: number,
  by: Replacement,
  deleted: boolean,
): Promise<void> {
  await unit.all(sql`insert into record_history (pda_id, place, seq, endpoint_id, record_id, data, writer, written_at,
      replaced_seq, replaced_at, replaced_by, deleted)
    select record.pda_id, record.place, coalesce(updated_seq, record.place - ${placeBase(unit.pda)}), endpoint_id, record_id, data, writer,
      coalesce(updated_at, created_at), ${firstSeq} + listed.position - ${unit.dialect.firstPosition}, ${by.now}, ${by.writer}, ${deleted ? 1 : 0}
    from ${unit.dialect.listed(places)} listed join record on record.pda_id = ${unit.pda} and record.place = listed.place`)
  await boundVersions(unit, places, by.bounds)
}

async function boundVersions(unit: Unit, places: number[], bounds: HistoryBounds): Promise<void> {
  const over = await unit.all<{ place: number }>(sql`select place from record_history
    where pda_id = ${unit.pda} and ${unit.dialect.among('place', places, 'number')} group by place having count(*) > ${bounds.versions}`)
  for (const { place } of over) {
    await unit.all(sql`delete from record_history where pda_id = ${unit.pda} and place = ${place} and seq <=
      (select seq from record_history where pda_id = ${unit.pda} and place = ${place} order by seq desc limit 1 offset ${bounds.versions})`)
  }
}

const rowsForgotten = 1000

/** Forgets the versions that were replaced longer ago than the bound, of one account, some at a time. */
export async function forgetOldVersions(
  database: AccountDatabase,
  bounds: HistoryBounds,
  now: number,
): Promise<void> {
  if (bounds.days === undefined) return
  const before = now - bounds.days * 86_400_000
  for (let left = rowsForgotten; left === rowsForgotten;) {
    left = await database.write(async (unit) => {
      const rows =
        await unit.all(sql`delete from record_history where pda_id = ${unit.pda} and (place, seq) in
        (select place, seq from record_history where pda_id = ${unit.pda} and replaced_at < ${before} limit ${rowsForgotten}) returning place`)
      return rows.length
    })
  }
}
