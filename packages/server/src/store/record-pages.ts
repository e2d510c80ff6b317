import { type RawBuilder, sql } from 'kysely'
import type { Database, Text, Unit } from '../database/port.ts'
import { placeBase } from '../database/tables.ts'
import type { Endpoint } from './endpoints.ts'
import { linkedPlaces } from './links.ts'
import { listOrder, type Order, type Position } from './record-orders.ts'

/** Records and bytes of one page: a longer answer is read page by page, with a turn for others between. */
const pageRecords = 1000
const pageBytes = 2 * 2 ** 20
/** Records of one page when each brings its linked ones along. */
const linkedPageRecords = 50
/** What the envelope around a record's data takes, roughly. */
const envelopeBytes = 200

/** What a record shows beside its data. */
export interface Shown {
  meta: boolean
  /** Which linked records are shown with it, by endpoint; undefined: none are asked for. */
  linked: ((endpoint: string) => boolean) | undefined
}

/** A record's JSON up to its data, and the data, as one SQL text. */
function opening(
  unit: Pick<Unit, 'dialect'>,
  pda: number,
  endpoint: RawBuilder<string>,
  shown: Shown,
): RawBuilder<string> {
  const { dialect } = unit
  const head = sql`'{"endpoint":"' || ${endpoint} || '","recordId":"' || ${dialect.idText('record_id')}`
  if (!shown.meta) return sql`${head} || '","data":' || data`
  const updated = sql`coalesce(',"updated":"' || ${dialect.isoTime('updated_at')} || '"', '')`
  return sql`${head} || '","seq":' || cast(coalesce(updated_seq, record.place - ${placeBase(pda)}) as bigint) || ',"created":"' ||
    ${dialect.isoTime('created_at')} || '"' || ${updated} || ',"writer":"' || writer || '","data":' || data`
}

const columns = sql`record.place, record_id, data, created_at, updated_at, updated_seq, writer`

/** Which records of which endpoint, how shown. */
interface Reading {
  pda: number
  endpoint: Endpoint
  order: Order
  shown: Shown
}

/** The text of the records behind a position, up to and with another, joined by commas; empty when there are none. */
async function pageText(
  unit: Unit,
  reading: Reading,
  after: Position | undefined,
  last: Position | undefined,
): Promise<Text> {
  const { pda, endpoint, order, shown } = reading
  const name = sql<string>`${sql.lit(endpoint.name)}`
  if (shown.linked) return linkedText(unit, pda, name, order.from(after, last), shown)
  const text = sql<string>`${opening(unit, pda, name, shown)} || '}'`
  const [row] = await unit.all<{ body: Text | null }>(
    sql`select ${unit.dialect.joined(text)} as body from (select ${columns} ${order.from(after, last)}) record`,
  )
  return row!.body ?? ''
}

type Opened = { place: number; text: string }

/** The same with each record's linked ones. */
async function linkedText(
  unit: Unit,
  pda: number,
  name: RawBuilder<string>,
  from: RawBuilder<unknown>,
  shown: Shown,
): Promise<string> {
  const rows = await unit.all<Opened>(
    sql`select place, ${opening(unit, pda, name, shown)} as text from (select ${columns} ${from}) record`,
  )
  const linked = await linkedPlaces(
    unit,
    pda,
    rows.map((row) => row.place),
  )
  const others = await openedAt(unit, pda, [...new Set([...linked.values()].flat())], shown)
  return rows
    .map(({ place, text }) => {
      const links = (linked.get(place) ?? []).flatMap((other) => others.get(other) ?? [])
      return `${text},"links":[${links.join()}]}`
    })
    .join()
}

/** The records at these places that may be shown, each as complete JSON. */
async function openedAt(
  unit: Unit,
  pda: number,
  places: number[],
  shown: Shown,
): Promise<Map<number, string>> {
  if (places.length === 0) return new Map()
  const rows = await unit.all<
    Opened & { name: string }
  >(sql`select place, name, ${opening(unit, pda, sql`name`, shown)} as text
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and ${unit.dialect.among('place', places, 'number')}`)
  return new Map(rows.filter((row) => shown.linked!(row.name)).map((row) => [row.place, `${row.text}}`]))
}

/** How many of the records behind a position one page may take. */
async function pageLength(
  unit: Unit,
  { endpoint, order, shown }: Reading,
  after: Position | undefined,
): Promise<number> {
  const most = shown.linked ? linkedPageRecords : pageRecords
  if ((endpoint.largest + envelopeBytes) * most <= pageBytes) return most
  const rows = await unit.all<{ bytes: number }>(
    sql`select ${unit.dialect.bytes('data')} as bytes ${order.from(after, undefined)} limit ${most}`,
  )
  let left = pageBytes
  const fitting = rows.findIndex(({ bytes }) => (left -= bytes + envelopeBytes) < 0)
  return fitting === -1 ? most : Math.max(fitting, 1)
}

/** What a read answers with: its first page, and the others one by one. */
export interface Pages {
  first: Text
  /** Undefined when the first page is all. */
  rest: AsyncIterable<Text> | undefined
  /** The last record, when there are more behind it. */
  next: Position | undefined
}

/** How much of an order is read. */
export interface Extent {
  after: Position | undefined
  skip: number
  take: number
}

/**
 * Reads a stretch of an order.
 * @param unit the snapshot the first page comes from; the others each have their own, so that no slow reader holds one open
 */
export async function readPages(
  database: Database,
  unit: Unit,
  reading: Reading,
  extent: Extent,
): Promise<Pages> {
  const { order } = reading
  const after = extent.skip === 0 ? extent.after : await order.find(unit, extent.after, extent.skip)
  if (extent.take === 0 || (extent.skip > 0 && after === undefined))
    return { first: '', rest: undefined, next: undefined }
  const end = await order.find(unit, after, extent.take)
  const next = end && (await order.find(unit, end, 1)) ? end : undefined
  const length = await pageLength(unit, reading, after)
  const last = length < extent.take ? await order.find(unit, after, length, end) : undefined
  const first = await pageText(unit, reading, after, last ?? end)
  return { first, rest: last && remaining(database, reading, last, end), next }
}

async function* remaining(
  database: Database,
  reading: Reading,
  from: Position,
  end: Position | undefined,
): AsyncGenerator<Text> {
  for (let after: Position | undefined = from; after;) {
    const page: { text: Text; last: Position | undefined } = await database.read(async (unit) => {
      const length = await pageLength(unit, reading, after)
      const last = await reading.order.find(unit, after, length, end)
      return { text: await pageText(unit, reading, after, last ?? end), last }
    })
    if (page.text.length > 0) yield page.text
    after = page.last
  }
}

/** One record by its id, as JSON; undefined when there is none or `shown` may not show it. */
export async function readRecord(
  unit: Unit,
  pda: number,
  recordId: string,
  mayShow: (endpoint: string) => boolean,
  shown: Shown,
): Promise<Text | undefined> {
  const [row] = await unit.all<
    Endpoint & { place: number }
  >(sql`select place, name, endpoint.endpoint_id, largest, awkward, changed_at
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and record_id = ${unit.dialect.id(recordId)}`)
  if (!row || !mayShow(row.name)) return undefined
  return pageText(
    unit,
    { pda, endpoint: row, order: listOrder(unit, pda, [row.place]), shown },
    undefined,
    undefined,
  )
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
