import { sql } from 'kysely'
import { placeBase } from '../../database/tables.ts'
import { shown } from '../../domain/consent/disclosure.ts'
import * as aggregation from '../../domain/queries/aggregates.ts'
import { orderPathOf, pathOf } from '../../domain/queries/ordering.ts'
import type { EndpointQuery, PropertyQuery } from '../../domain/queries/query.ts'
import { findEndpoints } from '../records/endpoints.ts'
import { comparePlaces, keyOrder, type Place, placeOf, placeOrder } from '../records/orders.ts'
import {
  type Bounds,
  markup,
  nothing,
  type Pages,
  type QueryContext,
  type Released,
  release,
  released,
  type TextPage,
} from './context.ts'
import { byPlace, inOrder } from './orders.ts'
import { pageOf, pagesOf, type Show } from './rendered.ts'
import { keysOf, learnFilter } from './scan.ts'
import type { Envelope, Stretch } from './spliced.ts'
import { type Found, merged, placeBehind, type Stream } from './streams.ts'
import { type One, readOne, readWhole } from './whole.ts'

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

const newestFirst = ({ orderBy, descending }: List) => orderBy !== undefined || descending

/**
 * Reads a list of queries: what passes their filters, ordered together, as the text of an array.
 *
 * @param show makes of a record's data what is shown; an envelope: the list is one query for all records of an endpoint, as they are
 * @throws QueryError when a mapping makes far more of a record than it has, or `orderBy` names no field
 */
export async function readList(
  context: QueryContext,
  list: List,
  stretch: Stretch,
  show: Show | Envelope,
): Promise<Released> {
  const asked = list.endpoints.map(({ endpoint }) => endpoint)
  return released(context, [...new Set(asked)], await arrayPages(context, list, stretch, show))
}

/** Pages of records as they are kept are put together by the engine, others here. */
async function arrayPages(
  context: QueryContext,
  list: List,
  stretch: Stretch,
  show: Show | Envelope,
): Promise<Pages> {
  const { orderBy, descending } = list
  const query = list.endpoints[0]!
  const whole = { endpoint: query.endpoint, descending, ...stretch }
  if (typeof show !== 'function') {
    const path = orderBy === undefined ? undefined : pathOf(orderBy)
    return readWhole(context, { ...whole, path, envelope: show })
  }
  if (show !== shown || list.endpoints.length > 1 || !isWhole(query))
    return inBrackets(await listPages(context, list, stretch, show))
  const path = orderBy === undefined ? undefined : orderPathOf(query, orderBy)
  return readWhole(context, { ...whole, path, envelope: { meta: false, linked: undefined } })
}

const isWhole = ({ filters, mapping, links, coarse = [] }: EndpointQuery): boolean =>
  !mapping && filters.length + links.length + coarse.length === 0

function inBrackets({ first, rest, next }: Pages<TextPage>): Pages<TextPage> {
  const text = `[${first.text}${rest ? '' : ']'}`
  return { first: { ...first, text }, rest: rest && restInBrackets(rest, first.records > 0), next }
}

async function* restInBrackets(rest: AsyncIterable<TextPage>, isBehind: boolean): AsyncGenerator<TextPage> {
  let comma = isBehind ? ',' : ''
  for await (const page of rest) {
    if (page.records === 0) continue
    yield { ...page, text: comma + page.text }
    comma = ','
  }
  yield markup(']')
}

/** One record by its id, as JSON; undefined when there is none that may be seen. */
export async function readRecord(context: QueryContext, one: One): Promise<Released | undefined> {
  const found = await readOne(context, one, false)
  return found && released(context, [found.endpoint], { ...nothing, first: found })
}

/** A list of an endpoint's record with an id, or of none. */
export async function readListedRecord(
  context: QueryContext,
  endpoint: string,
  one: Omit<One, 'mayShow'>,
): Promise<Released> {
  const found = await readOne(context, { ...one, mayShow: (name) => name === endpoint }, true)
  return released(context, [endpoint], { ...nothing, ...(found && { first: found }) })
}

/** What is computed of an endpoint's records that pass filters, as JSON. */
export async function readAggregate(
  context: QueryContext,
  query: EndpointQuery,
  state: aggregation.Aggregation,
): Promise<string> {
  let records = 0
  for await (const rows of eachMatch(context, query)) {
    for (const { data } of rows) aggregation.add(state, data)
    records += rows.length
  }
  await release(context, [query.endpoint], { records, endpoints: [query.endpoint] })
  return aggregation.result(state)
}

/** Whether any record is in a list. None of it leaves. */
export async function hasAny(context: QueryContext, property: PropertyQuery): Promise<boolean> {
  const list = { ...listOf(property), orderBy: undefined }
  const stretch = { after: undefined, skip: 0, take: Math.min(1, property.limit ?? 1) }
  const { first } = await listPages(context, list, stretch, () => 'null')
  return first.records > 0
}

/** The pages of a list, their texts joined by commas, not released: whoever puts them together does that. */
export async function listPages(
  context: QueryContext,
  list: List,
  stretch: Stretch,
  show: Show,
): Promise<Pages<TextPage>> {
  const { skip, take } = stretch
  const streams = await streamsOf(context, list, skip + take + 1)
  const begin = await skipped(context, streams, stretch)
  const found = recordsBehind(context, streams, newestFirst(list), begin.after)
  if (take === Infinity) return readAll(context, list, learning(context, streams, found), begin.skip, show)
  const { rows, end, next } = await readStretch(found, begin.skip, take, context.bounds)
  for (const stream of streams) learnFilter(context, stream)
  const first = await pageOf(context, list.endpoints, rows, show)
  const { last } = first
  if (!last || comparePlaces(last, end!, newestFirst(list)) === 0) return { first, rest: undefined, next }
  const again = streams.map((stream) => ({ ...stream, read: 0, passed: 0 }))
  const others = upTo(recordsBehind(context, again, newestFirst(list), last), end!, newestFirst(list))
  return { first, rest: pagesOf(context, list.endpoints, others, show), next }
}

/** How many records pass the filters of a list. */
export async function countList(context: QueryContext, list: List): Promise<number> {
  const streams = await streamsOf(context, { ...list, orderBy: undefined }, Infinity)
  let count = 0
  for (const stream of streams) {
    if (stream.query.filters.length === 0) count += await countAll(context, stream)
    else for await (const { rows } of byPlace(context, stream, undefined)) count += rows.length
    learnFilter(context, stream)
  }
  return count
}

/** Every record that passes, some at a time, newest first. */
async function* eachMatch(context: QueryContext, query: EndpointQuery): AsyncGenerator<Found[]> {
  const list = { endpoints: [query], orderBy: undefined, descending: true }
  for (const stream of await streamsOf(context, list, Infinity)) {
    for await (const { rows } of byPlace(context, stream, undefined)) yield rows
    learnFilter(context, stream)
  }
}

async function countAll({ database }: QueryContext, { endpoint: { endpoint_id } }: Stream): Promise<number> {
  const [row] = await database.one<{
    records: number | null
  }>(sql`select cast(sum(records) as bigint) as records
    from endpoint_block where pda_id = ${database.pda} and endpoint_id = ${endpoint_id}`)
  return row?.records ?? 0
}

async function streamsOf({ database }: QueryContext, list: List, need: number): Promise<Stream[]> {
  const { endpoints: queries, orderBy, descending } = list
  const names = [...new Set(queries.map(({ endpoint }) => endpoint))]
  const { known, seq } = await database.read(async (unit) => {
    const [rows, found] = await Promise.all([
      unit.all<{ seq: number }>(sql`select seq from pda where pda_id = ${database.pda}`),
      findEndpoints(unit, names),
    ])
    return { known: found, seq: rows[0]?.seq ?? 0 }
  })
  return queries.flatMap((query, index): Stream[] => {
    const path = orderBy === undefined ? undefined : orderPathOf(query, orderBy)
    const endpoint = known.get(query.endpoint)
    const until = placeBase(database.pda) + seq
    return endpoint ? [{ index, query, endpoint, path, descending, until, need, read: 0, passed: 0 }] : []
  })
}

/** Where to begin: what is skipped of one whole endpoint need not be read. */
async function skipped(
  { database }: QueryContext,
  streams: Stream[],
  { skip, after }: Stretch,
): Promise<{ after: Place | undefined; skip: number }> {
  const [stream] = streams
  if (skip === 0 || !stream || streams.length > 1 || stream.query.filters.length > 0) return { after, skip }
  const { endpoint, path, descending, until, index } = stream
  const keys = path && keysOf(stream, path, descending)
  if (path && !keys) return { after, skip }
  const order = keys
    ? keyOrder(database, endpoint.endpoint_id, keys.path_id)
    : placeOrder(database, endpoint.endpoint_id, descending, until)
  const from = placeBehind(after, index, path !== undefined || descending)
  const last = await database.read((unit) => order.find(unit, from, skip))
  return last ? { after: { ...last, index }, skip: 0 } : { after, skip: Infinity }
}

const recordsBehind = (
  context: QueryContext,
  streams: Stream[],
  isNewestFirst: boolean,
  after: Place | undefined,
) =>
  merged(
    streams.map((stream) => inOrder(context, stream, placeBehind(after, stream.index, isNewestFirst))),
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
  let end: Place | undefined
  if (take === 0 || skip === Infinity) return { rows, end, next: undefined }
  for await (const some of found)
    for (const row of some) {
      if (left > 0) left -= 1
      else if (count === take) return { rows, end, next: end }
      else {
        count += 1
        length += row.data.length
        end = placeOf(row)
        isFull ||= rows.length > 0 && (length > pageLength || rows.length === pageRecords)
        if (!isFull) rows.push(row)
      }
    }
  return { rows, end, next: undefined }
}

async function readAll(
  context: QueryContext,
  list: List,
  found: AsyncGenerator<Found[]>,
  skip: number,
  show: Show,
): Promise<Pages<TextPage>> {
  const pages = pagesOf(context, list.endpoints, behind(found, skip), show)
  const first = await pages.next()
  return {
    first: first.value ?? markup(''),
    rest: first.done ? undefined : pages,
    next: undefined,
  }
}

async function* learning(
  context: QueryContext,
  streams: Stream[],
  found: AsyncGenerator<Found[]>,
): AsyncGenerator<Found[]> {
  yield* found
  for (const stream of streams) learnFilter(context, stream)
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
  end: Place,
  isNewestFirst: boolean,
): AsyncGenerator<Found[]> {
  for await (const rows of found) {
    const beyond = rows.findIndex((row) => comparePlaces(row, end, isNewestFirst) > 0)
    yield beyond < 0 ? rows : rows.slice(0, beyond)
    if (beyond >= 0) return
  }
}
