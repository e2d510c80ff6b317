import { setImmediate as nextTurn } from 'node:timers/promises'
import type { EndpointQuery } from '../domain/queries.ts'
import { linksOf, recordText, type Show } from './query-links.ts'
import { type Asking, type Found, type Standing, standingOf } from './query-streams.ts'

/** Records that are made at a time when each brings its linked ones along, of which there may be thousands. */
const linkedRecords = 10

/** Some records as JSON, joined by commas. */
export interface RecordPage {
  text: string
  records: number
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
  const hasLinks = queries.some(({ links }) => links.length > 0)
  const step = hasLinks ? linkedRecords : Math.max(rows.length, 1)
  for (let from = 0; from < rows.length; from += step) {
    const some = rows.slice(from, from + step)
    const links = hasLinks
      ? await database.read((unit) => linksOf(unit, pda, some, queries, show))
      : new Map<Found, string>()
    for (const row of some) {
      const query = queries[row.index]!
      texts.push(recordText(query.endpoint, row.recordId, show(query, row.data), links.get(row)))
    }
  }
  const last = rows.at(-1)
  return { text: texts.join(), records: rows.length, last: last && standingOf(last) }
}
