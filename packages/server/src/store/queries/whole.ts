import { type RawBuilder, sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import { isPlainPath, keyAt, missingKey } from '../../domain/queries/ordering.ts'
import { type Endpoint, findEndpoint } from '../records/endpoints.ts'
import { findOrderPath, markUsed } from '../records/order-paths.ts'
import { keyOrder, listOrder, type Place, placeOrder, sparsest } from '../records/orders.ts'
import { nothing, type Page, type Pages, type QueryContext } from './context.ts'
import { isAnywhere, makeKeys, withKeys } from './scan.ts'
import { type Envelope, splicedPage, splicedPages, type Stretch } from './spliced.ts'

/** All records of one endpoint in an order, as they are kept, or a stretch of them. */
export interface Whole extends Stretch {
  endpoint: string
  /** What it is ordered by; undefined: by place. */
  path: string[] | undefined
  descending: boolean
  envelope: Envelope
}

/** How many records the engine is asked to sort; for more, keys are made first. */
const recordsSorted = 10_000

/** Reads the records of an endpoint in an order, page by page. */
export async function readWhole(context: QueryContext, whole: Whole): Promise<Pages> {
  if (whole.take === 0) return nothing
  const { database, now } = context
  const { path } = whole
  const found = await database.read(async (unit) => {
    const endpoint = await findEndpoint(unit, whole.endpoint)
    if (!endpoint) return nothing
    if (path === undefined) return byPlace(context, unit, endpoint, whole)
    const ordered = await findOrderPath(unit, endpoint.endpoint_id, path, whole.descending)
    if (ordered?.filled_to !== null) return endpoint
    const pages = await byKeys(context, unit, endpoint, ordered.path_id, whole)
    return { ...pages, used: ordered }
  })
  // Not waited for; what fails here is tried again at the path's next use.
  if ('used' in found) void markUsed(database, found.used, now).catch(() => undefined)
  return 'first' in found ? found : orderedFirst(context, found, path!, whole)
}

async function byPlace(context: QueryContext, unit: Unit, endpoint: Endpoint, whole: Whole): Promise<Pages> {
  const until = await lastPlace(unit, endpoint)
  const order = placeOrder(unit, endpoint.endpoint_id, whole.descending, until)
  return splicedPages(context, unit, { endpoint, order, envelope: whole.envelope }, whole)
}

async function lastPlace(unit: Unit, { endpoint_id }: Endpoint): Promise<number> {
  const [row] = await unit.all<{ place: number | null }>(
    sql`select max(place) as place from record where pda_id = ${unit.pda} and endpoint_id = ${endpoint_id}`,
  )
  return row!.place ?? placeBase(unit.pda)
}

function byKeys(
  context: QueryContext,
  unit: Unit,
  endpoint: Endpoint,
  pathId: number,
  whole: Whole,
): Promise<Pages> {
  const order = keyOrder(context.database, endpoint.endpoint_id, pathId)
  return splicedPages(context, unit, { endpoint, order, envelope: whole.envelope }, whole)
}

/**
 * The first use of a path. Where the engine reads this data exactly as we do it sorts for us at once, on another thread, and the
 * keys are made behind its back; otherwise, and when a page is continued, the keys are made first. A path that no record has gets none.
 */
async function orderedFirst(
  context: QueryContext,
  endpoint: Endpoint,
  path: string[],
  whole: Whole,
): Promise<Pages> {
  const readable = endpoint.awkward === 0 && isPlainPath(path)
  const fresh = whole.after === undefined
  if (!(await isAnywhere(context, endpoint, path))) return unordered(context, endpoint, whole)
  const isShort = whole.take <= recordsSorted
  const sorted = readable && fresh && isShort ? await byEngine(context, endpoint, path, whole) : undefined
  if (!sorted) return byNewKeys(context, endpoint, path, whole)
  // Only then, or the two would slow each other and everybody else. What fails here is tried again at the path's next use.
  void makeKeys(context, endpoint, path, whole.descending).catch(() => undefined)
  return sorted
}

/** By keys that are made first; again where another process drops the path before it is read. */
async function byNewKeys(
  context: QueryContext,
  endpoint: Endpoint,
  path: string[],
  whole: Whole,
): Promise<Pages> {
  const read = () =>
    context.database.read(async (unit) => {
      const ordered = await findOrderPath(unit, endpoint.endpoint_id, path, whole.descending)
      return ordered?.filled_to === null ? byKeys(context, unit, endpoint, ordered.path_id, whole) : undefined
    })
  for (;;) {
    const pages = await withKeys(context, endpoint, path, whole.descending, read)
    if (pages) return pages
  }
}

/** No record has the path: all tie, newest first. */
async function unordered(context: QueryContext, endpoint: Endpoint, whole: Whole): Promise<Pages> {
  const pages = await context.database.read((unit) =>
    byPlace(context, unit, endpoint, { ...whole, descending: true }),
  )
  return { ...pages, next: pages.next && { key: missingKey, back: pages.next.back } }
}

/** An endpoint's records, read along the key where most of the account between them are its own. */
async function allRecords(
  { database }: QueryContext,
  { endpoint_id }: Endpoint,
): Promise<RawBuilder<unknown>> {
  const ofEndpoint = sql`pda_id = ${database.pda} and endpoint_id = ${endpoint_id}`
  const [extent] = await database.one<{ records: number; last: number | null }>(sql`select
    (select coalesce(sum(records), 0) from endpoint_block where ${ofEndpoint}) as records,
    (select max(place) from record where ${ofEndpoint}) as last`)
  const { records, last } = extent!
  if (last === null || last - placeBase(database.pda) > records * sparsest)
    return sql`record where ${ofEndpoint}`
  return sql`record ${database.dialect.alongKey} where ${ofEndpoint} and place > ${placeBase(database.pda)} and place <= ${last}`
}

type Sorted = { place: number; updated_seq: number | null }

/** Sorted by the engine's own JSON functions; undefined when no record of the answer stayed as it was sorted. */
async function byEngine(
  context: QueryContext,
  endpoint: Endpoint,
  names: string[],
  whole: Whole,
): Promise<Pages | undefined> {
  const { database } = context
  const { dialect } = database
  const way = whole.descending ? sql`desc` : sql`asc`
  // Missing (8) comes last in both directions: descending it counts as 0.
  const kind = whole.descending
    ? sql`${dialect.jsonKind('data', names)} % 8`
    : dialect.jsonKind('data', names)
  const values = dialect.jsonValue('data', names)
  const named = values.map((value, index) => sql`${value} as ${sql.ref(`value${index}`)}`)
  const ordered = values.map(
    (_, index) => sql`case when kind < 4 then ${sql.ref(`value${index}`)} end ${way}`,
  )
  // The inner limit, which none reaches, keeps SQLite from working the kind out again for each place it is named.
  const rows = await database.background<Sorted>(sql`select place, updated_seq from (
      select place, updated_seq, ${kind} as kind, ${sql.join(named)} from ${await allRecords(context, endpoint)}
      limit ${Number.MAX_SAFE_INTEGER}) found
    order by kind ${way}, ${sql.join(ordered)}, place desc
    limit ${whole.take + 1} offset ${whole.skip}`)
  return database.read(async (unit) => {
    const asked = rows.slice(0, whole.take)
    const next = rows.length > asked.length ? await lastUnchanged(unit, asked, names, whole) : undefined
    if (rows.length > asked.length && !next) return undefined
    const places = asked.slice(0, next && next.index + 1).map((row) => row.place)
    const reading = { endpoint, order: listOrder(database, places), envelope: whole.envelope }
    const pages = await splicedPages(context, unit, reading, { ...whole, skip: 0 })
    return { ...pages, next: next?.place }
  })
}

/**
 * The last of some sorted records that is as it was sorted, and where it stands: reading on behind one that was changed since
 * would repeat others or skip them. The answer ends with it.
 */
async function lastUnchanged(
  unit: Unit,
  sorted: Sorted[],
  names: string[],
  { descending }: Whole,
): Promise<{ index: number; place: Place } | undefined> {
  for (let index = sorted.length - 1; index >= 0; index--) {
    const { place, updated_seq } = sorted[index]!
    const [row] = await unit.all<Sorted & { data: string }>(
      sql`select place, updated_seq, data from record where pda_id = ${unit.pda} and place = ${place}`,
    )
    if (row && row.updated_seq === updated_seq)
      return { index, place: { key: keyAt(row.data, names, descending), back: -place } }
  }
  return undefined
}

/** A record by its id, and what may be seen of it. */
export interface One {
  recordId: string
  mayShow(endpoint: string): boolean
  envelope: Envelope
}

/**
 * One record by its id, as JSON, in an array when `list` is set.
 * @returns undefined when there is none, or `mayShow` says no to its endpoint
 */
export async function readOne(
  { database }: QueryContext,
  { recordId, mayShow, envelope }: One,
  list: boolean,
): Promise<(Page & { endpoint: string }) | undefined> {
  return database.read(async (unit) => {
    const [row] = await unit.all<
      Endpoint & { place: number }
    >(sql`select place, name, endpoint.endpoint_id, largest, awkward
      from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
      where record.pda_id = ${database.pda} and record_id = ${unit.dialect.id(recordId)}`)
    if (!row || !mayShow(row.name)) return undefined
    const order = listOrder(unit, [row.place])
    const [begin, end] = list ? (['[', ']'] as const) : (['', ''] as const)
    const part = { after: undefined, last: undefined, count: 1, begin, end }
    return { ...(await splicedPage(unit, { endpoint: row, order, envelope }, part)), endpoint: row.name }
  })
}
