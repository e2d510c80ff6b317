import type { Database } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import type { EndpointQuery } from '../../domain/queries/query.ts'
import type { OrderedEndpoint } from '../records/endpoints.ts'
import type { Position } from '../records/orders.ts'

/** How far a query goes before it does something else: all can be made small, so that a test meets every way. */
export interface Bounds {
  /** Records read in one turn, and their bytes, about. */
  window: number
  bytes: number
  /** Records the engine itself looks through at a time, off the thread that answers requests. */
  aside: number
  /** As many records as are looked at one by one, or sorted, rather than read along the keys of a path. */
  listed: number
  /** What looked through as many records makes keys for the next time. */
  keysFrom: number
  /** After so many records of which few passed, the engine looks by itself; after so many of an order, what passes is sorted. */
  rareFrom: number
  sparseFrom: number
  /** Records of one page of an answer, and characters: others have a turn between. */
  pageRecords: number
  pageLength: number
}

export const usualBounds: Bounds = {
  window: 200,
  bytes: 2 ** 18,
  aside: 50_000,
  listed: 10_000,
  keysFrom: 1000,
  rareFrom: 500,
  sparseFrom: 2000,
  pageRecords: 1000,
  pageLength: 2 ** 20,
}

/** What reading queries needs to know. */
export interface Asking {
  database: Database
  pda: number
  now: number
  /** How many paths an endpoint may have keys of. */
  orderPaths: number
  bounds: Bounds
  /** Whether nobody waits for the answer any more. */
  isGone?: () => boolean
}

/** One query of a list: an endpoint's records that pass, in an order. */
export interface Stream {
  /** The query's number in its list. */
  index: number
  query: EndpointQuery
  endpoint: OrderedEndpoint
  /** What it is ordered by; undefined: by place. */
  path: string[] | undefined
  descending: boolean
  /** The last place there was when the reading began. */
  until: number
  /** As many of its records as are ever asked for. */
  need: number
  /** Records looked at, and those that passed, so far. */
  read: number
  passed: number
}

/** A record that passed, and where in the order it stands: `back` is its place, negative. */
export interface Found extends Position {
  index: number
  place: number
  recordId: string
  data: string
}

/** Some of a stream in its order, perhaps none; `at` is how far was looked, undefined at the end. */
export interface Batch {
  rows: Found[]
  at: Position | undefined
}

/** Where in the order of a list a record stands: where two queries show one record, the first one's stands before. */
export interface Standing extends Position {
  index: number
}

export const standingOf = ({ key, back, index }: Standing): Standing => ({ ...(key && { key }), back, index })

/** Compares by key and place, then by query. */
export function compareStandings(a: Standing, b: Standing, newestFirst: boolean): number {
  const byKey = a.key && b.key ? Buffer.compare(a.key, b.key) : 0
  return byKey || (newestFirst ? a.back - b.back : b.back - a.back) || a.index - b.index
}

/** Where one of the queries goes on behind a record of the list. */
export function positionBehind(
  after: Standing | undefined,
  index: number,
  newestFirst: boolean,
): Position | undefined {
  if (!after) return undefined
  const { key, back } = after
  // Of a later query the same record is still to come.
  const step = newestFirst ? -1 : 1
  return { ...(key && { key }), back: index <= after.index ? back : back + step }
}

/** Puts streams together in their common order. */
export async function* merged(
  streams: AsyncGenerator<Batch>[],
  newestFirst: boolean,
): AsyncGenerator<Found[]> {
  if (streams.length === 1) {
    for await (const { rows } of streams[0]!) if (rows.length > 0) yield rows
    return
  }
  const heads = await Promise.all(streams.map(headOf))
  for (;;) {
    const rows: Found[] = []
    let dry: Head | undefined
    while (!dry) {
      let first: Head | undefined
      for (const head of heads) {
        if (head.at >= head.rows.length) continue
        const isBefore =
          first && compareStandings(head.rows[head.at]!, first.rows[first.at]!, newestFirst) < 0
        if (!first || isBefore) first = head
      }
      if (!first) break
      rows.push(first.rows[first.at]!)
      first.at += 1
      if (first.at === first.rows.length) dry = first
    }
    if (rows.length > 0) yield rows
    if (!dry) return
    await refill(dry)
  }
}

interface Head {
  stream: AsyncGenerator<Batch>
  rows: Found[]
  at: number
}

async function headOf(stream: AsyncGenerator<Batch>): Promise<Head> {
  const head = { stream, rows: [], at: 0 }
  await refill(head)
  return head
}

async function refill(head: Head): Promise<void> {
  head.at = 0
  do {
    const { value, done } = await head.stream.next()
    head.rows = done ? [] : value.rows
    if (done) return
  } while (head.rows.length === 0)
}

/** A position as the `after` of a `Link`: opaque to clients, the same on every server of the account. */
export function cursorOf(pda: number, { key, back }: Position): string {
  const seq = -back - placeBase(pda)
  return Buffer.from(`${seq}.${key ? Buffer.from(key).toString('base64url') : ''}`).toString('base64url')
}

/**
 * @param ordered whether the read orders by a path, so that its positions have keys
 * @returns undefined when the text is no cursor, or one of a read in another order
 */
export function positionOf(pda: number, cursor: string, ordered: boolean): Position | undefined {
  const found = /^(\d{1,10})\.([\w-]*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  if (!found || (found[2] !== '') !== ordered) return undefined
  const back = -(placeBase(pda) + Number(found[1]))
  return ordered ? { key: Buffer.from(found[2]!, 'base64url'), back } : { back }
}

/** The same for a list of queries. */
export const listCursorOf = (pda: number, { index, ...position }: Standing): string =>
  Buffer.from(`${index} ${cursorOf(pda, position)}`).toString('base64url')

/** @returns undefined as `positionOf` */
export function standingOfCursor(pda: number, cursor: string, ordered: boolean): Standing | undefined {
  const found = /^(\d{1,3}) ([\w-]*)$/.exec(Buffer.from(cursor, 'base64url').toString('latin1'))
  const position = found && positionOf(pda, found[2]!, ordered)
  return position ? { ...position, index: Number(found[1]) } : undefined
}
