import type { AccountDatabase, Text } from '../../database/port.ts'
import type { Place } from '../records/orders.ts'

/** How far a query goes before it does something else: all can be made small, so that a test meets every way. */
export interface Bounds {
  /** Records read in one turn, and their bytes, about. */
  window: number
  bytes: number
  /** Records the engine itself looks through at a time, off the thread that answers requests. */
  background: number
  /** As many records as are looked at one by one, or sorted, rather than read along the keys of a path. */
  listed: number
  /** What looked through as many records makes keys for the next time. */
  keysFrom: number
  /** After so many records of which few passed, the engine looks by itself; after so many of an order, what passes is sorted. */
  rareFrom: number
  sparseFrom: number
  /** Records of one page of an answer, and characters or bytes of their data: others have a turn between. */
  pageRecords: number
  pageLength: number
}

export const usualBounds: Bounds = {
  window: 200,
  bytes: 2 ** 18,
  background: 50_000,
  listed: 10_000,
  keysFrom: 1000,
  rareFrom: 500,
  sparseFrom: 2000,
  pageRecords: 1000,
  pageLength: 2 ** 20,
}

/** Records that are made at a time when each brings its linked ones along, of which there may be thousands. */
export const linkedPageRecords = 10

/** What is shown: how many records, linked ones too, and of which endpoints. */
export interface Disclosure {
  records: number
  endpoints: readonly string[]
}

/** What reading records needs to know. */
export interface QueryContext {
  database: AccountDatabase
  now: number
  /** How many paths an endpoint may have keys of. */
  orderPaths: number
  bounds: Bounds
  /** Whether nobody waits for the answer any more. */
  isGone?: () => boolean
  /**
   * Lets records leave. Whatever reads records calls it before it gives them: it resolves when the ledger says who gets them.
   * @throws what keeps them from leaving
   */
  release(what: Disclosure): Promise<void>
}

/** Some records as JSON text. */
export interface Page {
  text: Text
  /** Of the list, without linked ones. */
  records: number
  shown: Disclosure
  /** The last of them. */
  last: Place | undefined
}

/** A page whose text was made here. */
export interface TextPage extends Page {
  text: string
}

/** A stretch of a list: its first page, the others one by one, and the last record when there are more behind it. */
export interface Pages<P extends Page = Page> {
  first: P
  /** Undefined when the first page is all. */
  rest: AsyncIterable<P> | undefined
  /** Unknown where everything is asked for. */
  next: Place | undefined
}

/** What stands between records, or around them. */
export const markup = (text: string): TextPage => ({
  text,
  records: 0,
  shown: { records: 0, endpoints: [] },
  last: undefined,
})

/** The array that has no records. */
export const nothing: Pages = { first: markup('[]'), rest: undefined, next: undefined }

/** The one place where records leave the store: what is shown of them is told first, even where that is nothing of what was asked. */
export async function release(
  context: QueryContext,
  asked: readonly string[],
  shown: Disclosure,
): Promise<void> {
  await context.release(shown.records > 0 ? shown : { records: 0, endpoints: asked })
}

declare const isReleased: unique symbol

/** Pages that may leave: each is given once its release has said so. Only `released` makes them, and nothing else is sent. */
export type Released = Pages & { readonly [isReleased]: true }

/**
 * Releases pages, each when it is asked for. The first is told of even where it has no record, for that is an answer, too.
 * @param asked the endpoints that were asked for
 */
export async function released(
  context: QueryContext,
  asked: readonly string[],
  { first, rest, next }: Pages,
): Promise<Released> {
  await release(context, asked, first.shown)
  return { first, rest: rest && eachReleased(context, asked, rest), next } as Released
}

async function* eachReleased(
  context: QueryContext,
  asked: readonly string[],
  rest: AsyncIterable<Page>,
): AsyncGenerator<Page> {
  for await (const page of rest) {
    if (page.shown.records > 0) await release(context, asked, page.shown)
    yield page
  }
}
