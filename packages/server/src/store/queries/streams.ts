import type { EndpointQuery } from '../../domain/queries/query.ts'
import type { OrderedEndpoint } from '../records/endpoints.ts'
import { comparePlaces, type Place } from '../records/orders.ts'

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

/** A record that passed, and where in the order it stands. */
export interface Found extends Place {
  /** Of its query. */
  index: number
  place: number
  recordId: string
  data: string
}

/** Some of a stream in its order, perhaps none; `at` is how far was looked, undefined at the end. */
export interface Batch {
  rows: Found[]
  at: Place | undefined
}

/** Where one of the queries goes on behind a record of the list. */
export function placeBehind(
  after: Place | undefined,
  index: number,
  newestFirst: boolean,
): Place | undefined {
  if (!after) return undefined
  const { key, back } = after
  // Of a later query the same record is still to come.
  const step = newestFirst ? -1 : 1
  return { ...(key && { key }), back: index <= (after.index ?? 0) ? back : back + step }
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
        const isBefore = first && comparePlaces(head.rows[head.at]!, first.rows[first.at]!, newestFirst) < 0
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
