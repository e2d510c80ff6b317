import { setImmediate as nextTurn } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import type { Dialect, Unit } from '../../database/port.ts'
import { matches } from '../../domain/queries/filters.ts'
import { isPlainPath } from '../../domain/queries/ordering.ts'
import { type ScalarRanges, scalarRanges } from '../../domain/queries/ranges.ts'
import type { Endpoint } from '../records/endpoints.ts'
import { listOrder, type Order, type Position } from '../records/orders.ts'
import type { Asking, Batch, Found, Stream } from './streams.ts'

/** The keys an order is read by are no more: somebody needed room for another path. */
export class LostOrderError extends Error {
  override readonly name = 'LostOrderError'
}

/** Nobody waits for the answer any more: nothing more is read for it. */
export class GoneError extends Error {
  override readonly name = 'GoneError'
}

/** Records of the first turn, when nothing is known about how many pass. */
const firstWindow = 100
/** Where fewer than one record in so many passed, the engine looks through the rest by itself. */
const rareness = 20
/** Milliseconds that records are tested without a pause. */
const longestTurn = 10
/** Records that the engine finds at a time. */
const foundAside = 500
/** What a record takes beside its data, roughly. */
const envelopeBytes = 200

/**
 * Reads an order of a stream's endpoint and gives what passes, each turn in a snapshot of its own. The engine leaves out what
 * cannot pass, where it reads the data as we do.
 * @throws LostOrderError
 */
export async function* scan(
  asking: Asking,
  stream: Stream,
  order: Order,
  after: Position | undefined,
  first = firstWindow,
): AsyncGenerator<Batch> {
  let only = narrowing(asking.database.dialect, stream)
  let window = Math.min(first, asking.bounds.window)
  let from = after
  do {
    if (asking.isGone?.()) throw new GoneError('the client is gone')
    const isRare = stream.read >= asking.bounds.rareFrom && stream.passed * rareness < stream.read
    try {
      const batches =
        only && isRare && order.isByPlace
          ? asideWindow(asking, stream, order, from, only)
          : directWindow(asking, stream, order, from, window, only)
      for await (const batch of batches) {
        yield batch
        from = batch.at
      }
    } catch (error) {
      // Data that the engine reads otherwise than we do may have come since.
      if (!only || !(await becameAwkward(asking, stream.endpoint))) throw error
      only = undefined
    }
    window = Math.min(2 * window, asking.bounds.window)
    await nextTurn()
  } while (from)
}

async function* directWindow(
  asking: Asking,
  stream: Stream,
  order: Order,
  from: Position | undefined,
  most: number,
  only: RawBuilder<unknown> | undefined,
): AsyncGenerator<Batch> {
  const read = await readWindow(asking, stream, order, from, most, only)
  const rows = await passing(stream, read.rows)
  stream.read += read.count
  stream.passed += rows.length
  yield { rows, at: read.last }
}

/** What passes. Whoever else asks has a turn between records, however much there is to test. */
async function passing({ index, query: { filters } }: Stream, rows: Row[]): Promise<Found[]> {
  const found: Found[] = []
  let began = performance.now()
  for (const { place, digits, data, key } of rows) {
    if (performance.now() - began > longestTurn) {
      await nextTurn()
      began = performance.now()
    }
    if (matches(filters, data))
      found.push({ index, place, recordId: idOf(digits), data, back: -place, ...(key && { key }) })
  }
  return found
}

/** An id as text, from that or from its 32 digits: cheaper here, and only for what passes, than in SQL. */
const idOf = (digits: string): string =>
  digits.length === 36 ? digits : digits.toLowerCase().replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')

interface Row {
  place: number
  digits: string
  data: string
  key: Uint8Array | null
}

async function readWindow(
  { database, bounds }: Asking,
  { endpoint }: Stream,
  order: Order,
  from: Position | undefined,
  most: number,
  only: RawBuilder<unknown> | undefined,
) {
  return database.read(async (unit) => {
    if (await order.isLost?.(unit))
      throw new LostOrderError('the keys were dropped while they were being read')
    const length = await fittingLength(unit, endpoint, order, from, most, bounds.bytes)
    const last = await order.find(unit, from, length)
    const rows =
      await unit.all<Row>(sql`select record.place, ${unit.dialect.idDigits('record_id')} as digits, data,
        ${order.isByKey ? sql`key` : sql`null as key`} ${order.from(from, last, length, only)}`)
    return { rows, last, count: last ? length : rows.length }
  })
}

/** How many of the records behind a position may be in memory together. */
async function fittingLength(
  unit: Unit,
  endpoint: Endpoint,
  order: Order,
  from: Position | undefined,
  most: number,
  bytes: number,
): Promise<number> {
  if ((endpoint.largest + envelopeBytes) * most <= bytes) return most
  const sizes = await unit.all<{ bytes: number }>(
    sql`select ${unit.dialect.bytes('data')} as bytes ${order.from(from, undefined, most)} limit ${most}`,
  )
  let left = bytes
  const fitting = sizes.findIndex((size) => (left -= size.bytes + envelopeBytes) < 0)
  return fitting === -1 ? most : Math.max(fitting, 1)
}

/** The engine looks through many records, off the thread that answers requests, and names the few that may pass. */
async function* asideWindow(
  asking: Asking,
  stream: Stream,
  order: Order,
  from: Position | undefined,
  only: RawBuilder<unknown>,
): AsyncGenerator<Batch> {
  const { database, pda, bounds } = asking
  const end = await database.read((unit) => order.find(unit, from, bounds.aside))
  const found = await database.aside<{ place: number }>(
    sql`select record.place ${order.from(from, end, bounds.aside, only)} limit ${foundAside}`,
  )
  const places = found.map(({ place }) => place)
  const list = listOrder(database, pda, places)
  for (let next: Position | undefined = { back: -1 }; places.length > 0 && next;) {
    const read = await readWindow(asking, stream, list, next, bounds.window, undefined)
    const rows = await passing(stream, read.rows)
    stream.passed += rows.length
    next = read.last
    if (rows.length > 0) yield { rows, at: { back: rows.at(-1)!.back } }
  }
  const isCut = places.length === foundAside
  stream.read += isCut ? 0 : bounds.aside
  yield { rows: [], at: isCut ? { back: -places.at(-1)! } : end }
}

async function becameAwkward({ database, pda }: Asking, { endpoint_id }: Endpoint): Promise<boolean> {
  const [row] = await database.one<{ awkward: number }>(
    sql`select awkward from endpoint where pda_id = ${pda} and endpoint_id = ${endpoint_id}`,
  )
  return row?.awkward === 1
}

/** What the engine can say of the filters beforehand; undefined where it can say nothing, or may read the data otherwise. */
function narrowing(dialect: Dialect, { endpoint, query }: Stream): RawBuilder<unknown> | undefined {
  if (endpoint.awkward !== 0) return undefined
  const ranges = query.filters
    .map(scalarRanges)
    .filter((one) => one !== undefined)
    .filter(({ path }) => isPlainPath(path))
  if (ranges.length === 0) return undefined
  const conditions = ranges.map((one) => condition(dialect, one))
  // An engine may ask it of all records before it looks at their endpoint, some of which it cannot read.
  return sql` and case when record.endpoint_id = ${endpoint.endpoint_id} then ${sql.join(conditions, sql` and `)} end`
}

function condition(dialect: Dialect, { path, kinds, texts, numbers }: ScalarRanges): RawBuilder<unknown> {
  const values = dialect.jsonValue('data', path)
  const parts = []
  // What is of another kind is found as well now and then: `matches` decides.
  if (texts.length > 0) parts.push(within(values[0]!, texts))
  if (numbers.length > 0) parts.push(within(values.at(-1)!, numbers))
  if (kinds.length > 0) parts.push(sql`${dialect.jsonKind('data', path)} in (${sql.join(kinds)})`)
  return sql`(${sql.join(parts, sql` or `)})`
}

function within(
  value: RawBuilder<unknown>,
  ranges: readonly { low: string | number; high: string | number }[],
) {
  const parts = ranges.map(({ low, high }) =>
    low === high ? sql`(${value}) = ${low}` : sql`(${value}) between ${low} and ${high}`,
  )
  return sql`(${sql.join(parts, sql` or `)})`
}
