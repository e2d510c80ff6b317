import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { concerning, appendEntry } from '../ledger/entries.ts'

/** Joins records as groups, given by their places. The caller's unit has locked the account. */
export async function addGroups(unit: Unit, groups: number[][]): Promise<void> {
  if (groups.length === 0) return
  const [row] = await unit.all<{ last: number }>(
    sql`select coalesce(max(group_id), 0) as last from link where pda_id = ${unit.pda}`,
  )
  const ids = groups.flatMap((group, index) => group.map(() => row!.last + 1 + index))
  await unit.insertMany('link', { pda_id: unit.pda, group_id: ids, place: groups.flat() })
}

/** Of each of the records the places of those linked with it, each once, itself not among them. */
export async function linkedPlaces(unit: Unit, places: number[]): Promise<Map<number, number[]>> {
  const rows = await unit.all<{
    place: number
    other: number
  }>(sql`select distinct link.place, other.place as other
    from link join link other on other.pda_id = link.pda_id and other.group_id = link.group_id and other.place <> link.place
    where link.pda_id = ${unit.pda} and ${unit.dialect.among('link.place', places, 'number')} order by link.place, other.place`)
  const linked = new Map<number, number[]>()
  for (const { place, other } of rows) {
    const others = linked.get(place)
    if (others) others.push(other)
    else linked.set(place, [other])
  }
  return linked
}

/**
 * Joins stored records as one group.
 * @param recordIds without repetition
 * @returns why they were not joined, or undefined when they were
 */
export async function linkRecords(
  database: AccountDatabase,
  recordIds: string[],
  mayWrite: (endpoint: string) => boolean,
  entry?: LedgerEntry,
): Promise<'missing' | 'forbidden' | undefined> {
  return database.write(async (unit) => {
    await unit.lock()
    const rows = await unit.all<{ place: number; name: string }>(sql`select place, name
      from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
      where record.pda_id = ${unit.pda} and ${unit.dialect.among('record_id', recordIds, 'id')}`)
    if (rows.some((row) => !mayWrite(row.name))) return 'forbidden'
    if (rows.length < recordIds.length) return 'missing'
    await addGroups(unit, [rows.map((row) => row.place)])
    const names = rows.map((row) => row.name)
    if (entry) await appendEntry(unit, concerning(entry, names, rows.length))
    return undefined
  })
}
