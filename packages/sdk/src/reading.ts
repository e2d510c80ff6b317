import type { Answer } from './attempt.ts'
import type { Connection } from './connection.ts'
import type { AnyEndpoint, Name, Untold } from './endpoints.ts'
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
export interface Page<Data = unknown, Endpoint extends string = string> {
  records: StoredRecord<Data, Endpoint>[]
  after?: string
}

/** Where the next page begins, if the answer says so. */
export function afterOf({ headers, url }: Answer): { after?: string } {
  const next = /<([^>]*)>\s*;\s*rel="?next"?/.exec(headers.get('Link') ?? '')?.[1]
  const after = next === undefined ? null : new URL(next, url).searchParams.get('after')
  return after === null ? {} : { after }
}

/** Reads of an endpoint: typed by what the connection was told, or by a type given at the call. */
export interface Reading<E> {
  /** The records of an endpoint, newest first unless an order is asked for; at most 1000 unless `take` says otherwise. */
  list<Data>(endpoint: Untold<E>, options?: ListOptions): Promise<StoredRecord<Data>[]>
  list<N extends Name<E>>(endpoint: N, options?: ListOptions): Promise<StoredRecord<E[N], N>[]>
  /** Like `list`, and says where the next page begins. */
  page<Data>(endpoint: Untold<E>, options?: ListOptions): Promise<Page<Data>>
  page<N extends Name<E>>(endpoint: N, options?: ListOptions): Promise<Page<E[N], N>>
  /** All records of an endpoint, a page (`take`) at a time; neither repeats nor skips while others write. */
  listAll<Data>(endpoint: Untold<E>, options?: ListOptions): AsyncGenerator<StoredRecord<Data>, void>
  listAll<N extends Name<E>>(endpoint: N, options?: ListOptions): AsyncGenerator<StoredRecord<E[N], N>, void>
  /** One record by its id, wherever it is kept. */
  get<Data = unknown>(
    recordId: string,
    options?: { links?: boolean; meta?: boolean },
  ): Promise<StoredRecord<Data>>
}

export function reading<E>({ send }: Connection): Reading<E> {
  async function page(endpoint: string, options: ListOptions = {}): Promise<Page> {
    const answer = await send(`${api}/data/${pathOf(endpoint)}`, { query: { ...options } })
    return { records: recordsAt(answer.text), ...afterOf(answer) }
  }

  const untyped: Reading<AnyEndpoint> = {
    list: async (endpoint: string, options?: ListOptions) => (await page(endpoint, options)).records,
    page,
    async *listAll(endpoint: string, options: ListOptions = {}) {
      const { skip: _, ...same } = options
      let found = await page(endpoint, options)
      yield* found.records
      while (found.after !== undefined) {
        found = await page(endpoint, { ...same, after: found.after })
        yield* found.records
      }
    },
    async get(recordId, options = {}) {
      const { text } = await send(`${api}/data-record/${encodeURIComponent(recordId)}`, { query: options })
      return recordAt(text)
    },
  }
  return untyped as Reading<E>
}
