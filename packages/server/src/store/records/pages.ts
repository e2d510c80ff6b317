import { type RawBuilder, sql } from 'kysely'
import type { Database, Dialect, Text, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import type { Endpoint } from './endpoints.ts'
import { linkedPlaces } from './links.ts'
import { type Order, type Position } from './orders.ts'

/** Records and bytes of one page: a longer answer is read page by page, with a turn for others between. */
const pageRecords = 1000
const pageBytes = 2 * 2 ** 20
/** Records of one page when each brings its linked ones along, of which there may be thousands. */
const linkedPageRecords = 10
/** What the envelope around a record's data takes, roughly. */
const envelopeBytes = 200

/** What a record shows beside its data. */
export interface Shown {
  meta: boolean
  /** Which linked records are shown with it, by endpoint; undefined: none are asked for. */
  linked: ((endpoint: string) => boolean) | undefined
}

const columns = (dialect: Dialect) =>
  sql`record.place, ${dialect.idDigits('record_id')} as digits, data, created_at, updated_at, updated_seq, writer`

/**
 * A record's JSON up to and with its data, as one SQL text over rows of `columns`.
 * @param head its JSON up to the record id
 */
function opening(dialect: Dialect, pda: number, head: RawBuilder<string>, shown: Shown): RawBuilder<string> {
  const id = dialect.idOfDigits(sql`digits`)
  if (!shown.meta) return dialect.concat(head, id, sql`'","data":'`, sql`data`)
  const seq = sql<string>`cast(cast(coalesce(updated_seq, place - ${placeBase(pda)}) as bigint) as text)`
  const updated = sql<string>`coalesce(',"updated":"' || ${dialect.isoTime('updated_at')} || '"', '')`
  const meta = [sql`'","seq":'`, seq, sql`',"created":"'`, dialect.isoTime('created_at'), sql`'"'`, updated]
  return dialect.concat(
    head,
    id,
    ...(meta as RawBuilder<string>[]),
    sql`',"writer":"'`,
    sql`writer`,
    sql`'","data":'`,
    sql`data`,
  )
}

/** Which records of which endpoint, how shown. */
export interface Reading {
  pda: number
  endpoint: Endpoint
  order: Order
  shown: Shown
}

/** A page between two positions, and what its text begins and ends with. */
export interface Page {
  after: Position | undefined
  last: Position | undefined
  /** How many records it may have. */
  count: number
  begin: '[' | ',' | ''
  end: ']' | ''
}

/** A page's text, and what is on it: linked records count, and their endpoints are named. */
export interface PageText {
  text: Text
  records: number
  linked: readonly string[]
}

/** The text of a page's records, joined by commas. */
export async function pageText(
  unit: Unit,
  { pda, endpoint, order, shown }: Reading,
  page: Page,
): Promise<PageText> {
  const { dialect } = unit
  const head = sql<string>`${`{"endpoint":"${endpoint.name}","recordId":"`}`
  const rows = sql`(select ${columns(dialect)} ${order.from(page.after, page.last, page.count)}) rows`
  if (shown.linked) {
    const records = await linkedRecords(
      unit,
      pda,
      sql`select place, ${opening(dialect, pda, head, shown)} as text from ${rows}`,
      shown,
    )
    const { text } = records
    return { ...records, text: text === '' && page.begin === ',' ? page.end : page.begin + text + page.end }
  }
  const text = dialect.concat(opening(dialect, pda, head, shown), sql`'}'`)
  const [row] = await unit.all<{ body: Text; records: number }>(
    sql`select ${dialect.joined(text, page)} as body, count(*) as records from ${rows}`,
  )
  return { text: row!.body, records: row!.records, linked: [] }
}

type Opened = { place: number; text: string }

/** Records, given without their ends, each with its linked ones. */
async function linkedRecords(
  unit: Unit,
  pda: number,
  opened: RawBuilder<Opened>,
  shown: Shown,
): Promise<PageText & { text: string }> {
  const rows = await unit.all(opened)
  const places = rows.map((row) => row.place)
  const linked = await linkedPlaces(unit, pda, places)
  const others = await openedAt(unit, pda, [...new Set([...linked.values()].flat())], shown)
  const records = rows.map(({ place, text }) => {
    const links = (linked.get(place) ?? []).flatMap((other) => others.get(other)?.text ?? [])
    return `${text},"links":[${links.join()}]}`
  })
  const endpoints = new Set(Array.from(others.values(), ({ name }) => name))
  return { text: records.join(), records: rows.length + others.size, linked: [...endpoints] }
}

/** The records at these places that may be shown, each as complete JSON. */
async function openedAt(
  unit: Unit,
  pda: number,
  places: number[],
  shown: Shown,
): Promise<Map<number, { text: string; name: string }>> {
  if (places.length === 0) return new Map()
  const { dialect } = unit
  const head = sql<string>`'{"endpoint":"' || name || '","recordId":"'`
  const rows = await unit.all<
    Opened & { name: string }
  >(sql`select place, name, ${opening(dialect, pda, head, shown)} as text
    from (select ${columns(dialect)}, name from record
      join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
      where record.pda_id = ${pda} and ${dialect.among('place', places, 'number')}) rows`)
  return new Map(
    rows
      .filter(({ name }) => shown.linked!(name))
      .map(({ place, name, text }) => [place, { name, text: `${text}}` }]),
  )
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
    sql`select ${unit.dialect.bytes('data')} as bytes ${order.from(after, undefined, most)} limit ${most}`,
  )
  let left = pageBytes
  const fitting = rows.findIndex(({ bytes }) => (left -= bytes + envelopeBytes) < 0)
  return fitting === -1 ? most : Math.max(fitting, 1)
}

/** What a read answers with: the text of its array, the first page of it and the others one by one. */
export interface Pages {
  first: PageText
  /** Undefined when the first page is all. */
  rest: AsyncIterable<PageText> | undefined
  /** The last record, when there are more behind it. */
  next: Position | undefined
}

/** The answer that has no records. */
export const nothing: Pages = {
  first: { text: '[]', records: 0, linked: [] },
  rest: undefined,
  next: undefined,
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
  if (extent.take === 0 || (extent.skip > 0 && after === undefined)) return nothing
  const end = await order.find(unit, after, extent.take)
  const next = end && (await order.find(unit, end, 1)) ? end : undefined
  const length = await pageLength(unit, reading, after)
  const last = length < extent.take ? await order.find(unit, after, length, end) : undefined
  const first = await pageText(unit, reading, {
    after,
    last: last ?? end,
    count: Math.min(length, extent.take),
    begin: '[',
    end: last ? '' : ']',
  })
  return { first, rest: last && remaining(database, reading, last, end), next }
}

async function* remaining(
  database: Database,
  reading: Reading,
  from: Position,
  end: Position | undefined,
): AsyncGenerator<PageText> {
  for (let after: Position | undefined = from; after;) {
    const page: PageText & { last: Position | undefined } = await database.read(async (unit) => {
      if (await reading.order.isLost?.(unit)) throw new Error('the order was dropped while it was being read')
      const length = await pageLength(unit, reading, after)
      const last = await reading.order.find(unit, after, length, end)
      const text = await pageText(unit, reading, {
        after,
        last: last ?? end,
        count: length,
        begin: ',',
        end: last ? '' : ']',
      })
      return { ...text, last }
    })
    yield page
    after = page.last
  }
}
