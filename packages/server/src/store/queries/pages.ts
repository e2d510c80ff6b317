import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EndpointQuery } from '../../domain/queries/query.ts'
import { linksOf, type LinkText, recordText, type Show } from '../query-links.ts'
import { type Asking, type Found, type Standing, standingOf } from './streams.ts'

/** Records that are made at a time when each brings its linked ones along, of which there may be thousands. */
const linkedRecords = 10
/** What is shown on a page may be so many times as long as the data on it: mappings copy, and bring names of their own. */
const longestShown = 4

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
      const page = await pageOf(asking, queries, rows.slice(from, to), show)
      yield page
      from += page.records
      await nextTurn()
    }
}

/**
 * One page of records: fewer of them, but at least one, where what is shown of them is far longer than their data.
 */
export async function pageOf(
  { database, pda, bounds }: Asking,
  queries: readonly EndpointQuery[],
  rows: readonly Found[],
  show: Show,
): Promise<RecordPage> {
  const made: Made[] = []
  const endpoints = new Set<string>()
  let [records, length] = [0, 0]
  const hasLinks = queries.some(({ links }) => links.length > 0)
  const step = hasLinks ? linkedRecords : Math.max(rows.length, 1)
  const { nameOf = (recordId: string) => recordId } = show
  for (let from = 0; from < rows.length && length <= longestShown * bounds.pageLength; from = made.length) {
    const some = rows.slice(from, from + step)
    const linked = hasLinks
      ? await database.read((unit) => linksOf(unit, pda, some, queries, show))
      : new Map<Found, LinkText[]>()
    for (const row of some) {
      if (length > longestShown * bounds.pageLength || (hasLinks && !linked.has(row))) break
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
    last: last && standingOf(last),
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

/** What stands between records, or around them. */
export const markup = (text: string): RecordPage => ({
  text,
  records: 0,
  shown: { records: 0, endpoints: [] },
  last: undefined,
})
