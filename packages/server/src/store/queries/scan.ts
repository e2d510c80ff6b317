import { setImmediate as nextTurn } from 'node:timers/promises'
import { type RawBuilder, sql } from 'kysely'
import type { Dialect, Unit } from '../../database/port.ts'
import { queryWords } from '../../domain/json/words.ts'
import { matches, type Filter } from '../../domain/queries/filters.ts'
import { isPlainPath, keyAt, missingKey } from '../../domain/queries/ordering.ts'
import { type ScalarRanges, scalarRanges, keyRanges, type KeyRange } from '../../domain/queries/ranges.ts'
import type { Endpoint } from '../records/endpoints.ts'
import { type OrderPath, storedPath } from '../records/order-keys.ts'
import { anyAt, anyRead, markUsed, withOrderKeys } from '../records/order-paths.ts'
import { fittingLength, listOrder, type Order, type Place } from '../records/orders.ts'
import { hasWordIndex, indexWords, placesWithWords } from '../records/word-index.ts'
import type { QueryContext } from './context.ts'
import type { Batch, Found, Stream } from './streams.ts'

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
const maxTimeSlice = 10
/** Records that the engine finds at a time. */
const foundInBackground = 500

/**
 * Reads an order of a stream's endpoint and gives what passes, each turn in a snapshot of its own. The engine leaves out what
 * cannot pass, where it reads the data as we do.
 * @throws LostOrderError
 */
export async function* scan(
  context: QueryContext,
  stream: Stream,
  order: Order,
  after: Place | undefined,
  first = firstWindow,
): AsyncGenerator<Batch> {
  let only = prefilter(context.database.dialect, stream)
  let window = Math.min(first, context.bounds.window)
  let from = after
  do {
    if (context.isGone?.()) throw new GoneError('the client is gone')
    const isRare = stream.read >= context.bounds.rareFrom && stream.passed * rareness < stream.read
    try {
      const batches =
        only && isRare && order.isByPlace
          ? asideWindow(context, stream, order, from, only)
          : directWindow(context, stream, order, from, window, only)
      for await (const batch of batches) {
        yield batch
        from = batch.at
      }
    } catch (error) {
      // Data that the engine reads otherwise than we do may have come since.
      if (!only || !(await becameAwkward(context, stream.endpoint))) throw error
      only = undefined
    }
    window = Math.min(2 * window, context.bounds.window)
    await nextTurn()
  } while (from)
}

async function* directWindow(
  context: QueryContext,
  stream: Stream,
  order: Order,
  from: Place | undefined,
  most: number,
  only: RawBuilder<unknown> | undefined,
): AsyncGenerator<Batch> {
  const read = await readWindow(context, stream, order, from, most, only)
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
    if (performance.now() - began > maxTimeSlice) {
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
  { database, bounds }: QueryContext,
  { endpoint }: Stream,
  order: Order,
  from: Place | undefined,
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

/** The engine looks through many records, off the thread that answers requests, and names the few that may pass. */
async function* asideWindow(
  context: QueryContext,
  stream: Stream,
  order: Order,
  from: Place | undefined,
  only: RawBuilder<unknown>,
): AsyncGenerator<Batch> {
  const { database, bounds } = context
  const end = await database.read((unit) => order.find(unit, from, bounds.background))
  const found = await database.background<{ place: number }>(
    sql`select record.place ${order.from(from, end, bounds.background, only)} limit ${foundInBackground}`,
  )
  const places = found.map(({ place }) => place)
  const list = listOrder(database, places)
  for (let next: Place | undefined = { back: -1 }; places.length > 0 && next;) {
    const read = await readWindow(context, stream, list, next, bounds.window, undefined)
    const rows = await passing(stream, read.rows)
    stream.passed += rows.length
    next = read.last
    if (rows.length > 0) yield { rows, at: { back: rows.at(-1)!.back } }
  }
  const isCut = places.length === foundInBackground
  stream.read += isCut ? 0 : bounds.background
  yield { rows: [], at: isCut ? { back: -places.at(-1)! } : end }
}

async function becameAwkward({ database }: QueryContext, { endpoint_id }: Endpoint): Promise<boolean> {
  const [row] = await database.one<{ awkward: number }>(
    sql`select awkward from endpoint where pda_id = ${database.pda} and endpoint_id = ${endpoint_id}`,
  )
  return row?.awkward === 1
}

/** What the engine can say of the filters beforehand; undefined where it can say nothing, or may read the data otherwise. */
function prefilter(dialect: Dialect, { endpoint, query }: Stream): RawBuilder<unknown> | undefined {
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

/** More ranges than this are not looked up one by one. */
const maxRanges = 100
/** Records that say which of a query's filters leaves the fewest. */
const sampled = 200
/** A filter that lets more than one in so many pass is no better with keys. */
const worthKeys = 10

/** The endpoint's keys of a path in one direction, when all records have theirs. */
export function keysOf(
  { endpoint }: Stream,
  path: readonly string[],
  descending: boolean,
): OrderPath | undefined {
  const stored = storedPath(path)
  const way = descending ? 1 : 0
  return endpoint.paths.find((one) => one.path === stored && one.descending === way && one.filled_to === null)
}

/**
 * The places of all records that may pass, when there are keys that leave few of them.
 * @returns unordered; undefined when there are too many, or no keys
 */
async function placesByKeys(context: QueryContext, stream: Stream): Promise<number[] | undefined> {
  const { database, bounds, now } = context
  let [fewest, used]: [number[] | undefined, OrderPath | undefined] = [undefined, undefined]
  for (const filter of stream.query.filters) {
    const range = keyRanges(filter)
    const path = range && keysOf(stream, range.path, false)
    if (!path || range.ranges.length > maxRanges) continue
    const most = Math.min(bounds.listed, fewest?.length ?? Infinity)
    const places = await database.read((unit) => placesWithin(unit, path, range.ranges, most))
    if (places) [fewest, used] = [places, path]
  }
  if (used) void markUsed(database, used, now).catch(() => undefined)
  return fewest
}

/** The places of all records that may pass, by whichever index leaves the fewest. */
export async function placesByIndex(context: QueryContext, stream: Stream): Promise<number[] | undefined> {
  const [byKeys, byWords] = [await placesByKeys(context, stream), await placesByWords(context, stream)]
  return byKeys && byWords && byKeys.length < byWords.length ? byKeys : (byWords ?? byKeys)
}

async function placesByWords(
  context: QueryContext,
  { query, endpoint }: Stream,
): Promise<number[] | undefined> {
  if (!hasWordIndex(endpoint)) return undefined
  const words = query.filters.flatMap(({ operator }) =>
    operator.operator === 'find' ? queryWords(operator.search) : [],
  )
  if (words.length === 0) return undefined
  const { database, bounds } = context
  // Looking at all records takes so long that even many are few.
  return placesWithWords(database, endpoint.endpoint_id, [...new Set(words)], 10 * bounds.listed)
}

/** @returns undefined when there are more than `most`, or the keys were dropped */
async function placesWithin(
  unit: Unit,
  { endpoint_id, path_id }: OrderPath,
  ranges: KeyRange[],
  most: number,
): Promise<number[] | undefined> {
  const ofPath = sql`pda_id = ${unit.pda} and endpoint_id = ${endpoint_id} and path_id = ${path_id}`
  const kept = unit.all(sql`select 1 from order_path where ${ofPath}`)
  const found = await Promise.all(
    ranges.map(({ low, high }) =>
      unit.all<{ back: number }>(sql`select back from order_key
        where ${ofPath} and key >= ${Buffer.from(low)} and key <= ${Buffer.from(high)} limit ${most + 1}`),
    ),
  )
  const places = found.flat().map(({ back }) => -back)
  return places.length <= most && (await kept).length > 0 ? places : undefined
}

/**
 * After a search that few records passed: makes keys for the filter that leaves the fewest, so that the next such search need not
 * look at all. Not waited for; what fails is tried again at the next.
 */
export function learnFilter(context: QueryContext, stream: Stream): void {
  const { read, passed, query } = stream
  if (read < context.bounds.keysFrom || passed * worthKeys > read) return
  const able = query.filters.filter((filter) => {
    const range = keyRanges(filter)
    return range && range.ranges.length <= maxRanges && !keysOf(stream, range.path, false)
  })
  const searches = query.filters.some(({ operator }) => operator.operator === 'find')
  if (searches && !hasWordIndex(stream.endpoint))
    void indexWords(context.database, stream.endpoint.endpoint_id).catch(() => undefined)
  if (able.length > 0) void learn(context, stream, able).catch(() => undefined)
}

async function learn(context: QueryContext, stream: Stream, filters: Filter[]): Promise<void> {
  const { database } = context
  const { endpoint_id } = stream.endpoint
  const rows = await database.background<{ data: string }>(sql`select data from record
    where pda_id = ${database.pda} and endpoint_id = ${endpoint_id} order by place desc limit ${sampled}`)
  const tried = filters.map((filter) => ({
    path: filter.path,
    passed: rows.filter(({ data }) => matches([filter], data)).length,
    isThere: rows.some(({ data }) => keyAt(data, filter.path, false) !== missingKey),
  }))
  const [best] = tried.filter(({ isThere }) => isThere).toSorted((a, b) => a.passed - b.passed)
  if (best && best.passed * worthKeys <= rows.length)
    await makeKeys(context, stream.endpoint, best.path, false)
}

/** Whether any record has the path: one that none has gets no keys. */
export function isAnywhere(
  { database }: QueryContext,
  endpoint: Endpoint,
  path: readonly string[],
): Promise<boolean> {
  const isReadable = endpoint.awkward === 0 && isPlainPath(path)
  return (isReadable ? anyAt : anyRead)(database, endpoint, path)
}

/** Makes the keys of a path and works with them. */
export function withKeys<T>(
  { database, orderPaths: most, now }: QueryContext,
  { endpoint_id }: Endpoint,
  path: readonly string[],
  descending: boolean,
  work: (made: OrderPath) => Promise<T>,
): Promise<T> {
  return withOrderKeys(database, endpoint_id, path, { descending, most, now }, work)
}

/** Makes the keys of a path, and gives the path's number. */
export const makeKeys = (
  context: QueryContext,
  endpoint: Endpoint,
  path: readonly string[],
  descending: boolean,
): Promise<number> => withKeys(context, endpoint, path, descending, async (made) => made.path_id)
