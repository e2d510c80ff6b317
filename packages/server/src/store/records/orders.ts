import { type RawBuilder, sql } from 'kysely'
import type { OfAccount, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import { missingKey } from '../../domain/queries/ordering.ts'
import { direction, type Endpoint, inRange, placeAfter, type Range } from './endpoints.ts'

/**
 * Where in an order a record stands: its key where the order has keys, and its place, negative (`back`). In a list of several
 * queries the number of its query counts, too: where two show one record, the first one's stands before.
 */
export interface Place {
  key?: Uint8Array
  back: number
  index?: number
}

export const placeOf = ({ key, back, index }: Place): Place => ({
  ...(key && { key }),
  back,
  ...(index !== undefined && { index }),
})

/** Compares by key and place, then by query. */
export function comparePlaces(a: Place, b: Place, newestFirst: boolean): number {
  const byKey = a.key && b.key ? Buffer.compare(a.key, b.key) : 0
  const byIndex = (a.index ?? 0) - (b.index ?? 0)
  return byKey || (newestFirst ? a.back - b.back : b.back - a.back) || byIndex
}

/** A place as the `after` of a `Link`: opaque to clients, the same on every server of the account. */
export function cursorOf({ pda }: Pick<OfAccount, 'pda'>, { index = 0, key, back }: Place): string {
  const seq = -back - placeBase(pda)
  const text = `${index}.${seq}.${key ? Buffer.from(key).toString('base64url') : ''}`
  return Buffer.from(text).toString('base64url')
}

/** @returns undefined when the text is no cursor */
export function placeAt({ pda }: Pick<OfAccount, 'pda'>, cursor: string): Place | undefined {
  const text = Buffer.from(cursor, 'base64url').toString('latin1')
  const [, index, seq, key] = /^(\d{1,3})\.(\d{1,10})\.([\w-]*)$/.exec(text) ?? []
  if (seq === undefined) return undefined
  const place = { back: -(placeBase(pda) + Number(seq)), index: Number(index) }
  return key ? { ...place, key: Buffer.from(key, 'base64url') } : place
}

/** An order of an endpoint's records: what a page needs of it. */
export interface Order {
  /** Whether its places are all there is to it, and whether its rows have a `key`. */
  isByPlace?: true
  isByKey?: true
  /** The `count`-th record behind a place and not behind `last`; undefined when there are fewer. */
  find(unit: Unit, after: Place | undefined, count: number, last?: Place): Promise<Place | undefined>
  /**
   * The records behind one place, up to and with another or to the end, in order: a SELECT without its column list.
   * @param count how many there are, about
   * @param only leaves some out: ` and ...`, on columns of `record`
   */
  from(
    after: Place | undefined,
    last: Place | undefined,
    count: number,
    only?: RawBuilder<unknown>,
  ): RawBuilder<unknown>
  /** Whether it was given up while it was being read; left out where that cannot be. */
  isLost?(unit: Unit): Promise<boolean>
}

/** An account's places between two of which every so many are one endpoint's are read along the key, the others passed over. */
export const sparsest = 4

/** By place. Ascending ends with the newest record there was when the read began. */
export function placeOrder(
  { dialect, pda }: OfAccount,
  endpointId: number,
  descending: boolean,
  until: number,
): Order {
  const start = descending ? until : placeBase(pda)
  const range = (after: Place | undefined): Range => ({
    descending,
    from: after === undefined ? start : -after.back + (descending ? -1 : 1),
    until,
  })
  return {
    isByPlace: true,
    async find(unit, after, count, last) {
      const place = await placeAfter(unit, endpointId, range(after), count - 1)
      if (place === undefined || (last && (descending ? place < -last.back : place > -last.back)))
        return undefined
      return { back: -place }
    },
    from(after, last, count, only = sql``) {
      const from = range(after)
      const end = last && (descending ? sql`and place >= ${-last.back}` : sql`and place <= ${-last.back}`)
      const isDense = last && Math.abs(from.from + last.back) < count * sparsest
      return sql`from record ${isDense ? dialect.alongKey : sql``}
        where pda_id = ${pda} and endpoint_id = ${endpointId} and ${inRange(from)} ${end ?? sql``} ${only}
        order by place ${direction(from)}`
    },
  }
}

/** By the keys of a path: every record of the endpoint has one. */
export function keyOrder({ pda }: OfAccount, endpointId: number, pathId: number): Order {
  const ofPath = sql`order_key.pda_id = ${pda} and order_key.endpoint_id = ${endpointId} and order_key.path_id = ${pathId}`
  return {
    isByKey: true,
    async find(unit, after, count, last) {
      const rows = await unit.all<{ key: Uint8Array; back: number }>(sql`select key, back from order_key
        where ${ofPath} ${behind(after)} ${upTo(last)} order by key, back limit 1 offset ${count - 1}`)
      return rows[0]
    },
    from(after, last, _, only = sql``) {
      return sql`from order_key join record on record.pda_id = order_key.pda_id and record.place = -order_key.back
        where ${ofPath} ${behind(after)} ${upTo(last)} ${only} order by key, back`
    },
    async isLost(unit) {
      const rows = await unit.all(sql`select 1 from order_path
        where pda_id = ${pda} and endpoint_id = ${endpointId} and path_id = ${pathId}`)
      return rows.length === 0
    },
  }
}

const behind = (after: Place | undefined) =>
  after ? sql`and (key, back) > (${Buffer.from(after.key ?? missingKey)}, ${after.back})` : sql``

const upTo = (last: Place | undefined) =>
  last ? sql`and (key, back) <= (${Buffer.from(last.key ?? missingKey)}, ${last.back})` : sql``

/** By a list of places; a place's `back` is an index of the list. */
export function listOrder(unit: OfAccount, places: readonly number[]): Order {
  return {
    async find(_, after, count, last) {
      const index = (after === undefined ? 0 : after.back + 1) + count - 1
      return index <= (last?.back ?? places.length - 1) ? { back: index } : undefined
    },
    from(after, last, _, only = sql``) {
      const part = places.slice(
        after === undefined ? 0 : after.back + 1,
        last === undefined ? undefined : last.back + 1,
      )
      return sql`from ${unit.dialect.listed(part)} listed
        join record on record.pda_id = ${unit.pda} and record.place = listed.place ${only} order by listed.position`
    },
  }
}

/** What a record takes beside its data, roughly. */
const envelopeBytes = 200

/** How many of the records behind a place, of at most so many, fit into so many bytes; at least one. */
export async function fittingLength(
  unit: Unit,
  endpoint: Endpoint,
  order: Order,
  after: Place | undefined,
  most: number,
  bytes: number,
): Promise<number> {
  if ((endpoint.largest + envelopeBytes) * most <= bytes) return most
  const rows = await unit.all<{ bytes: number }>(
    sql`select ${unit.dialect.bytes('data')} as bytes ${order.from(after, undefined, most)} limit ${most}`,
  )
  let left = bytes
  const fitting = rows.findIndex((row) => (left -= row.bytes + envelopeBytes) < 0)
  return fitting === -1 ? most : Math.max(fitting, 1)
}
