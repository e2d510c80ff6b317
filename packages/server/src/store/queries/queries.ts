import { sql } from 'kysely'
import { placeBase } from '../../database/tables.ts'
import { orderPathOf } from '../../domain/queries/ordering.ts'
import type { EndpointQuery, PropertyQuery } from '../../domain/queries/query.ts'
import { findEndpoints } from '../records/endpoints.ts'
import { keyOrder, placeOrder } from '../records/orders.ts'
import { byPlace, inOrder } from './orders.ts'
import { type Show, markup, pageOf, pagesOf, type RecordPage } from './pages.ts'
import { keysOf, learnFilter } from './scan.ts'
import {
  type Asking,
  type Bounds,
  compareStandings,
  type Found,
  merged,
  positionBehind,
  type Standing,
  standingOf,
  type Stream,
} from './streams.ts'

export { GoneError } from './scan.ts'
export type { Show } from './pages.ts'
export type { RecordPage } from './pages.ts'
export { type Asking, type Standing, usualBounds } from './streams.ts'

/** Several queries as one list, ordered together. */
export interface List {
  endpoints: readonly EndpointQuery[]
  orderBy: string | undefined
  descending: boolean
}

/** A property as a list: newest first when nothing is said, smallest first when only a field is named. */
export const listOf = ({ endpoints, orderBy, ordering }: PropertyQuery): List => ({
  endpoints,
  orderBy,
  descending: ordering === 'descending' || (ordering === undefined && orderBy === undefined),
})

/** How much of a list is read; `take` may be `Infinity`. */
export interface Stretch {
  after: Standing | undefined
  skip: number
  take: number
}

/** The answer to a list: its first page, the others one by one, and the last record when there are more behind it. */
export interface ListAnswer {
  first: RecordPage
  /** Undefined when the first page is all. */
  rest: AsyncIterable<RecordPage> | undefined
  /** Unknown where everything is asked for. */
  next: Standing | undefined
}

const newestFirst = ({ orderBy, descending }: List) => orderBy !== undefined || descending

/**
 * Reads a list of queries: what passes their filters, ordered together, each record as its query shows it.
 *
 * @param show makes of a record's data what is shown
 * @throws QueryError when a mapping makes far more of a record than it has, or `orderBy` names no field
 */
export async function readList(
  asking: Asking,
  list: List,
  stretch: Stretch,
  show: Show,
): Promise<ListAnswer> {
  const { skip, take } = stretch
  const streams = await streamsOf(asking, list, skip + take + 1)
  const begin = await skipped(asking, streams, stretch)
  const found = recordsBehind(asking, streams, newestFirst(list), begin.after)
  if (take === Infinity) return readAll(asking, list, learning(asking, streams, found), begin.skip, show)
  const { rows, end, next } = await readStretch(found, begin.skip, take, asking.bounds)
  for (const stream of streams) learnFilter(asking, stream)
  const first = await pageOf(asking, list.endpoints, rows, show)
  const { last } = first
  if (!last || compareStandings(last, end!, newestFirst(list)) === 0) return { first, rest: undefined, next }
  const again = streams.map((stream) => ({ ...stream, read: 0, passed: 0 }))
  const others = upTo(recordsBehind(asking, again, newestFirst(list), last), end!, newestFirst(list))
  return { first, rest: pagesOf(asking, list.endpoints, others, show), next }
}

/** How many records pass the filters of a list. */
export async function countList(asking: Asking, list: List): Promise<number> {
  const streams = await streamsOf(asking, { ...list, orderBy: undefined }, Infinity)
  let count = 0
  for (const stream of streams) {
    if (stream.query.filters.length === 0) count += await countAll(asking, stream)
    else for await (const { rows } of byPlace(asking, stream, undefined)) count += rows.length
    learnFilter(asking, stream)
  }
  return count
}

/** Every record that passes, some at a time, newest first. */
export async function* eachMatch(asking: Asking, query: EndpointQuery): AsyncGenerator<Found[]> {
  const list = { endpoints: [query], orderBy: undefined, descending: true }
  for (const stream of await streamsOf(asking, list, Infinity)) {
    for await (const { rows } of byPlace(asking, stream, undefined)) yield rows
    learnFilter(asking, stream)
  }
}

async function countAll({ database, pda }: Asking, { endpoint: { endpoint_id } }: Stream): Promise<number> {
  const [row] = await database.one<{
    records: number | null
  }>(sql`select cast(sum(records) as bigint) as records
    from endpoint_block where pda_id = ${pda} and endpoint_id = ${endpoint_id}`)
  return row?.records ?? 0
}

async function streamsOf({ database, pda }: Asking, list: List, need: number): Promise<Stream[]> {
  const { endpoints: queries, orderBy, descending } = list
  const names = [...new Set(queries.map(({ endpoint }) => endpoint))]
  const { known, seq } = await database.read(async (unit) => {
    const [rows, found] = await Promise.all([
      unit.all<{ seq: number }>(sql`select seq from pda where pda_id = ${pda}`),
      findEndpoints(unit, pda, names),
    ])
    return { known: found, seq: rows[0]?.seq ?? 0 }
  })
  return queries.flatMap((query, index): Stream[] => {
    const path = orderBy === undefined ? undefined : orderPathOf(query, orderBy)
    const endpoint = known.get(query.endpoint)
    const until = placeBase(pda) + seq
    return endpoint ? [{ index, query, endpoint, path, descending, until, need, read: 0, passed: 0 }] : []
  })
}

/** Where to begin: what is skipped of one whole endpoint need not be read. */
async function skipped(
  { database, pda }: Asking,
  streams: Stream[],
  { skip, after }: Stretch,
): Promise<{ after: Standing | undefined; skip: number }> {
  const [stream] = streams
  if (skip === 0 || !stream || streams.length > 1 || stream.query.filters.length > 0) return { after, skip }
  const { endpoint, path, descending, until, index } = stream
  const keys = path && keysOf(stream, path, descending)
  if (path && !keys) return { after, skip }
  const order = keys
    ? keyOrder(pda, endpoint.endpoint_id, keys.path_id)
    : placeOrder(database.dialect, pda, endpoint.endpoint_id, descending, until)
  const from = positionBehind(after, index, path !== undefined || descending)
  const last = await database.read((unit) => order.find(unit, from, skip))
  return last ? { after: { ...last, index }, skip: 0 } : { after, skip: Infinity }
}

const recordsBehind = (
  asking: Asking,
  streams: Stream[],
  isNewestFirst: boolean,
  after: Standing | undefined,
) =>
  merged(
    streams.map((stream) => inOrder(asking, stream, positionBehind(after, stream.index, isNewestFirst))),
    isNewestFirst,
  )

/** The first records of a stretch, as many as a page has, where it ends, and whether anything is behind that. */
async function readStretch(
  found: AsyncGenerator<Found[]>,
  skip: number,
  take: number,
  { pageLength, pageRecords }: Bounds,
) {
  const rows: Found[] = []
  let [left, count, length, isFull] = [skip, 0, 0, false]
  let end: Standing | undefined
  if (take === 0 || skip === Infinity) return { rows, end, next: undefined }
  for await (const some of found)
    for (const row of some) {
      if (left > 0) left -= 1
      else if (count === take) return { rows, end, next: end }
      else {
        count += 1
        length += row.data.length
        end = standingOf(row)
        isFull ||= rows.length > 0 && (length > pageLength || rows.length === pageRecords)
        if (!isFull) rows.push(row)
      }
    }
  return { rows, end, next: undefined }
}

async function readAll(
  asking: Asking,
  list: List,
  found: AsyncGenerator<Found[]>,
  skip: number,
  show: Show,
): Promise<ListAnswer> {
  const pages = pagesOf(asking, list.endpoints, behind(found, skip), show)
  const first = await pages.next()
  return {
    first: first.value ?? markup(''),
    rest: first.done ? undefined : pages,
    next: undefined,
  }
}

async function* learning(
  asking: Asking,
  streams: Stream[],
  found: AsyncGenerator<Found[]>,
): AsyncGenerator<Found[]> {
  yield* found
  for (const stream of streams) learnFilter(asking, stream)
}

async function* behind(found: AsyncGenerator<Found[]>, skip: number): AsyncGenerator<Found[]> {
  let left = skip
  for await (const rows of found) {
    if (left < rows.length) yield rows.slice(left)
    left = Math.max(0, left - rows.length)
  }
}

async function* upTo(
  found: AsyncGenerator<Found[]>,
  end: Standing,
  isNewestFirst: boolean,
): AsyncGenerator<Found[]> {
  for await (const rows of found) {
    const beyond = rows.findIndex((row) => compareStandings(row, end, isNewestFirst) > 0)
    yield beyond < 0 ? rows : rows.slice(0, beyond)
    if (beyond >= 0) return
  }
}
