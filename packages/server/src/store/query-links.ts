import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import { matches } from '../domain/filters.ts'
import type { EndpointQuery } from '../domain/queries.ts'
import { linkedPlaces } from './links.ts'
import type { Found } from './query-streams.ts'

/** How a record's data is shown; `shown` of domain/leaving.ts, or less. */
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

/** Of each record what is linked with it and asked for. */
export async function linksOf(
  unit: Unit,
  pda: number,
  rows: readonly Found[],
  queries: readonly EndpointQuery[],
  show: Show,
): Promise<Map<Found, LinkText[]>> {
  const asking = rows.filter(({ index }) => queries[index]!.links.length > 0)
  if (asking.length === 0) return new Map()
  const places = [...new Set(asking.map(({ place }) => place))]
  const linked = await linkedPlaces(unit, pda, places)
  const names = new Set(queries.flatMap(({ links }) => links.map(({ endpoint }) => endpoint)))
  const others = await recordsAt(unit, pda, [...new Set([...linked.values()].flat())], [...names])
  const textOf = ({ place, index }: Found) => {
    const mine = (linked.get(place) ?? []).flatMap((other) => others.get(other) ?? [])
    const texts = queries[index]!.links.flatMap((query) => mine.flatMap((one) => linkText(query, one, show)))
    return show.nameOf ? texts.toSorted((one, other) => (one.text < other.text ? -1 : 1)) : texts
  }
  return new Map(asking.map((row) => [row, textOf(row)]))
}

function linkText(query: EndpointQuery, { name, record_id, data }: Linked, show: Show): LinkText[] {
  if (name !== query.endpoint || !matches(query.filters, data)) return []
  const shownId = show.nameOf?.(record_id) ?? record_id
  return [{ endpoint: name, text: recordText(name, shownId, show(query, data)) }]
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
