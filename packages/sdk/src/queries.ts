import type { AggregateAnswer, AggregateQuery } from '@hatstand/api/aggregates.ts'
import type { RecordQuery } from '@hatstand/api/record-queries.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'
import { api, pathOf } from './paths.ts'
import { afterOf, type Page } from './reading.ts'
import { recordsAt, type StoredRecord } from './record.ts'

/** Some records of an answer; `count` is how many pass in all, when that was asked for. */
export interface QueriedPage<Data = unknown> extends Page<Data> {
  count?: number
}

export function queries({ send }: Connection) {
  async function page<Data = unknown>(
    endpoint: string,
    query: RecordQuery = {},
    after?: string,
  ): Promise<QueriedPage<Data>> {
    const body = textOf(query)
    const path = `${api}/data-query/${pathOf(endpoint)}`
    const answer = await send(path, { method: 'POST', body, query: { after }, repeatable: true })
    const count = answer.headers.get('X-Total-Count')
    return {
      records: recordsAt<Data>(answer.text),
      ...afterOf(answer),
      ...(count !== null && { count: Number(count) }),
    }
  }

  return {
    /** The records of an endpoint that pass filters; at most 1000 unless `take` says otherwise. */
    async list<Data = unknown>(endpoint: string, query: RecordQuery = {}): Promise<StoredRecord<Data>[]> {
      return (await page<Data>(endpoint, query)).records
    },
    /** Like `list`, and says where the next page begins. */
    page,
    /** All records that pass, a page (`take`) at a time. */
    async *listAll<Data = unknown>(endpoint: string, query: RecordQuery = {}) {
      let found = await page<Data>(endpoint, query)
      yield* found.records
      while (found.after !== undefined) {
        found = await page<Data>(endpoint, { ...query, count: false }, found.after)
        yield* found.records
      }
    },
    /** How many records pass. */
    async count(endpoint: string, query: Pick<RecordQuery, 'filters'> = {}): Promise<number> {
      return (await page(endpoint, { ...query, take: 0, count: true })).count!
    },
    /** Counts, sums and the like; numbers as JavaScript has them (`text` has them exactly). */
    async aggregate(endpoint: string, query: AggregateQuery): Promise<AggregateAnswer & { text: string }> {
      const body = textOf(query)
      const path = `${api}/data-aggregate/${pathOf(endpoint)}`
      const { text } = await send(path, { method: 'POST', body, repeatable: true })
      return { ...(JSON.parse(text) as AggregateAnswer), text }
    },
  }
}
