import { sql } from 'kysely'
import type { Database, Unit } from '../../database/port.ts'
import { concerning, noteEntry } from '../ledger/entries.ts'
import { keepVersions, type Replacement } from '../record-history.ts'
import { type Change, findEndpoint, noteChange, saveChanges } from './endpoints.ts'
import { removeOrderKeys } from './order-keys.ts'
import { removeWords } from './word-index.ts'

/** Records deleted by one statement. */
const rowsDeleted = 1000

type Leaving = { place: number; endpoint_id: number; bytes: number }

/**
 * Deletes records by id, all or none; their versions stay in the history.
 * @param recordIds without repetition
 * @returns why nothing was deleted, or undefined when all were
 */
export async function deleteRecords(
  database: Database,
  pda: number,
  recordIds: string[],
  mayWrite: (endpoint: string) => boolean,
  by: Replacement,
): Promise<'missing' | 'forbidden' | undefined> {
  return database.write(pda, async (unit) => {
    await unit.count(0)
    const rows = await unit.all<
      Leaving & { name: string }
    >(sql`select place, record.endpoint_id, ${unit.dialect.bytes('data')} as bytes, name
      from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
      where record.pda_id = ${pda} and ${unit.dialect.among('record_id', recordIds, 'id')}`)
    if (rows.some((row) => !mayWrite(row.name))) return 'forbidden'
    if (rows.length < recordIds.length) return 'missing'
    for (let from = 0; from < rows.length; from += rowsDeleted)
      await remove(unit, pda, rows.slice(from, from + rowsDeleted), by)
    const names = rows.map((row) => row.name)
    if (by.entry) await noteEntry(unit, pda, concerning(by.entry, names, rows.length))
    return undefined
  })
}

/** Deletes every record of an endpoint; their versions stay in the history. */
export async function deleteEndpoint(
  database: Database,
  pda: number,
  name: string,
  by: Replacement,
): Promise<void> {
  await database.write(pda, async (unit) => {
    await unit.count(0)
    const endpoint = await findEndpoint(unit, pda, name)
    if (!endpoint) return
    let records = 0
    for (let left = rowsDeleted; left === rowsDeleted;) {
      const rows =
        await unit.all<Leaving>(sql`select place, endpoint_id, ${unit.dialect.bytes('data')} as bytes from record
        where pda_id = ${pda} and endpoint_id = ${endpoint.endpoint_id} order by place limit ${rowsDeleted}`)
      await remove(unit, pda, rows, by)
      left = rows.length
      records += left
    }
    if (by.entry && records > 0) await noteEntry(unit, pda, concerning(by.entry, [name], records))
  })
}

async function remove(unit: Unit, pda: number, rows: Leaving[], by: Replacement): Promise<void> {
  if (rows.length === 0) return
  const places = rows.map((row) => row.place)
  const firstSeq = (await unit.count(rows.length)) - rows.length + 1
  await keepVersions(unit, pda, places, firstSeq, by, true)
  const changes = new Map<number, Change>()
  for (const { place, endpoint_id, bytes } of rows) noteChange(changes, endpoint_id, pda, place, -1, -bytes)
  const these = unit.dialect.among('place', places, 'number')
  await Promise.all([
    unit.all(sql`delete from record where pda_id = ${pda} and ${these}`),
    unit.all(sql`delete from link where pda_id = ${pda} and ${these}`),
    removeOrderKeys(unit, pda, places),
    removeWords(unit, pda, places),
    saveChanges(unit, pda, changes, by.now),
  ])
}
