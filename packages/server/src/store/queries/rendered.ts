import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import { matches } from '../../domain/queries/filters.ts'
import type { EndpointQuery } from '../../domain/queries/query.ts'
import { QueryError } from '../../domain/queries/text.ts'
import { linkedPlaces } from '../records/links.ts'
import { placeOf } from '../records/orders.ts'
import { linkedPageRecords, type QueryContext, type TextPage } from './context.ts'
import type { Found } from './streams.ts'

/** What is shown on a page may be so many times as long as the data on it: mappings copy, and bring names of their own. */
const maxRenderedLength = 4

/** Records as pages, their texts joined by commas, each made when it is asked for. */
export async function* pagesOf(
  context: QueryContext,
  queries: readonly EndpointQuery[],
  found: AsyncIterable<Found[]>,
  show: Show,
): AsyncGenerator<TextPage, undefined> {
  for await (const rows of found)
    for (let from = 0; from < rows.length;) {
      let length = 0
      const beyond = rows.findIndex(
        (row, index) => index >= from && (length += row.data.length) > context.bounds.pageLength,
      )
      const to = beyond < 0 ? rows.length : Math.max(beyond, from + 1)
      const page = await pageOf(context, queries, rows.slice(from, to), show)
      yield page
      from += page.records
      await nextTurn()
    }
}

/**
 * One page of records: fewer of them, but at least one, where what is shown of them is far longer than their data.
 */
export async function pageOf(
  { database, bounds }: QueryContext,
  queries: readonly EndpointQuery[],
  rows: readonly Found[],
  show: Show,
): Promise<TextPage> {
  const made: Made[] = []
  const endpoints = new Set<string>()
  let [records, length] = [0, 0]
  const hasLinks = queries.some(({ links }) => links.length > 0)
  const step = hasLinks ? linkedPageRecords : Math.max(rows.length, 1)
  const { nameOf = (recordId: string) => recordId } = show
  for (
    let from = 0;
    from < rows.length && length <= maxRenderedLength * bounds.pageLength;
    from = made.length
  ) {
    const some = rows.slice(from, from + step)
    const linked = hasLinks
      ? await database.read((unit) => linksOf(unit, some, queries, show))
      : new Map<Found, LinkText[]>()
    for (const row of some) {
      if (length > maxRenderedLength * bounds.pageLength || (hasLinks && !linked.has(row))) break
      const query = queries[row.index]!
      const links = linked.get(row) ?? []
      records += 1 + links.length
      for (const { endpoint } of [query, ...links]) endpoints.add(endpoint)
      const texted = links.map(({ text }) => text).join()
      const name = nameOf(row.recordId)
      const text = recordText(query.endpoint, name, show(query, row.data), texted)
      length += text.length
      made.push({ row, name, text })
    }
  }
  const last = made.at(-1)?.row
  const shown = show.nameOf ? made.toSorted(compareNamed) : made
  return {
    text: shown.map(({ text }) => text).join(),
    records: made.length,
    shown: { records, endpoints: [...endpoints] },
    last: last && placeOf(last),
  }
}

/** A record under the name it is shown by. */
interface Made {
  row: Found
  name: string
  text: string
}

/** By names where the order is not by what records hold: the order of saving is not to be told. */
function compareNamed(one: Made, other: Made): number {
  const byKey = one.row.key && other.row.key ? Buffer.compare(one.row.key, other.row.key) : 0
  return byKey || (one.name < other.name ? -1 : 1)
}

/** How a record's data is shown; `shown` of domain/consent/disclosure.ts, or less. */
export interface Show {
  (query: EndpointQuery, data: string): string
  /** What stands for a record's id, where that must not leave since it tells the time of saving: then their order tells none either. */
  nameOf?: (recordId: string) => string
}

interface Linked {
  place: number
  name: string
  record_id: string
  data: string
}

/** A linked record as it is shown. */
interface LinkText {
  endpoint: string
  text: string
}

const recordText = (endpoint: string, recordId: string, data: string, links = ''): string =>
  `{"endpoint":"${endpoint}","recordId":"${recordId}","data":${data}${links && `,"links":[${links}]`}}`

/** What is shown of linked records, in characters: about so much at a time, and no more of what is linked with one record. */
const maxLinkedLength = 4 * 2 ** 20
const maxLengthOfOne = 32 * 2 ** 20

/**
 * Of each record what is linked with it and asked for: of the first of them only, where that is much.
 * @throws QueryError when it is far too much for one
 */
async function linksOf(
  unit: Unit,
  rows: readonly Found[],
  queries: readonly EndpointQuery[],
  show: Show,
): Promise<Map<Found, LinkText[]>> {
  const owners = rows.filter(({ index }) => queries[index]!.links.length > 0)
  if (owners.length === 0) return new Map(rows.map((row) => [row, []]))
  const places = [...new Set(owners.map(({ place }) => place))]
  const linked = await linkedPlaces(unit, places)
  const names = new Set(queries.flatMap(({ links }) => links.map(({ endpoint }) => endpoint)))
  const others = await recordsAt(unit, [...new Set([...linked.values()].flat())], [...names])
  const result = new Map<Found, LinkText[]>()
  let length = 0
  for (const row of rows) {
    if (length > maxLinkedLength) break
    const mine = (linked.get(row.place) ?? []).flatMap((other) => others.get(other) ?? [])
    const texts = linkTexts(queries[row.index]!, mine, show)
    length += texts.reduce((sum, { text }) => sum + text.length, 0)
    result.set(row, texts)
  }
  return result
}

/** What is shown of the records that are linked with one. */
function linkTexts({ links }: EndpointQuery, linked: readonly Linked[], show: Show): LinkText[] {
  const texts: LinkText[] = []
  let length = 0
  for (const query of links)
    for (const one of linked) {
      if (one.name !== query.endpoint || !matches(query.filters, one.data)) continue
      const shownId = show.nameOf?.(one.record_id) ?? one.record_id
      const text = recordText(one.name, shownId, show(query, one.data))
      length += text.length
      if (length > maxLengthOfOne)
        throw new QueryError('links', 'show too much of what is linked with one record: fewer of them')
      texts.push({ endpoint: one.name, text })
    }
  return show.nameOf ? texts.toSorted((one, other) => (one.text < other.text ? -1 : 1)) : texts
}

async function recordsAt(unit: Unit, places: number[], names: string[]): Promise<Map<number, Linked>> {
  if (places.length === 0) return new Map()
  const { dialect } = unit
  const rows =
    await unit.all<Linked>(sql`select place, name, ${dialect.idText('record_id')} as record_id, data
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${unit.pda} and ${dialect.among('place', places, 'number')} and ${dialect.among('name', names, 'text')}`)
  return new Map(rows.map((row) => [row.place, row]))
}
