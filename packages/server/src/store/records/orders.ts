import { type RawBuilder, sql } from 'kysely'
import type { Dialect, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import { missingKey } from '../../domain/queries/ordering.ts'
import { direction, inRange, placeAfter, type Range } from './endpoints.ts'

/** Where in an order a record stands: its key where the order has keys, and its place, negative (`back`). */
export interface Position {
  key?: Uint8Array
  back: number
}

/** An order of an endpoint's records: what a page needs of it. */
export interface Order {
  /** Whether its positions are places, and whether its rows have a `key`. */
  isByPlace?: true
  isByKey?: true
  /** The `count`-th record behind a position and not behind `last`; undefined when there are fewer. */
  find(unit: Unit, after: Position | undefined, count: number, last?: Position): Promise<Position | undefined>
  /**
   * The records behind one position, up to and with another or to the end, in order: a SELECT without its column list.
   * @param count how many there are, about
   * @param only leaves some out: ` and ...`, on columns of `record`
   */
  from(
    after: Position | undefined,
    last: Position | undefined,
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
  dialect: Dialect,
  pda: number,
  endpointId: number,
  descending: boolean,
  until: number,
): Order {
  const start = descending ? until : placeBase(pda)
  const range = (after: Position | undefined): Range => ({
    descending,
    from: after === undefined ? start : -after.back + (descending ? -1 : 1),
    until,
  })
  return {
    isByPlace: true,
    async find(unit, after, count, last) {
      const place = await placeAfter(unit, pda, endpointId, range(after), count - 1)
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
export function keyOrder(pda: number, endpointId: number, pathId: number): Order {
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

const behind = (after: Position | undefined) =>
  after ? sql`and (key, back) > (${Buffer.from(after.key ?? missingKey)}, ${after.back})` : sql``

const upTo = (last: Position | undefined) =>
  last ? sql`and (key, back) <= (${Buffer.from(last.key ?? missingKey)}, ${last.back})` : sql``

/** By a list of places; a position is an index of the list. */
export function listOrder(unit: Pick<Unit, 'dialect'>, pda: number, places: readonly number[]): Order {
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
        join record on record.pda_id = ${pda} and record.place = listed.place ${only} order by listed.position`
    },
  }
}
