import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import { matches } from '../domain/queries/filters.ts'
import type { EndpointQuery } from '../domain/queries/query.ts'
import { QueryError } from '../domain/queries/text.ts'
import type { Found } from './queries/streams.ts'
import { linkedPlaces } from './records/links.ts'

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
export interface LinkText {
  endpoint: string
  text: string
}

export const recordText = (endpoint: string, recordId: string, data: string, links = ''): string =>
  `{"endpoint":"${endpoint}","recordId":"${recordId}","data":${data}${links && `,"links":[${links}]`}}`

/** What is shown of linked records, in characters: about so much at a time, and no more of what is linked with one record. */
const longestLinked = 4 * 2 ** 20
const longestOfOne = 32 * 2 ** 20

/**
 * Of each record what is linked with it and asked for: of the first of them only, where that is much.
 * @throws QueryError when it is far too much for one
 */
export async function linksOf(
  unit: Unit,
  pda: number,
  rows: readonly Found[],
  queries: readonly EndpointQuery[],
  show: Show,
): Promise<Map<Found, LinkText[]>> {
  const asking = rows.filter(({ index }) => queries[index]!.links.length > 0)
  if (asking.length === 0) return new Map(rows.map((row) => [row, []]))
  const places = [...new Set(asking.map(({ place }) => place))]
  const linked = await linkedPlaces(unit, pda, places)
  const names = new Set(queries.flatMap(({ links }) => links.map(({ endpoint }) => endpoint)))
  const others = await recordsAt(unit, pda, [...new Set([...linked.values()].flat())], [...names])
  const result = new Map<Found, LinkText[]>()
  let length = 0
  for (const row of rows) {
    if (length > longestLinked) break
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
      if (length > longestOfOne)
        throw new QueryError('links', 'show too much of what is linked with one record: fewer of them')
      texts.push({ endpoint: one.name, text })
    }
  return show.nameOf ? texts.toSorted((one, other) => (one.text < other.text ? -1 : 1)) : texts
}

async function recordsAt(
  unit: Unit,
  pda: number,
  places: number[],
  names: string[],
): Promise<Map<number, Linked>> {
  if (places.length === 0) return new Map()
  const { dialect } = unit
  const rows =
    await unit.all<Linked>(sql`select place, name, ${dialect.idText('record_id')} as record_id, data
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and ${dialect.among('place', places, 'number')} and ${dialect.among('name', names, 'text')}`)
  return new Map(rows.map((row) => [row.place, row]))
}
