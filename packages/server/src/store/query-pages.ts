import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EndpointQuery } from '../domain/queries.ts'
import { linksOf, type LinkText, recordText, type Show } from './query-links.ts'
import { type Asking, type Found, type Standing, standingOf } from './query-streams.ts'

/** Records that are made at a time when each brings its linked ones along, of which there may be thousands. */
const linkedRecords = 10

/** Some records as JSON, joined by commas. */
export interface RecordPage {
  text: string
  records: number
  /** What is shown in all, linked records too: how many records, of which endpoints. */
  shown: { records: number; endpoints: readonly string[] }
  /** The last of them. */
  last: Standing | undefined
}

/** Records as pages, each made when it is asked for. */
export async function* pagesOf(
  asking: Asking,
  queries: readonly EndpointQuery[],
  found: AsyncIterable<Found[]>,
  show: Show,
): AsyncGenerator<RecordPage, undefined> {
  for await (const rows of found)
    for (let from = 0; from < rows.length;) {
      let length = 0
      const beyond = rows.findIndex(
        (row, index) => index >= from && (length += row.data.length) > asking.bounds.pageLength,
      )
      const to = beyond < 0 ? rows.length : Math.max(beyond, from + 1)
      yield pageOf(asking, queries, rows.slice(from, to), show)
      from = to
      await nextTurn()
    }
}

export async function pageOf(
  { database, pda }: Asking,
  queries: readonly EndpointQuery[],
  rows: readonly Found[],
  show: Show,
): Promise<RecordPage> {
  const texts: string[] = []
  const endpoints = new Set<string>()
  let records = rows.length
  const hasLinks = queries.some(({ links }) => links.length > 0)
  const step = hasLinks ? linkedRecords : Math.max(rows.length, 1)
  const named = show.nameOf ? renamed(rows, show.nameOf) : rows
  for (let from = 0; from < rows.length; from += step) {
    const some = named.slice(from, from + step)
    const linked = hasLinks
      ? await database.read((unit) => linksOf(unit, pda, some, queries, show))
      : new Map<Found, LinkText[]>()
    for (const row of some) {
      const query = queries[row.index]!
      const links = linked.get(row) ?? []
      records += links.length
      for (const { endpoint } of [query, ...links]) endpoints.add(endpoint)
      const texted = links.map(({ text }) => text).join()
      texts.push(recordText(query.endpoint, row.recordId, show(query, row.data), texted))
    }
  }
  const last = rows.at(-1)
  return {
    text: texts.join(),
    records: rows.length,
    shown: { records, endpoints: [...endpoints] },
    last: last && standingOf(last),
  }
}

/** Records under other names, and by these where the order is not by what they hold. */
function renamed(rows: readonly Found[], nameOf: (recordId: string) => string): Found[] {
  return rows
    .map((row) => ({ ...row, recordId: nameOf(row.recordId) }))
    .toSorted((one, other) => {
      const byKey = one.key && other.key ? Buffer.compare(one.key, other.key) : 0
      return byKey || (one.recordId < other.recordId ? -1 : 1)
    })
}

/** What stands between records, or around them. */
export const markup = (text: string): RecordPage => ({
  text,
  records: 0,
  shown: { records: 0, endpoints: [] },
  last: undefined,
})
