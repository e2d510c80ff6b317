import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import { keyAt, missingKey } from '../../domain/queries/ordering.ts'
import { type Endpoint } from './endpoints.ts'
import { insertKeys, listOrderPaths, type OrderPath, storedPath } from './order-keys.ts'

/** Records that get their keys in one unit: others write between. */
const rowsFilled = 2000
const rowsDropped = 5000
/** How old the note of a path's last use may be, in milliseconds, before it is written again. */
const useNoted = 60_000

/** The fills that run in this process, so that a path that many ask for is filled once. Nothing about data is decided by it. */
const filling = new WeakMap<object, Map<string, Promise<void>>>()

/** The end of the line of those who make keys, by endpoint. */
const lines = new WeakMap<object, Map<string, Promise<unknown>>>()

/** Works when all who came before for the same endpoint are done. */
async function queued<T>(database: AccountDatabase, endpoint: string, work: () => Promise<T>): Promise<T> {
  const ofDatabase = lines.get(database.engine) ?? new Map<string, Promise<unknown>>()
  lines.set(database.engine, ofDatabase)
  const before = ofDatabase.get(endpoint) ?? Promise.resolve()
  const mine = before.then(work, work)
  const end = mine.catch(() => undefined)
  ofDatabase.set(endpoint, end)
  try {
    return await mine
  } finally {
    if (ofDatabase.get(endpoint) === end) ofDatabase.delete(endpoint)
  }
}

export async function findOrderPath(
  unit: Unit,
  endpointId: number,
  path: readonly string[],
  descending: boolean,
): Promise<OrderPath | undefined> {
  const paths = await listOrderPaths(unit, [endpointId])
  const stored = storedPath(path)
  return paths.find((one) => one.path === stored && one.descending === (descending ? 1 : 0))
}

/**
 * Registers a path, so that every record written from now on gets its key, and drops the path used longest ago where there
 * are too many.
 * @param most how many paths an endpoint may have
 * @returns the path, whoever registered it
 */
async function addOrderPath(
  database: AccountDatabase,
  endpointId: number,
  path: readonly string[],
  descending: boolean,
  most: number,
  now: number,
): Promise<OrderPath> {
  const { added, dropped } = await database.write(async (unit) => {
    await unit.lock()
    const known = await findOrderPath(unit, endpointId, path, descending)
    if (known) return { added: known, dropped: [] }
    const paths = await listOrderPaths(unit, [endpointId])
    const least = paths
      .toSorted((one, other) => one.used_at - other.used_at)
      .slice(0, Math.max(0, paths.length - most + 1))
    for (const one of least) {
      await unit.all(
        sql`delete from order_path where pda_id = ${unit.pda} and endpoint_id = ${endpointId} and path_id = ${one.path_id}`,
      )
    }
    return { added: await insertPath(unit, endpointId, path, descending, now), dropped: least }
  })
  for (const one of dropped) await dropKeys(database, one)
  return added
}

async function insertPath(
  unit: Unit,
  endpointId: number,
  path: readonly string[],
  descending: boolean,
  now: number,
): Promise<OrderPath> {
  const ofEndpoint = sql`pda_id = ${unit.pda} and endpoint_id = ${endpointId}`
  // Keys of a path that was dropped may still be there: its number is not given again.
  const [last] = await unit.all<{ path_id: number; key_path_id: number; place: number }>(sql`select
    (select coalesce(max(path_id), 0) from order_path where ${ofEndpoint}) as path_id,
    (select coalesce(max(path_id), 0) from order_key where ${ofEndpoint}) as key_path_id,
    (select coalesce(max(place), 0) from record where ${ofEndpoint}) as place`)
  const row: OrderPath = {
    endpoint_id: endpointId,
    path_id: Math.max(last!.path_id, last!.key_path_id) + 1,
    path: storedPath(path),
    descending: descending ? 1 : 0,
    used_at: now,
    filled_to: placeBase(unit.pda),
    fill_end: last!.place,
  }
  await unit.insertMany('order_path', { pda_id: unit.pda, ...row })
  return row
}

async function dropKeys(database: AccountDatabase, path: OrderPath): Promise<void> {
  const ofPath = sql`pda_id = ${database.pda} and endpoint_id = ${path.endpoint_id} and path_id = ${path.path_id}`
  for (let more = true; more;) {
    more = await database.write(async (unit) => {
      const [last] = await unit.all<{ key: Uint8Array; back: number }>(sql`select key, back from order_key
        where ${ofPath} order by key, back limit 1 offset ${rowsDropped}`)
      // Up to a key, rather than a list of them: without statistics PostgreSQL compares each with each.
      const some = last ? sql`and (key, back) <= (${last.key}, ${last.back})` : sql``
      await unit.all(sql`delete from order_key where ${ofPath} ${some}`)
      return last !== undefined
    })
  }
}

/** Gives the records that were there before the path was registered their keys, some at a time; resolves when all have one. */
function fillOrderPath(database: AccountDatabase, path: OrderPath): Promise<void> {
  const ofDatabase = filling.get(database.engine) ?? new Map<string, Promise<void>>()
  filling.set(database.engine, ofDatabase)
  const name = `${database.pda}/${path.endpoint_id}/${path.path_id}`
  let running = ofDatabase.get(name)
  if (!running) {
    running = fill(database, path).finally(() => ofDatabase.delete(name))
    ofDatabase.set(name, running)
  }
  return running
}

async function fill(database: AccountDatabase, path: OrderPath): Promise<void> {
  while (await database.write((unit) => fillSome(unit, path)));
}

/** @returns whether there is more to do */
async function fillSome(unit: Unit, { endpoint_id, path_id }: OrderPath): Promise<boolean> {
  // The account is locked first, so that no other process changes the records between being read and getting their keys.
  await unit.lock()
  const path = (await listOrderPaths(unit, [endpoint_id])).find((one) => one.path_id === path_id)
  if (!path || path.filled_to === null) return false
  const rows = await unit.all<{ place: number; data: string }>(sql`select place, data from record
    where pda_id = ${unit.pda} and endpoint_id = ${endpoint_id} and place > ${path.filled_to} and place <= ${path.fill_end}
    order by place limit ${rowsFilled}`)
  await insertKeys(
    unit,
    path,
    rows.map((row) => row.place),
    rows.map((row) => row.data),
  )
  const filledTo = rows.length < rowsFilled ? null : rows.at(-1)!.place
  await unit.all(sql`update order_path set filled_to = ${filledTo}
    where pda_id = ${unit.pda} and endpoint_id = ${endpoint_id} and path_id = ${path_id}`)
  return filledTo !== null
}

/**
 * Makes a path's keys and works with them. Paths of an endpoint take turns, or they would drop one another before any is read.
 * @param most how many paths the endpoint may have
 */
export function withOrderKeys<T>(
  database: AccountDatabase,
  endpointId: number,
  path: readonly string[],
  { descending, most, now }: { descending: boolean; most: number; now: number },
  work: (made: OrderPath) => Promise<T>,
): Promise<T> {
  return queued(database, `${database.pda}/${endpointId}`, async () => {
    const ordered = await addOrderPath(database, endpointId, path, descending, most, now)
    await fillOrderPath(database, ordered)
    return work(ordered)
  })
}

/** Notes that a path was used, now and then: the one used longest ago is dropped first. */
export async function markUsed(database: AccountDatabase, path: OrderPath, now: number): Promise<void> {
  if (now - path.used_at < useNoted) return
  await database.write((unit) =>
    unit.all(sql`update order_path set used_at = ${now}
      where pda_id = ${unit.pda} and endpoint_id = ${path.endpoint_id} and path_id = ${path.path_id}`),
  )
}

/** Whether any record of the endpoint has something at the path, asked of the engine: only for endpoints that are not awkward. */
export async function anyAt(
  database: AccountDatabase,
  endpoint: Endpoint,
  path: readonly string[],
): Promise<boolean> {
  const rows =
    await database.background(sql`select 1 from record where pda_id = ${database.pda} and endpoint_id = ${endpoint.endpoint_id}
    and ${database.dialect.jsonKind('data', path)} < 8 limit 1`)
  return rows.length > 0
}

/** Whether any record of the endpoint has something at the path, read by ourselves. */
export async function anyRead(
  database: AccountDatabase,
  endpoint: Endpoint,
  names: readonly string[],
): Promise<boolean> {
  for (let after = placeBase(database.pda); ;) {
    const rows = await database.background<{ place: number; data: string }>(sql`select place, data from record
      where pda_id = ${database.pda} and endpoint_id = ${endpoint.endpoint_id} and place > ${after} order by place limit 500`)
    if (rows.some((row) => keyAt(row.data, names, false) !== missingKey)) return true
    if (rows.length < 500) return false
    after = rows.at(-1)!.place
  }
}
