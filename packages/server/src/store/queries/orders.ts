import { keyAt, missingKey } from '../../domain/queries/ordering.ts'
import { markUsed } from '../records/order-paths.ts'
import { keyOrder, listOrder, placeOrder, type Place } from '../records/orders.ts'
import type { QueryContext } from './context.ts'
import { isAnywhere, keysOf, makeKeys, placesByIndex, LostOrderError, scan } from './scan.ts'
import type { Batch, Stream } from './streams.ts'

/** Where fewer than one record in so many passed, sorting those is faster than reading all in order. */
const sparseness = 100

/** The records of a stream behind a place, in its order. */
export function inOrder(
  context: QueryContext,
  stream: Stream,
  after: Place | undefined,
): AsyncGenerator<Batch> {
  return stream.path ? byKey(context, stream, stream.path, after) : byPlace(context, stream, after)
}

/** Every record of a stream, in the order of their places. */
export async function* byPlace(
  context: QueryContext,
  stream: Stream,
  after: Place | undefined,
): AsyncGenerator<Batch> {
  const { database } = context
  const { endpoint, descending, until, path } = stream
  const newestFirst = path !== undefined || descending
  const known = await placesByIndex(context, stream)
  if (!known) {
    const order = placeOrder(database, endpoint.endpoint_id, newestFirst, until)
    const isWhole = stream.query.filters.length === 0
    return yield* scan(context, stream, order, after, isWhole ? Math.max(stream.need, 1) : undefined)
  }
  const places = known
    .filter(
      (place) => place <= until && (!after || (newestFirst ? -place > after.back : -place < after.back)),
    )
    .toSorted((a, b) => (newestFirst ? b - a : a - b))
  yield* listed(context, stream, places)
}

async function* listed(
  context: QueryContext,
  stream: Stream,
  places: number[],
  keys?: Map<number, Uint8Array>,
): AsyncGenerator<Batch> {
  const list = listOrder(context.database, places)
  for await (const { rows } of scan(context, stream, list, { back: -1 })) {
    if (keys) for (const row of rows) row.key = keys.get(row.place)!
    yield { rows, at: rows.at(-1) }
  }
}

async function* byKey(
  context: QueryContext,
  stream: Stream,
  path: string[],
  after: Place | undefined,
): AsyncGenerator<Batch> {
  const { database, now } = context
  const keys = keysOf(stream, path, stream.descending)
  if (keys) void markUsed(database, keys, now).catch(() => undefined)
  const isNarrowed = keys && stream.query.filters.length > 0 && (await placesByIndex(context, stream))
  let pathId = keys?.path_id
  if (!keys || isNarrowed) {
    const sorted = await sortedBehind(context, stream, path, after)
    if (sorted) return yield* sorted
  }
  if (pathId === undefined && !(await isAnywhere(context, stream.endpoint, path)))
    return yield* withoutKeys(context, stream, after)
  for (let from = after; ;) {
    pathId ??= await makeKeys(context, stream.endpoint, path, stream.descending)
    try {
      return yield* alongKeys(context, stream, path, pathId, (at) => (from = at), from)
    } catch (error) {
      if (!(error instanceof LostOrderError)) throw error
      pathId = undefined
    }
  }
}

/** Along the keys for as long as enough of the records pass; then the rest is sorted, unless it is too much. */
async function* alongKeys(
  context: QueryContext,
  stream: Stream,
  path: string[],
  pathId: number,
  note: (at: Place) => void,
  after: Place | undefined,
): AsyncGenerator<Batch> {
  const order = keyOrder(context.database, stream.endpoint.endpoint_id, pathId)
  let isTried = stream.query.filters.length === 0
  const isWhole = isTried
  for await (const batch of scan(
    context,
    stream,
    order,
    after,
    isWhole ? Math.max(stream.need, 1) : undefined,
  )) {
    yield batch
    if (!batch.at) return
    note(batch.at)
    if (isTried || stream.read < context.bounds.sparseFrom || stream.passed * sparseness > stream.read)
      continue
    isTried = true
    const sorted = await sortedBehind(context, stream, path, batch.at)
    if (sorted) return yield* sorted
  }
}

/**
 * What passes, sorted here: all of it, or as much as is ever asked for.
 * @returns undefined when that is too much
 */
async function sortedBehind(
  context: QueryContext,
  stream: Stream,
  path: string[],
  after: Place | undefined,
): Promise<AsyncGenerator<Batch> | undefined> {
  const { listed: most } = context.bounds
  let entries: { key: Uint8Array; back: number }[] = []
  const sort = () => entries.toSorted((a, b) => Buffer.compare(a.key, b.key) || a.back - b.back)
  for await (const { rows } of byPlace(context, stream, undefined)) {
    for (const { data, back } of rows) {
      const key = keyAt(data, path, stream.descending)
      if (!after || isBehind({ key, back }, after)) entries.push({ key, back })
    }
    if (entries.length > 2 * most) {
      if (stream.need > most) return undefined
      entries = sort().slice(0, stream.need)
    }
  }
  const keys = new Map(sort().map(({ key, back }) => [-back, key]))
  if (stream.read >= context.bounds.keysFrom && !keysOf(stream, path, stream.descending))
    void learnOrder(context, stream, path).catch(() => undefined)
  return listed(context, stream, [...keys.keys()], keys)
}

const isBehind = (one: { key: Uint8Array; back: number }, after: Place) =>
  (Buffer.compare(one.key, after.key ?? missingKey) || one.back - after.back) > 0

async function learnOrder(context: QueryContext, stream: Stream, path: string[]): Promise<void> {
  if (await isAnywhere(context, stream.endpoint, path))
    await makeKeys(context, stream.endpoint, path, stream.descending)
}

/** No record has the path: all tie, newest first. */
async function* withoutKeys(
  context: QueryContext,
  stream: Stream,
  after: Place | undefined,
): AsyncGenerator<Batch> {
  const isBefore = after?.key && Buffer.compare(after.key, missingKey) < 0
  for await (const { rows, at } of byPlace(context, stream, isBefore ? undefined : after)) {
    for (const row of rows) row.key = missingKey
    yield { rows, at: at && { ...at, key: missingKey } }
  }
}
