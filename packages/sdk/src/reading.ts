import type { Answer } from './attempt.ts'
import type { Connection } from './connection.ts'
import { api, pathOf } from './paths.ts'
import { recordAt, recordsAt, type StoredRecord } from './record.ts'

/** What to read of an endpoint; everything may be left out. */
export interface ListOptions {
  /** How many records at most: 1000. */
  take?: number
  skip?: number
  /** Dotted path into the data. */
  orderBy?: string
  ordering?: 'ascending' | 'descending'
  recordId?: string
  /** Adds linked records. */
  links?: boolean
  /** Adds `seq`, `created`, `updated` and `writer`. */
  meta?: boolean
  /** Where to go on: `after` of the page before. */
  after?: string
}

/** Some records, and where the next ones begin; no `after` means that there are no more. */
export interface Page<Data = unknown> {
  records: StoredRecord<Data>[]
  after?: string
}

/** Where the next page begins, if the answer says so. */
export function afterOf({ headers, url }: Answer): { after?: string } {
  const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('Link') ?? '')?.[1]
  const after = next === undefined ? null : new URL(next, url).searchParams.get('after')
  return after === null ? {} : { after }
}

export function reading({ send }: Connection) {
  async function page<Data = unknown>(endpoint: string, options: ListOptions = {}): Promise<Page<Data>> {
    const answer = await send(`${api}/data/${pathOf(endpoint)}`, { query: { ...options } })
    return { records: recordsAt<Data>(answer.text), ...afterOf(answer) }
  }

  return {
    /** The records of an endpoint, newest first unless an order is asked for; at most 1000 unless `take` says otherwise. */
    async list<Data = unknown>(endpoint: string, options: ListOptions = {}): Promise<StoredRecord<Data>[]> {
      return (await page<Data>(endpoint, options)).records
    },
    /** Like `list`, and says where the next page begins. */
    page,
    /** All records of an endpoint, a page (`take`) at a time; neither repeats nor skips while others write. */
    async *listAll<Data = unknown>(endpoint: string, options: ListOptions = {}) {
      const { skip: _, ...same } = options
      let found = await page<Data>(endpoint, options)
      yield* found.records
      while (found.after !== undefined) {
        found = await page<Data>(endpoint, { ...same, after: found.after })
        yield* found.records
      }
    },
    /** One record by its id, wherever it is kept. */
    async get<Data = unknown>(recordId: string, options: { links?: boolean; meta?: boolean } = {}) {
      const { text } = await send(`${api}/data-record/${encodeURIComponent(recordId)}`, { query: options })
      return recordAt<Data>(text)
    },
  }
}
