import { type RawBuilder, sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import type { OrderPath } from './order-keys.ts'
import type { WordState } from './word-index.ts'

/** An endpoint as the stores know it. */
export interface Endpoint {
  endpoint_id: number
  name: string
  /** Bytes of the largest data ever kept there: bounds what a page can weigh. */
  largest: number
  /** 1 when some data ever kept there must not be read by the engine's own JSON functions. */
  awkward: number
}

/** An endpoint with the paths it is ordered by. */
export interface OrderedEndpoint extends Endpoint, WordState {
  paths: OrderPath[]
}

/** What a unit did to one endpoint's records. */
export interface Change {
  /** Bytes of the largest data written, and whether some of it is awkward. */
  largest: number
  awkward: boolean
  /** Of each block touched: the difference in records and bytes. */
  blocks: Map<number, { records: number; bytes: number }>
}

/** How many places a block counts together: a `skip` jumps over whole blocks. */
export const blockPlaces = 4096

export async function findEndpoint(unit: Unit, name: string): Promise<Endpoint | undefined> {
  const rows = await unit.all<Endpoint>(
    sql`select endpoint_id, name, largest, awkward from endpoint where pda_id = ${unit.pda} and name = ${name}`,
  )
  return rows[0]
}

type PathRow = Omit<OrderPath, 'path_id'> & { path_id: number | null }

/** The endpoints of these names that there are, by name, with the paths they are ordered by. */
export async function findEndpoints(unit: Unit, names: string[]): Promise<Map<string, OrderedEndpoint>> {
  const [only] = names
  const named = names.length === 1 ? sql`name = ${only}` : unit.dialect.among('name', names, 'text')
  const rows = await unit.all<
    Omit<OrderedEndpoint, 'paths'> & PathRow
  >(sql`select endpoint.endpoint_id, name, largest, awkward,
      words_to, words_end,
      path_id, path, descending, used_at, filled_to, fill_end
    from endpoint left join order_path on order_path.pda_id = endpoint.pda_id and order_path.endpoint_id = endpoint.endpoint_id
    where endpoint.pda_id = ${unit.pda} and ${named}`)
  const found = new Map<string, OrderedEndpoint>()
  for (const { path_id, path, descending, used_at, filled_to, fill_end, ...row } of rows) {
    const { endpoint_id } = row
    const endpoint = found.get(row.name) ?? { ...row, paths: [] }
    found.set(row.name, endpoint)
    if (path_id !== null)
      endpoint.paths.push({ endpoint_id, path_id, path, descending, used_at, filled_to, fill_end })
  }
  return found
}

const newEndpoint = { largest: 0, awkward: 0, words_to: null, words_end: null }

/** Gives each name that has none a number; adds them to `known`. The caller's unit has locked the account. */
export async function addEndpoints(
  unit: Unit,
  names: string[],
  known: Map<string, OrderedEndpoint>,
): Promise<void> {
  const missing = names.filter((name) => !known.has(name))
  if (missing.length === 0) return
  const [row] = await unit.all<{ last: number }>(
    sql`select coalesce(max(endpoint_id), 0) as last from endpoint where pda_id = ${unit.pda}`,
  )
  const numbers = missing.map((_, index) => row!.last + 1 + index)
  await unit.insertMany('endpoint', {
    pda_id: unit.pda,
    endpoint_id: numbers,
    name: missing,
    largest: 0,
    awkward: 0,
  })
  for (const [index, name] of missing.entries()) {
    known.set(name, { ...newEndpoint, endpoint_id: numbers[index]!, name, paths: [] })
  }
}

/** Notes that records went in (`records` 1), out (-1) or changed their size (0) at a place. */
export function markChanged(
  { pda }: Unit,
  changes: Map<number, Change>,
  endpointId: number,
  place: number,
  records: number,
  bytes: number,
): Change {
  let change = changes.get(endpointId)
  if (!change) {
    change = { largest: 0, awkward: false, blocks: new Map() }
    changes.set(endpointId, change)
  }
  const block = Math.floor((place - placeBase(pda)) / blockPlaces)
  const counted = change.blocks.get(block)
  if (counted) {
    counted.records += records
    counted.bytes += bytes
  } else change.blocks.set(block, { records, bytes })
  return change
}

/**
 * Writes the counts of a unit's changes.
 * @param known endpoints as they stand, where the unit has read them: most changes make them no larger and no more awkward
 */
export async function saveChanges(
  unit: Unit,
  changes: Map<number, Change>,
  now: number,
  known: Iterable<Endpoint> = [],
): Promise<void> {
  const endpoints = new Map([...known].map((endpoint) => [endpoint.endpoint_id, endpoint]))
  const work: Promise<unknown>[] = []
  for (const [endpointId, { blocks, largest, awkward }] of changes) {
    for (const [block, { records, bytes }] of blocks) {
      work.push(
        unit.all(sql`insert into endpoint_block (pda_id, endpoint_id, block, records, bytes, changed_at)
          values (${unit.pda}, ${endpointId}, ${block}, ${records}, ${bytes}, ${now})
          on conflict (pda_id, endpoint_id, block) do update set changed_at = excluded.changed_at,
          records = endpoint_block.records + excluded.records, bytes = endpoint_block.bytes + excluded.bytes`),
      )
    }
    const endpoint = endpoints.get(endpointId) ?? { largest: 0, awkward: 0 }
    if (largest > endpoint.largest || (awkward && endpoint.awkward === 0)) {
      work.push(growEndpoint(unit, endpointId, largest, awkward))
    }
  }
  await Promise.all(work)
}

async function growEndpoint(
  unit: Unit,
  endpointId: number,
  largest: number,
  awkward: boolean,
): Promise<void> {
  await unit.all(sql`update endpoint set
    largest = case when largest < ${largest} then ${largest} else largest end,
    awkward = case when ${awkward ? 1 : 0} = 1 then 1 else awkward end
    where pda_id = ${unit.pda} and endpoint_id = ${endpointId}`)
}

/** Where a read begins: places from this one on in its direction (it included), of records saved up to `until`. */
export interface Range {
  descending: boolean
  from: number
  until: number
}

/** The condition of a range, on the column `place`. */
export function inRange(range: Range): RawBuilder<boolean> {
  return range.descending
    ? sql`place <= ${range.from}`
    : sql`place >= ${range.from} and place <= ${range.until}`
}

export const direction = (range: Range) => (range.descending ? sql`desc` : sql`asc`)

/**
 * The place of the record that has `skip` others before it in the range, or undefined when there are not that many.
 * Jumps over whole blocks by their counts.
 */
export async function placeAfter(
  unit: Unit,
  endpointId: number,
  range: Range,
  skip: number,
): Promise<number | undefined> {
  const base = placeBase(unit.pda)
  const first = Math.floor((range.from - base) / blockPlaces)
  // The range may begin inside its first block: that one is always counted record by record.
  const blocks =
    skip <= blockPlaces
      ? []
      : await unit.all<{ block: number; records: number }>(
          sql`select block, records from endpoint_block where pda_id = ${unit.pda} and endpoint_id = ${endpointId}
      and ${range.descending ? sql`block < ${first}` : sql`block > ${first}`} order by block ${direction(range)}`,
        )
  let { from } = range
  let left = skip
  if (blocks.length > 0) {
    left -= await countFirst(
      unit,
      endpointId,
      range,
      base + (range.descending ? first : first + 1) * blockPlaces,
    )
    for (const { block, records } of blocks) {
      from = base + (range.descending ? (block + 1) * blockPlaces - 1 : block * blockPlaces)
      if (records > left || left < 0) break
      left -= records
      if (block === blocks.at(-1)!.block) return undefined
    }
  }
  const rows = await unit.all<{ place: number }>(sql`select place from record
    where pda_id = ${unit.pda} and endpoint_id = ${endpointId} and ${inRange({ ...range, from })}
    order by place ${direction(range)} limit 1 offset ${Math.max(left, 0)}`)
  return rows[0]?.place
}

async function countFirst(unit: Unit, endpointId: number, range: Range, edge: number): Promise<number> {
  const rows = await unit.all<{ count: number }>(sql`select count(*) as count from record
    where pda_id = ${unit.pda} and endpoint_id = ${endpointId} and ${inRange(range)}
    and ${range.descending ? sql`place >= ${edge}` : sql`place < ${edge}`}`)
  return rows[0]!.count
}
