import { stringText, stringValue } from '@hatstand/api/json.ts'
import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { keyAt, pathOf } from '../../domain/queries/ordering.ts'

/** A path an endpoint is ordered by, in one direction. */
export type OrderPath = Omit<Tables['order_path'], 'pda_id'>

/**
 * A path as the tables keep it: dotted, or a JSON array where a name has a dot itself. No engine's text holds U+0000, but a name
 * may: it is escaped, and so is every quote of a dotted one.
 */
export function storedPath(names: readonly string[]): string {
  if (names.some((name) => name.includes('.'))) return JSON.stringify(names)
  return stringText(names.join('.')).slice(1, -1)
}

function namesOf(stored: string): string[] {
  if (stored.startsWith('["')) return JSON.parse(stored) as string[]
  return pathOf(stringValue(`"${stored}"`))
}

export function listOrderPaths(unit: Unit, endpointIds: number[]): Promise<OrderPath[]> {
  return unit.all<OrderPath>(sql`select endpoint_id, path_id, path, descending, used_at, filled_to, fill_end from order_path
    where pda_id = ${unit.pda} and ${unit.dialect.among('endpoint_id', endpointIds, 'number')}`)
}

/** Gives records the keys of the paths their endpoints are ordered by. */
export async function addOrderKeys(
  unit: Unit,
  paths: OrderPath[],
  endpointIds: number[],
  places: number[],
  texts: string[],
): Promise<void> {
  for (const path of paths) {
    const mine = [...places.keys()].filter((index) => endpointIds[index] === path.endpoint_id)
    const mineOf = <T>(list: T[]) => mine.map((index) => list[index]!)
    await insertKeys(unit, path, mineOf(places), mineOf(texts))
  }
}

/** Writes the keys of one path, in the order of the keys: the table is kept in that order. */
export async function insertKeys(
  unit: Unit,
  path: OrderPath,
  places: number[],
  texts: string[],
): Promise<void> {
  const names = namesOf(path.path)
  const rows = texts.map((text, index) => ({
    key: Buffer.from(keyAt(text, names, path.descending === 1)),
    back: -places[index]!,
  }))
  rows.sort((one, other) => Buffer.compare(one.key, other.key) || one.back - other.back)
  if (rows.length === 0) return
  await unit.insertMissing('order_key', {
    pda_id: unit.pda,
    endpoint_id: path.endpoint_id,
    path_id: path.path_id,
    key: rows.map((row) => row.key),
    back: rows.map((row) => row.back),
  })
}

/** Takes away every key of records that are updated or leave. */
export async function removeOrderKeys(unit: Unit, places: number[]): Promise<void> {
  const backs = places.map((place) => -place)
  await unit.all(
    sql`delete from order_key where pda_id = ${unit.pda} and ${unit.dialect.among('back', backs, 'number')}`,
  )
}
