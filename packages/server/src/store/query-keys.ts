import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import { queryWords } from '../domain/json/words.ts'
import { type Filter, matches } from '../domain/queries/filters.ts'
import { keyAt, missingKey } from '../domain/queries/ordering.ts'
import { keyRanges, type KeyRange } from '../domain/queries/ranges.ts'
import type { Asking, Stream } from './queries/streams.ts'
import { type OrderPath, storedPath } from './records/order-keys.ts'
import { noteUse, withOrderKeys } from './records/order-paths.ts'
import { hasWordIndex, indexWords, placesWithWords } from './records/word-index.ts'

/** More ranges than this are not looked up one by one. */
const mostRanges = 100
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
async function placesByKeys(asking: Asking, stream: Stream): Promise<number[] | undefined> {
  const { database, pda, bounds, now } = asking
  let [fewest, used]: [number[] | undefined, OrderPath | undefined] = [undefined, undefined]
  for (const filter of stream.query.filters) {
    const range = keyRanges(filter)
    const path = range && keysOf(stream, range.path, false)
    if (!path || range.ranges.length > mostRanges) continue
    const most = Math.min(bounds.listed, fewest?.length ?? Infinity)
    const places = await database.read((unit) => placesWithin(unit, pda, path, range.ranges, most))
    if (places) [fewest, used] = [places, path]
  }
  if (used) void noteUse(database, pda, used, now).catch(() => undefined)
  return fewest
}

/** The places of all records that may pass, by whichever index leaves the fewest. */
export async function placesByIndex(asking: Asking, stream: Stream): Promise<number[] | undefined> {
  const [byKeys, byWords] = [await placesByKeys(asking, stream), await placesByWords(asking, stream)]
  return byKeys && byWords && byKeys.length < byWords.length ? byKeys : (byWords ?? byKeys)
}

async function placesByWords(asking: Asking, { query, endpoint }: Stream): Promise<number[] | undefined> {
  if (!hasWordIndex(endpoint)) return undefined
  const words = query.filters.flatMap(({ operator }) =>
    operator.operator === 'find' ? queryWords(operator.search) : [],
  )
  if (words.length === 0) return undefined
  const { database, pda, bounds } = asking
  // Looking at all records takes so long that even many are few.
  return placesWithWords(database, pda, endpoint.endpoint_id, [...new Set(words)], 10 * bounds.listed)
}

/** @returns undefined when there are more than `most`, or the keys were dropped */
async function placesWithin(
  unit: Unit,
  pda: number,
  { endpoint_id, path_id }: OrderPath,
  ranges: KeyRange[],
  most: number,
): Promise<number[] | undefined> {
  const ofPath = sql`pda_id = ${pda} and endpoint_id = ${endpoint_id} and path_id = ${path_id}`
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
export function learnFilter(asking: Asking, stream: Stream): void {
  const { read, passed, query } = stream
  if (read < asking.bounds.keysFrom || passed * worthKeys > read) return
  const able = query.filters.filter((filter) => {
    const range = keyRanges(filter)
    return range && range.ranges.length <= mostRanges && !keysOf(stream, range.path, false)
  })
  const searches = query.filters.some(({ operator }) => operator.operator === 'find')
  if (searches && !hasWordIndex(stream.endpoint))
    void indexWords(asking.database, asking.pda, stream.endpoint.endpoint_id).catch(() => undefined)
  if (able.length > 0) void learn(asking, stream, able).catch(() => undefined)
}

async function learn(asking: Asking, stream: Stream, filters: Filter[]): Promise<void> {
  const { database, pda } = asking
  const { endpoint_id } = stream.endpoint
  const rows = await database.aside<{ data: string }>(sql`select data from record
    where pda_id = ${pda} and endpoint_id = ${endpoint_id} order by place desc limit ${sampled}`)
  const tried = filters.map((filter) => ({
    path: filter.path,
    passed: rows.filter(({ data }) => matches([filter], data)).length,
    isThere: rows.some(({ data }) => keyAt(data, filter.path, false) !== missingKey),
  }))
  const [best] = tried.filter(({ isThere }) => isThere).toSorted((a, b) => a.passed - b.passed)
  if (best && best.passed * worthKeys <= rows.length) await makeKeys(asking, stream, best.path, false)
}

/** Makes the keys of a path, and gives the path's number. */
export function makeKeys(
  { database, pda, orderPaths: most, now }: Asking,
  { endpoint: { endpoint_id } }: Stream,
  path: readonly string[],
  descending: boolean,
): Promise<number> {
  const settings = { descending, most, now }
  return withOrderKeys(database, pda, endpoint_id, path, settings, async (made) => made.path_id)
}
