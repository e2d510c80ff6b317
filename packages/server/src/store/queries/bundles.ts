import { stringText } from '@hatstand/api/json.ts'
import type { PropertyQuery } from '../../domain/queries/query.ts'
import type { Place } from '../records/orders.ts'
import {
  type Disclosure,
  markup,
  type Pages,
  type QueryContext,
  type Released,
  release,
  released,
  type TextPage,
} from './context.ts'
import { listOf, listPages } from './queries.ts'
import type { Show } from './rendered.ts'

/** Named queries, in their order; `readBundle` of domain/queries/query.ts gives one. */
type Bundle = ReadonlyMap<string, PropertyQuery>

/** Where an answer to a bundle ended: in which property, behind which record, and how many of it were given. */
export interface BundlePlace {
  property: number
  given: number
  after: Place | undefined
}

/** How much of a bundle is read: so many records of all properties together (`Infinity`: all), behind where an answer ended. */
interface BundleStretch {
  take: number
  after: BundlePlace | undefined
}

/** What an answer of limited length ends with at the latest, in characters. */
const maxAnswerLength = 4 * 2 ** 20
/** Pages shorter than this, in characters, leave together. */
const shortest = 65_536

/**
 * Reads all of a bundle, property by property, in bounded memory: each page in short snapshots of its own, read when it is asked
 * for. The pages are the text of one JSON object, property -> array of records.
 *
 * @param show makes of a record's data what is shown: `shown` of domain/consent/disclosure.ts
 * @throws QueryError when a mapping makes far more of a record than it has
 */
export async function readBundle(context: QueryContext, bundle: Bundle, show: Show): Promise<Released> {
  const pages = bundlePages(context, bundle, show, { take: Infinity, after: undefined })
  const { page: first, isLast } = await gathered(pages)
  const rest = isLast ? undefined : eachGathered(pages)
  return released(context, endpointsOf(bundle), { first, rest, next: undefined })
}

/** Part of a bundle as the text of one JSON object, which ends with `take` or, where that is given, after some 4 MiB. */
export async function readBundlePart(
  context: QueryContext,
  bundle: Bundle,
  show: Show,
  stretch: BundleStretch,
): Promise<{ text: string; next: BundlePlace | undefined }> {
  const pages = bundlePages(context, bundle, show, stretch)
  const part: TextPage[] = []
  let step = await pages.next()
  for (; !step.done; step = await pages.next()) part.push(step.value)
  const { text, shown } = together(part)
  await release(context, endpointsOf(bundle), shown)
  return { text, next: step.value }
}

const endpointsOf = (bundle: Bundle): string[] => [
  ...new Set([...bundle.values()].flatMap(({ endpoints }) => endpoints.map(({ endpoint }) => endpoint))),
]

type BundlePages = AsyncGenerator<TextPage, BundlePlace | undefined>

async function gathered(pages: BundlePages): Promise<{ page: TextPage; isLast: boolean }> {
  const some: TextPage[] = []
  for (let length = 0; length < shortest;) {
    const { value, done } = await pages.next()
    if (done) return { page: together(some), isLast: true }
    some.push(value)
    length += value.text.length
  }
  return { page: together(some), isLast: false }
}

async function* eachGathered(pages: BundlePages): AsyncGenerator<TextPage> {
  for (let isEnd = false; !isEnd;) {
    const { page, isLast } = await gathered(pages)
    yield page
    isEnd = isLast
  }
}

function together(pages: readonly TextPage[]): TextPage {
  const shown: Disclosure = {
    records: pages.reduce((sum, page) => sum + page.shown.records, 0),
    endpoints: [...new Set(pages.flatMap((page) => page.shown.endpoints))],
  }
  const records = pages.reduce((sum, page) => sum + page.records, 0)
  return { text: pages.map(({ text }) => text).join(''), records, shown, last: undefined }
}

async function* bundlePages(
  context: QueryContext,
  bundle: Bundle,
  show: Show,
  stretch: BundleStretch,
): BundlePages {
  const first = stretch.after?.property ?? 0
  const room = { records: stretch.take, length: stretch.take === Infinity ? Infinity : maxAnswerLength }
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
    next = yield* readProperty(context, query, show, from, room)
    yield markup(']')
    if (next) break
  }
  yield markup(begin === '{' ? '{}' : '}')
  return next
}

/** Reads of a property what there is room for. */
async function* readProperty(
  context: QueryContext,
  query: PropertyQuery,
  show: Show,
  from: BundlePlace,
  room: { records: number; length: number },
): BundlePages {
  const limit = (query.limit ?? Infinity) - from.given
  const stretch = { after: from.after, skip: 0, take: Math.min(room.records, limit) }
  const answer = await listPages(context, listOf(query), stretch, show)
  let [records, begin] = [0, '']
  const placeBehind = (after: Place) => ({ ...from, given: from.given + records, after })
  for await (const page of pagesIn(answer)) {
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
async function* pagesIn({ first, rest }: Pages<TextPage>): AsyncGenerator<TextPage & { before: Place }> {
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
