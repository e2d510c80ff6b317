import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import { type LedgerEntry, nameless } from '../../domain/ledger.ts'
import { concerning, forgetName, appendEntry } from '../ledger/entries.ts'
import { type Change, findEndpoint, markChanged, saveChanges } from './endpoints.ts'
import { removeOrderKeys } from './order-keys.ts'
import { removeWords } from './word-index.ts'

/** Records erased by one unit: others write between. */
const rowsErased = 500

type Erasable = { place: number; endpoint_id: number; bytes: number | null }

/**
 * Erases records for good: record, history, links, order keys, and what the engine's files still hold of them.
 * @param recordIds without repetition; a deleted record that lives on in the history counts as well
 * @returns how many were erased, or undefined when one of them is neither a record nor in the history: then none was
 */
export async function eraseRecords(
  database: AccountDatabase,
  recordIds: string[],
  now: number,
  entry?: LedgerEntry,
): Promise<number | undefined> {
  const erased = await database.write(async (unit) => {
    await unit.lock()
    const named = unit.dialect.among('record_id', recordIds, 'id')
    const rows = await erasable(unit, sql`pda_id = ${unit.pda} and ${named}`, recordIds.length)
    if (rows.length < recordIds.length) return undefined
    await erase(unit, rows, now)
    if (entry && rows.length > 0) await noteErased(unit, rows, entry)
    return rows.length
  })
  if (erased) await database.scrub()
  return erased
}

/**
 * Erases all that is or was kept at an endpoint.
 * @returns how many records, deleted ones that lived on in the history included
 */
export async function eraseEndpoint(
  database: AccountDatabase,
  name: string,
  now: number,
  entry?: LedgerEntry,
): Promise<number> {
  let erased = 0
  let isKnown = false
  for (let left = rowsErased; left === rowsErased;) {
    left = await database.write(async (unit) => {
      await unit.lock()
      const endpoint = await findEndpoint(unit, name)
      if (!endpoint) return 0
      isKnown = true
      const ofEndpoint = sql`pda_id = ${unit.pda} and endpoint_id = ${endpoint.endpoint_id}`
      const rows = await erasable(unit, ofEndpoint, rowsErased)
      await erase(unit, rows, now)
      if (rows.length < rowsErased) {
        await forget(unit, ofEndpoint, endpoint.endpoint_id)
        const records = erased + rows.length
        // The erasing itself would keep the name.
        if (entry) await appendEntry(unit, concerning(entry, [nameless(entry.entryId, name)], records))
      }
      return rows.length
    })
    erased += left
  }
  const forgotten = await forgetName(database, name)
  // Its name alone leaves traces, too.
  if (isKnown || forgotten > 0) await database.scrub()
  return erased
}

async function noteErased(unit: Unit, rows: Erasable[], entry: LedgerEntry): Promise<void> {
  const ids = [...new Set(rows.map((row) => row.endpoint_id))]
  const endpoints = await unit.all<{ name: string }>(
    sql`select name from endpoint where pda_id = ${unit.pda} and ${unit.dialect.among('endpoint_id', ids, 'number')}`,
  )
  const names = endpoints.map(({ name }) => name)
  await appendEntry(unit, concerning(entry, names, rows.length))
}

/** Records and those that only live on in the history. */
function erasable(unit: Unit, which: ReturnType<typeof sql>, most: number): Promise<Erasable[]> {
  return unit.all<Erasable>(sql`select place, endpoint_id, ${unit.dialect.bytes('data')} as bytes from record where ${which}
    union all select distinct place, endpoint_id, cast(null as bigint) as bytes from record_history
      where ${which} and place not in (select place from record where ${which}) limit ${most}`)
}

async function erase(unit: Unit, rows: Erasable[], now: number): Promise<void> {
  const places = rows.map((row) => row.place)
  const these = unit.dialect.among('place', places, 'number')
  const changes = new Map<number, Change>()
  for (const { place, endpoint_id, bytes } of rows) {
    if (bytes !== null) markChanged(unit, changes, endpoint_id, place, -1, -bytes)
  }
  await Promise.all([
    unit.all(sql`delete from record where pda_id = ${unit.pda} and ${these}`),
    unit.all(sql`delete from record_history where pda_id = ${unit.pda} and ${these}`),
    unit.all(sql`delete from link where pda_id = ${unit.pda} and ${these}`),
    removeOrderKeys(unit, places),
    removeWords(unit, places),
    saveChanges(unit, changes, now),
  ])
}

/**
 * Forgets the endpoint itself: its name, counts and the paths it was ordered by. Its number is not given again: whoever is
 * reading it meanwhile would go on reading what another namespace keeps under it.
 */
async function forget(unit: Unit, ofEndpoint: ReturnType<typeof sql>, endpointId: number): Promise<void> {
  for (const table of ['order_key', 'order_path', 'endpoint_block']) {
    await unit.all(sql`delete from ${sql.table(table)} where ${ofEndpoint}`)
  }
  await unit.all(
    sql`update endpoint set name = ${`#${endpointId}`}, largest = 0, awkward = 0, words_to = null, words_end = null where ${ofEndpoint}`,
  )
}
