import { type RawBuilder, sql } from 'kysely'
import type { Dialect, Text, Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import type { Endpoint } from '../records/endpoints.ts'
import { linkedPlaces } from '../records/links.ts'
import { fittingLength, type Order, type Place } from '../records/orders.ts'
import { linkedPageRecords, nothing, type Page, type Pages, type QueryContext } from './context.ts'
import { LostOrderError } from './scan.ts'

/** What is shown around a record's data. */
export interface Envelope {
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
function opening({ dialect, pda }: Unit, head: RawBuilder<string>, envelope: Envelope): RawBuilder<string> {
  const id = dialect.idOfDigits(sql`digits`)
  if (!envelope.meta) return dialect.concat(head, id, sql`'","data":'`, sql`data`)
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

/** Which records of which endpoint, with what around them. */
export interface Reading {
  endpoint: Endpoint
  order: Order
  envelope: Envelope
}

/** A page between two places, and what its text begins and ends with. */
export interface Part {
  after: Place | undefined
  last: Place | undefined
  /** How many records it may have. */
  count: number
  begin: '[' | ',' | ''
  end: ']' | ''
}

/** A page's records, joined by commas. */
export async function splicedPage(
  unit: Unit,
  { endpoint, order, envelope }: Reading,
  part: Part,
): Promise<Page> {
  const { dialect } = unit
  const { after, last, count } = part
  const head = sql<string>`${`{"endpoint":"${endpoint.name}","recordId":"`}`
  const rows = sql`(select ${columns(dialect)} ${order.from(after, last, count)}) rows`
  if (envelope.linked) {
    const opened = sql<Opened>`select place, ${opening(unit, head, envelope)} as text from ${rows}`
    const { text, records, others } = await withLinked(unit, opened, envelope)
    const endpoints = [...new Set([endpoint.name, ...others.map(({ name }) => name)])]
    return {
      text: text === '' && part.begin === ',' ? part.end : part.begin + text + part.end,
      records,
      shown: { records: records + others.length, endpoints },
      last,
    }
  }
  const text = dialect.concat(opening(unit, head, envelope), sql`'}'`)
  const [row] = await unit.all<{ body: Text; records: number }>(
    sql`select ${dialect.joined(text, part)} as body, count(*) as records from ${rows}`,
  )
  const { body, records } = row!
  return { text: body, records, shown: { records, endpoints: [endpoint.name] }, last }
}

type Opened = { place: number; text: string }

/** Records, given without their ends, each with its linked ones. */
async function withLinked(unit: Unit, opened: RawBuilder<Opened>, envelope: Envelope) {
  const rows = await unit.all(opened)
  const places = rows.map((row) => row.place)
  const linked = await linkedPlaces(unit, places)
  const others = await openedAt(unit, [...new Set([...linked.values()].flat())], envelope)
  const records = rows.map(({ place, text }) => {
    const links = (linked.get(place) ?? []).flatMap((other) => others.get(other)?.text ?? [])
    return `${text},"links":[${links.join()}]}`
  })
  return { text: records.join(), records: rows.length, others: [...others.values()] }
}

/** The records at these places that may be shown, each as complete JSON. */
async function openedAt(
  unit: Unit,
  places: number[],
  envelope: Envelope,
): Promise<Map<number, { text: string; name: string }>> {
  if (places.length === 0) return new Map()
  const { dialect } = unit
  const head = sql<string>`'{"endpoint":"' || name || '","recordId":"'`
  const rows = await unit.all<
    Opened & { name: string }
  >(sql`select place, name, ${opening(unit, head, envelope)} as text
    from (select ${columns(dialect)}, name from record
      join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
      where record.pda_id = ${unit.pda} and ${dialect.among('place', places, 'number')}) rows`)
  return new Map(
    rows
      .filter(({ name }) => envelope.linked!(name))
      .map(({ place, name, text }) => [place, { name, text: `${text}}` }]),
  )
}

/** How much of a list is read; `take` may be `Infinity`. */
export interface Stretch {
  after: Place | undefined
  skip: number
  take: number
}

/**
 * Reads a stretch of an order: the pages are the text of an array, put together by the engine.
 * @param unit the snapshot the first page comes from; the others each have their own, so that no slow reader holds one open
 */
export async function splicedPages(
  context: QueryContext,
  unit: Unit,
  reading: Reading,
  { after: from, skip, take }: Stretch,
): Promise<Pages> {
  const { order } = reading
  const after = skip === 0 ? from : await order.find(unit, from, skip)
  if (take === 0 || (skip > 0 && after === undefined)) return nothing
  const end = take === Infinity ? undefined : await order.find(unit, after, take)
  const next = end && (await order.find(unit, end, 1)) ? end : undefined
  const length = await lengthBehind(context, unit, reading, after)
  const last = length < take ? await order.find(unit, after, length, end) : undefined
  const first = await splicedPage(unit, reading, {
    after,
    last: last ?? end,
    count: Math.min(length, take),
    begin: '[',
    end: last ? '' : ']',
  })
  return { first, rest: last && remaining(context, reading, last, end), next }
}

function lengthBehind(
  { bounds }: QueryContext,
  unit: Unit,
  { endpoint, order, envelope }: Reading,
  after: Place | undefined,
): Promise<number> {
  const most = envelope.linked ? Math.min(linkedPageRecords, bounds.pageRecords) : bounds.pageRecords
  return fittingLength(unit, endpoint, order, after, most, bounds.pageLength)
}

async function* remaining(
  context: QueryContext,
  reading: Reading,
  from: Place,
  end: Place | undefined,
): AsyncGenerator<Page> {
  for (let after: Place | undefined = from; after;) {
    const [page, last]: [Page, Place | undefined] = await context.database.read(async (unit) => {
      if (await reading.order.isLost?.(unit))
        throw new LostOrderError('the keys were dropped while they were being read')
      const count = await lengthBehind(context, unit, reading, after)
      const until = await reading.order.find(unit, after, count, end)
      const part: Part = { after, last: until ?? end, count, begin: ',', end: until ? '' : ']' }
      return [await splicedPage(unit, reading, part), until]
    })
    yield page
    after = last
  }
}
