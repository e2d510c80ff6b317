import { stringText } from '@hatstand/api/json.ts'
import type { PropertyQuery } from '../../domain/queries/query.ts'
import { markup } from './pages.ts'
import {
  type Asking,
  type ListAnswer,
  listOf,
  readList,
  type RecordPage,
  type Show,
  type Standing,
} from './queries.ts'

/** Where an answer to a bundle ended: in which property, behind which record, and how many of it were given. */
export interface BundlePlace {
  property: number
  given: number
  after: Standing | undefined
}

/** How much of a bundle is read: so many records of all properties together (`Infinity`: all), behind where an answer ended. */
export interface BundleStretch {
  take: number
  after: BundlePlace | undefined
}

/** What an answer of limited length ends with at the latest, in characters. */
const longestAnswer = 4 * 2 ** 20

/**
 * Reads a bundle, property by property, in bounded memory: each page in short snapshots of its own, read when it is asked for.
 * The pages are the text of one JSON object, property -> array of records; each tells how many records it has, so that it can be
 * noted before it is sent.
 *
 * @param bundle as `readBundle` of domain/queries/query.ts gives it
 * @param show makes of a record's data what is shown: `shown` of domain/consent/disclosure.ts
 * @param stretch where `take` is given, an answer of more than 4 MiB ends sooner; properties before `after` are left out
 * @returns where to go on, when that is not the end: `return` of the generator
 * @throws QueryError when a mapping makes far more of a record than it has
 */
export async function* readBundle(
  asking: Asking,
  bundle: ReadonlyMap<string, PropertyQuery>,
  show: Show,
  stretch: BundleStretch,
): AsyncGenerator<RecordPage, BundlePlace | undefined> {
  const first = stretch.after?.property ?? 0
  const room = { records: stretch.take, length: stretch.take === Infinity ? Infinity : longestAnswer }
  let begin = '{'
  let next: BundlePlace | undefined
  for (const [property, [name, query]] of [...bundle].entries()) {
    if (property < first) continue
    const from =
      property === first && stretch.after ? stretch.after : { property, given: 0, after: undefined }
    if (room.records <= 0 || room.length <= 0) {
      next = from
      break
    }
    yield markup(`${begin}${stringText(name)}:[`)
    begin = ','
    next = yield* readProperty(asking, query, show, from, room)
    yield markup(']')
    if (next) break
  }
  yield markup(begin === '{' ? '{}' : '}')
  return next
}

/** Reads of a property what there is room for. */
async function* readProperty(
  asking: Asking,
  query: PropertyQuery,
  show: Show,
  from: BundlePlace,
  room: { records: number; length: number },
): AsyncGenerator<RecordPage, BundlePlace | undefined> {
  const limit = (query.limit ?? Infinity) - from.given
  const stretch = { after: from.after, skip: 0, take: Math.min(room.records, limit) }
  const answer = await readList(asking, listOf(query), stretch, show)
  let [records, begin] = [0, '']
  const placeBehind = (after: Standing) => ({ ...from, given: from.given + records, after })
  for await (const page of pagesOf(answer)) {
    if (room.length <= 0) return placeBehind(page.before)
    yield { ...page, text: begin + page.text }
    begin = ','
    records += page.records
    room.records -= page.records
    room.length -= page.text.length
  }
  return answer.next && records < limit ? placeBehind(answer.next) : undefined
}

/** The pages that have records, each with the last record of the page before it. */
async function* pagesOf({ first, rest }: ListAnswer): AsyncGenerator<RecordPage & { before: Standing }> {
  let before = first.last
  if (!before) return
  yield { ...first, before }
  if (!rest) return
  for await (const page of rest) {
    if (!page.last) continue
    yield { ...page, before }
    before = page.last
  }
}
