import { keyAt, missingKey, isPlainPath } from '../../domain/queries/ordering.ts'
import { anyAt, anyRead, noteUse } from '../records/order-paths.ts'
import { keyOrder, listOrder, placeOrder, type Position } from '../records/orders.ts'
import { keysOf, makeKeys, placesByIndex, LostOrderError, scan } from './scan.ts'
import type { Asking, Batch, Stream } from './streams.ts'

/** Where fewer than one record in so many passed, sorting those is faster than reading all in order. */
const sparseness = 100

/** The records of a stream behind a position, in its order. */
export function inOrder(asking: Asking, stream: Stream, after: Position | undefined): AsyncGenerator<Batch> {
  return stream.path ? byKey(asking, stream, stream.path, after) : byPlace(asking, stream, after)
}

/** Every record of a stream, in the order of their places. */
export async function* byPlace(
  asking: Asking,
  stream: Stream,
  after: Position | undefined,
): AsyncGenerator<Batch> {
  const { database, pda } = asking
  const { endpoint, descending, until, path } = stream
  const newestFirst = path !== undefined || descending
  const known = await placesByIndex(asking, stream)
  if (!known) {
    const order = placeOrder(database.dialect, pda, endpoint.endpoint_id, newestFirst, until)
    const isWhole = stream.query.filters.length === 0
    return yield* scan(asking, stream, order, after, isWhole ? Math.max(stream.need, 1) : undefined)
  }
  const places = known
    .filter(
      (place) => place <= until && (!after || (newestFirst ? -place > after.back : -place < after.back)),
    )

    .toSorted((a, b) => (newestFirst ? b - a : a - b))
  yield* listed(asking, stream, places)
}

async function* listed(
  asking: Asking,
  stream: Stream,
  places: number[],
  keys?: Map<number, Uint8Array>,
): AsyncGenerator<Batch> {
  const list = listOrder(asking.database, asking.pda, places)
  for await (const { rows } of scan(asking, stream, list, { back: -1 })) {
    if (keys) for (const row of rows) row.key = keys.get(row.place)!
    yield { rows, at: rows.at(-1) }
  }
}

async function* byKey(
  asking: Asking,
  stream: Stream,
  path: string[],
  after: Position | undefined,
): AsyncGenerator<Batch> {
  const { database, pda, now } = asking
  const keys = keysOf(stream, path, stream.descending)
  if (keys) void noteUse(database, pda, keys, now).catch(() => undefined)
  const isNarrowed = keys && stream.query.filters.length > 0 && (await placesByIndex(asking, stream))
  let pathId = keys?.path_id
  if (!keys || isNarrowed) {
    const sorted = await sortedBehind(asking, stream, path, after)
    if (sorted) return yield* sorted
  }
  if (pathId === undefined && !(await isAnywhere(asking, stream, path)))
    return yield* withoutKeys(asking, stream, after)
  for (let from = after; ;) {
    pathId ??= await makeKeys(asking, stream, path, stream.descending)
    try {
      return yield* alongKeys(asking, stream, path, pathId, (at) => (from = at), from)
    } catch (error) {
      if (!(error instanceof LostOrderError)) throw error
      pathId = undefined
    }
  }
}

/** Along the keys for as long as enough of the records pass; then the rest is sorted, unless it is too much. */
async function* alongKeys(
  asking: Asking,
  stream: Stream,
  path: string[],
  pathId: number,
  note: (at: Position) => void,
  after: Position | undefined,
): AsyncGenerator<Batch> {
  const order = keyOrder(asking.pda, stream.endpoint.endpoint_id, pathId)
  let isTried = stream.query.filters.length === 0
  const isWhole = isTried
  for await (const batch of scan(
    asking,
    stream,
    order,
    after,
    isWhole ? Math.max(stream.need, 1) : undefined,
  )) {
    yield batch
    if (!batch.at) return
    note(batch.at)
    if (isTried || stream.read < asking.bounds.sparseFrom || stream.passed * sparseness > stream.read)
      continue
    isTried = true
    const sorted = await sortedBehind(asking, stream, path, batch.at)
    if (sorted) return yield* sorted
  }
}

/**
 * What passes, sorted here: all of it, or as much as is ever asked for.
 * @returns undefined when that is too much
 */
async function sortedBehind(
  asking: Asking,
  stream: Stream,
  path: string[],
  after: Position | undefined,
): Promise<AsyncGenerator<Batch> | undefined> {
  const { listed: most } = asking.bounds
  let entries: { key: Uint8Array; back: number }[] = []
  const sort = () => entries.toSorted((a, b) => Buffer.compare(a.key, b.key) || a.back - b.back)
  for await (const { rows } of byPlace(asking, stream, undefined)) {
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
  if (stream.read >= asking.bounds.keysFrom && !keysOf(stream, path, stream.descending))
    void learnOrder(asking, stream, path).catch(() => undefined)
  return listed(asking, stream, [...keys.keys()], keys)
}

const isBehind = (one: { key: Uint8Array; back: number }, after: Position) =>
  (Buffer.compare(one.key, after.key ?? missingKey) || one.back - after.back) > 0

async function learnOrder(asking: Asking, stream: Stream, path: string[]): Promise<void> {
  if (await isAnywhere(asking, stream, path)) await makeKeys(asking, stream, path, stream.descending)
}

/** Whether any record has the path: one that none has gets no keys. */
function isAnywhere({ database, pda }: Asking, { endpoint }: Stream, path: string[]): Promise<boolean> {
  const isReadable = endpoint.awkward === 0 && isPlainPath(path)
  return (isReadable ? anyAt : anyRead)(database, pda, endpoint, path)
}

/** No record has the path: all tie, newest first. */
async function* withoutKeys(
  asking: Asking,
  stream: Stream,
  after: Position | undefined,
): AsyncGenerator<Batch> {
  const isBefore = after?.key && Buffer.compare(after.key, missingKey) < 0
  for await (const { rows, at } of byPlace(asking, stream, isBefore ? undefined : after)) {
    for (const row of rows) row.key = missingKey
    yield { rows, at: at && { ...at, key: missingKey } }
  }
}
