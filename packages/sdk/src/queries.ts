import type { AggregateAnswer, AggregateQuery } from '@hatstand/api/aggregates.ts'
import type { RecordQuery } from '@hatstand/api/record-queries.ts'
import type { Connection } from './connection.ts'
import type { AnyEndpoint, Name, Untold } from './endpoints.ts'
import { textOf } from './exact.ts'
import { api, pathOf } from './paths.ts'
import { afterOf, type Page } from './reading.ts'
import { recordsAt, type StoredRecord } from './record.ts'

/** Some records of an answer; `count` is how many pass in all, when that was asked for. */
export interface QueriedPage<Data = unknown, Endpoint extends string = string> extends Page<Data, Endpoint> {
  count?: number
}

/** Records by what they hold. With a mapping, records hold what it makes of them: give that type at the call. */
export interface Queries<E> {
  /** The records of an endpoint that pass filters; at most 1000 unless `take` says otherwise. */
  list<Data>(endpoint: Untold<E>, query?: RecordQuery): Promise<StoredRecord<Data>[]>
  list<N extends Name<E>>(endpoint: N, query?: Unmapped): Promise<StoredRecord<E[N], N>[]>
  list<Data>(endpoint: Name<E>, query?: RecordQuery): Promise<StoredRecord<Data>[]>
  /** Like `list`, and says where the next page begins. */
  page<Data>(endpoint: Untold<E>, query?: RecordQuery, after?: string): Promise<QueriedPage<Data>>
  page<N extends Name<E>>(endpoint: N, query?: Unmapped, after?: string): Promise<QueriedPage<E[N], N>>
  page<Data>(endpoint: Name<E>, query?: RecordQuery, after?: string): Promise<QueriedPage<Data>>
  /** All records that pass, a page (`take`) at a time. */
  listAll<Data>(endpoint: Untold<E>, query?: RecordQuery): AsyncGenerator<StoredRecord<Data>, void>
  listAll<N extends Name<E>>(endpoint: N, query?: Unmapped): AsyncGenerator<StoredRecord<E[N], N>, void>
  listAll<Data>(endpoint: Name<E>, query?: RecordQuery): AsyncGenerator<StoredRecord<Data>, void>
  /** How many records pass. */
  count(endpoint: Name<E>, query?: Pick<RecordQuery, 'filters'>): Promise<number>
  /** Counts, sums and the like; numbers as JavaScript has them (`text` has them exactly). */
  aggregate(endpoint: Name<E>, query: AggregateQuery): Promise<AggregateAnswer & { text: string }>
}

type Unmapped = RecordQuery & { mapping?: never }

export function queries<E>({ send }: Connection): Queries<E> {
  async function page(endpoint: string, query: RecordQuery = {}, after?: string): Promise<QueriedPage> {
    const body = textOf(query)
    const path = `${api}/data-query/${pathOf(endpoint)}`
    const answer = await send(path, { method: 'POST', body, query: { after }, repeatable: true })
    const count = answer.headers.get('X-Total-Count')
    return {
      records: recordsAt(answer.text),
      ...afterOf(answer),
      ...(count !== null && { count: Number(count) }),
    }
  }

  const untyped: Queries<AnyEndpoint> = {
    list: async (endpoint: string, query?: RecordQuery) => (await page(endpoint, query)).records,
    page,
    async *listAll(endpoint: string, query: RecordQuery = {}) {
      let found = await page(endpoint, query)
      yield* found.records
      while (found.after !== undefined) {
        found = await page(endpoint, { ...query, count: false }, found.after)
        yield* found.records
      }
    },
    count: async (endpoint, query = {}) => (await page(endpoint, { ...query, take: 0, count: true })).count!,
    async aggregate(endpoint, query) {
      const path = `${api}/data-aggregate/${pathOf(endpoint)}`
      const { text } = await send(path, { method: 'POST', body: textOf(query), repeatable: true })
      return { ...(JSON.parse(text) as AggregateAnswer), text }
    },
  }
  return untyped as Queries<E>
}
