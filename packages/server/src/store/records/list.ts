import { type RawBuilder, sql } from 'kysely'
import type { Database, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import { isPlainPath, keyAt, missingKey, pathOf } from '../../domain/queries/ordering.ts'
import { type Endpoint, findEndpoint } from './endpoints.ts'
import { anyAt, anyRead, findOrderPath, noteUse, withOrderKeys } from './order-paths.ts'
import { keyOrder, listOrder, placeOrder, type Position, sparsest } from './orders.ts'
import {
  type Extent,
  nothing,
  type Pages,
  readPages,
  type Shown,
  type Page,
  type PageText,
  pageText,
} from './pages.ts'

/** A read of one endpoint. */
export interface Listing extends Extent {
  endpoint: string
  /** Dotted path; undefined: by place. */
  orderBy: string | undefined
  descending: boolean
  shown: Shown
  now: number
  /** How many paths the endpoint may be ordered by before the one used longest ago is dropped. */
  orderPaths: number
}

/** How many records the engine is asked to sort; for more, keys are made first. */
const recordsSorted = 10_000

/** Reads the records of an endpoint in an order, page by page. */
export async function listRecords(database: Database, pda: number, listing: Listing): Promise<Pages> {
  if (listing.take === 0) return nothing
  const path = listing.orderBy
  const found = await database.read(async (unit) => {
    const endpoint = await findEndpoint(unit, pda, listing.endpoint)
    if (!endpoint) return nothing
    if (path === undefined) return byPlace(database, unit, pda, endpoint, listing)
    const ordered = await findOrderPath(unit, pda, endpoint.endpoint_id, pathOf(path), listing.descending)
    if (ordered?.filled_to !== null) return endpoint
    const pages = await byKeys(database, unit, pda, endpoint, ordered.path_id, listing)
    return { ...pages, used: ordered }
  })
  // Not waited for; what fails here is tried again at the path's next use.
  if ('used' in found) void noteUse(database, pda, found.used, listing.now).catch(() => undefined)
  return 'first' in found ? found : orderedFirst(database, pda, found, path!, listing)
}

async function byPlace(
  database: Database,
  unit: Unit,
  pda: number,
  endpoint: Endpoint,
  listing: Listing,
): Promise<Pages> {
  const until = await lastPlace(unit, pda, endpoint)
  const order = placeOrder(unit.dialect, pda, endpoint.endpoint_id, listing.descending, until)
  return readPages(database, unit, { pda, endpoint, order, shown: listing.shown }, listing)
}

async function lastPlace(unit: Unit, pda: number, { endpoint_id }: Endpoint): Promise<number> {
  const [row] = await unit.all<{ place: number | null }>(
    sql`select max(place) as place from record where pda_id = ${pda} and endpoint_id = ${endpoint_id}`,
  )
  return row!.place ?? placeBase(pda)
}

function byKeys(
  database: Database,
  unit: Unit,
  pda: number,
  endpoint: Endpoint,
  pathId: number,
  listing: Listing,
): Promise<Pages> {
  const order = keyOrder(pda, endpoint.endpoint_id, pathId)
  return readPages(database, unit, { pda, endpoint, order, shown: listing.shown }, listing)
}

/**
 * The first use of a path. Where the engine reads this data exactly as we do it sorts for us at once, on another thread, and the
 * keys are made behind its back; otherwise, and when a page is continued, the keys are made first. A path that no record has gets none.
 */
async function orderedFirst(
  database: Database,
  pda: number,
  endpoint: Endpoint,
  path: string,
  listing: Listing,
): Promise<Pages> {
  const names = pathOf(path)
  const readable = endpoint.awkward === 0 && isPlainPath(names)
  const fresh = listing.after === undefined
  if (readable && !(await anyAt(database, pda, endpoint, names)))
    return unordered(database, pda, endpoint, listing)
  if (!readable && !(await anyRead(database, pda, endpoint, names)))
    return unordered(database, pda, endpoint, listing)
  const isShort = listing.take <= recordsSorted
  const sorted =
    readable && fresh && isShort ? await byEngine(database, pda, endpoint, names, listing) : undefined
  if (!sorted) return byNewKeys(database, pda, endpoint, path, listing)
  // Only then, or the two would slow each other and everybody else. What fails here is tried again at the path's next use.
  void withKeys(database, pda, endpoint, path, listing, async () => undefined).catch(() => undefined)
  return sorted
}

/** By keys that are made first; again where another process drops the path before it is read. */
async function byNewKeys(
  database: Database,
  pda: number,
  endpoint: Endpoint,
  path: string,
  listing: Listing,
): Promise<Pages> {
  const read = () =>
    database.read(async (unit) => {
      const ordered = await findOrderPath(unit, pda, endpoint.endpoint_id, pathOf(path), listing.descending)
      return ordered?.filled_to === null
        ? byKeys(database, unit, pda, endpoint, ordered.path_id, listing)
        : undefined
    })
  for (;;) {
    const pages = await withKeys(database, pda, endpoint, path, listing, read)
    if (pages) return pages
  }
}

const withKeys = <T>(
  database: Database,
  pda: number,
  { endpoint_id }: Endpoint,
  path: string,
  { descending, orderPaths: most, now }: Listing,
  work: () => Promise<T>,
): Promise<T> => withOrderKeys(database, pda, endpoint_id, pathOf(path), { descending, most, now }, work)

/** No record has the path: all tie, newest first. */
async function unordered(
  database: Database,
  pda: number,
  endpoint: Endpoint,
  listing: Listing,
): Promise<Pages> {
  const pages = await database.read((unit) =>
    byPlace(database, unit, pda, endpoint, { ...listing, descending: true }),
  )
  return { ...pages, next: pages.next && { key: missingKey, back: pages.next.back } }
}

/** An endpoint's records, read along the key where most of the account between them are its own. */
async function allRecords(
  database: Database,
  pda: number,
  { endpoint_id }: Endpoint,
): Promise<RawBuilder<unknown>> {
  const ofEndpoint = sql`pda_id = ${pda} and endpoint_id = ${endpoint_id}`
  const [extent] = await database.one<{ records: number; last: number | null }>(sql`select
    (select coalesce(sum(records), 0) from endpoint_block where ${ofEndpoint}) as records,
    (select max(place) from record where ${ofEndpoint}) as last`)
  const { records, last } = extent!
  if (last === null || last - placeBase(pda) > records * sparsest) return sql`record where ${ofEndpoint}`
  return sql`record ${database.dialect.alongKey} where ${ofEndpoint} and place > ${placeBase(pda)} and place <= ${last}`
}

type Sorted = { place: number; updated_seq: number | null }

/** Sorted by the engine's own JSON functions; undefined when no record of the answer stayed as it was sorted. */
async function byEngine(
  database: Database,
  pda: number,
  endpoint: Endpoint,
  names: string[],
  listing: Listing,
): Promise<Pages | undefined> {
  const { dialect } = database
  const way = listing.descending ? sql`desc` : sql`asc`
  // Missing (8) comes last in both directions: descending it counts as 0.
  const kind = listing.descending
    ? sql`${dialect.jsonKind('data', names)} % 8`
    : dialect.jsonKind('data', names)
  const values = dialect.jsonValue('data', names)
  const named = values.map((value, index) => sql`${value} as ${sql.ref(`value${index}`)}`)
  const ordered = values.map(
    (_, index) => sql`case when kind < 4 then ${sql.ref(`value${index}`)} end ${way}`,
  )
  // The inner limit, which none reaches, keeps SQLite from working the kind out again for each place it is named.
  const rows = await database.aside<Sorted>(sql`select place, updated_seq from (
      select place, updated_seq, ${kind} as kind, ${sql.join(named)} from ${await allRecords(database, pda, endpoint)}
      limit ${Number.MAX_SAFE_INTEGER}) found
    order by kind ${way}, ${sql.join(ordered)}, place desc
    limit ${listing.take + 1} offset ${listing.skip}`)
  return database.read(async (unit) => {
    const asked = rows.slice(0, listing.take)
    const next =
      rows.length > asked.length ? await lastUnchanged(unit, pda, asked, names, listing) : undefined
    if (rows.length > asked.length && !next) return undefined
    const places = asked.slice(0, next && next.index + 1).map((row) => row.place)
    const reading = { pda, endpoint, order: listOrder(database, pda, places), shown: listing.shown }
    const pages = await readPages(database, unit, reading, { ...listing, skip: 0 })
    return { ...pages, next: next?.position }
  })
}

/**
 * The last of some sorted records that is as it was sorted, and where it stands: reading on behind one that was changed since
 * would repeat others or skip them. The answer ends with it.
 */
async function lastUnchanged(
  unit: Unit,
  pda: number,
  sorted: Sorted[],
  names: string[],
  { descending }: Listing,
): Promise<{ index: number; position: Position } | undefined> {
  for (let index = sorted.length - 1; index >= 0; index--) {
    const { place, updated_seq } = sorted[index]!
    const [row] = await unit.all<Sorted & { data: string }>(
      sql`select place, updated_seq, data from record where pda_id = ${pda} and place = ${place}`,
    )
    if (row && row.updated_seq === updated_seq)
      return { index, position: { key: keyAt(row.data, names, descending), back: -place } }
  }
  return undefined
}

/**
 * One record by its id, as JSON, in an array when `list` is set.
 * @returns with the name of its endpoint; undefined when there is none, or `mayShow` says no to its endpoint
 */
export async function readRecord(
  unit: Unit,
  pda: number,
  recordId: string,
  mayShow: (endpoint: string) => boolean,
  shown: Shown,
  list: boolean,
): Promise<(PageText & { endpoint: string }) | undefined> {
  const [row] = await unit.all<
    Endpoint & { place: number }
  >(sql`select place, name, endpoint.endpoint_id, largest, awkward
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and record_id = ${unit.dialect.id(recordId)}`)
  if (!row || !mayShow(row.name)) return undefined
  const order = listOrder(unit, pda, [row.place])
  const page: Page = {
    after: undefined,
    last: undefined,
    count: 1,
    begin: list ? '[' : '',
    end: list ? ']' : '',
  }
  return { ...(await pageText(unit, { pda, endpoint: row, order, shown }, page)), endpoint: row.name }
}

/** What a duplicate's place says to a caller who may read there. */
export async function recordsAt(
  unit: Unit,
  pda: number,
  places: number[],
): Promise<Map<number, { recordId: string; endpoint: string }>> {
  const rows = await unit.all<{ place: number; record_id: string; name: string }>(sql`
    select place, ${unit.dialect.idText('record_id')} as record_id, name
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and ${unit.dialect.among('place', places, 'number')}`)
  return new Map(rows.map((row) => [row.place, { recordId: row.record_id, endpoint: row.name }]))
}
