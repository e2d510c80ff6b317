import { stringText } from '@hatstand/api/json.ts'
import type { Connection } from './connection.ts'
import type { AnyEndpoint, DataOf, Name, Untold } from './endpoints.ts'
import { type Exact, textOf } from './exact.ts'
import { api, pathOf } from './paths.ts'
import { recordAt, recordsAt, type StoredRecord } from './record.ts'

/** A record with its new data, a value or `exact(text)`. */
export type Update<E = AnyEndpoint> = {
  [N in Name<E>]: { endpoint: N; recordId: string; data: DataOf<E, N> }
}[Name<E>]

/** The saved records in order, and the positions left out (the first 500 of them). */
export interface Saved<Data = unknown, Endpoint extends string = string> {
  records: StoredRecord<Data, Endpoint>[]
  skipped: number[]
}

function updateText({ endpoint, recordId, data }: Update): string {
  return `{"endpoint":${stringText(endpoint)},"recordId":${stringText(recordId)},"data":${textOf(data)}}`
}

/** Changes of an endpoint: typed by what the connection was told, or by a type given at the call. */
export interface Writing<E> {
  /** Saves one record. An array is refused here: each of its elements would be a record (`createMany`). */
  create<Data>(endpoint: Untold<E>, data: Data | Exact): Promise<StoredRecord<Data>>
  create<N extends Name<E>>(endpoint: N, data: DataOf<E, N>): Promise<StoredRecord<E[N], N>>
  /** Saves one record for each element, all or none; with `skipErrors` those that are not duplicates. One `exact(text)` may be the whole array. */
  createMany<Data>(
    endpoint: Untold<E>,
    data: readonly (Data | Exact)[] | Exact,
    options?: { skipErrors?: boolean },
  ): Promise<Saved<Data>>
  createMany<N extends Name<E>>(
    endpoint: N,
    data: readonly DataOf<E, N>[] | Exact,
    options?: { skipErrors?: boolean },
  ): Promise<Saved<E[N], N>>
  /** Replaces a record's data. */
  update<Data>(record: Update & { endpoint: Untold<E>; data: Data | Exact }): Promise<StoredRecord<Data>>
  update<N extends Name<E>>(record: {
    endpoint: N
    recordId: string
    data: DataOf<E, N>
  }): Promise<StoredRecord<E[N], N>>
  /** Replaces the data of several records, all or none. */
  updateMany<Data>(
    records: readonly (Update & { endpoint: Untold<E>; data: Data | Exact })[],
  ): Promise<StoredRecord<Data>[]>
  updateMany(records: readonly Update<E>[]): Promise<StoredRecord<E[Name<E>], Name<E>>[]>
}

export function writing<E>({ send }: Connection): Writing<E> {
  async function updateMany(updates: readonly Update[]): Promise<StoredRecord[]> {
    const body = `[${updates.map(updateText).join(',')}]`
    return recordsAt((await send(`${api}/data`, { method: 'PUT', body, repeatable: true })).text)
  }

  const untyped: Writing<AnyEndpoint> = {
    async create(endpoint: string, data: unknown) {
      const body = textOf(data)
      if (/^\s*\[/.test(body))
        throw new TypeError('An array makes one record of each element: use createMany')
      const { text } = await send(`${api}/data/${pathOf(endpoint)}`, { method: 'POST', body })
      return recordAt(text)
    },
    async createMany(
      endpoint: string,
      data: readonly unknown[] | Exact,
      options: { skipErrors?: boolean } = {},
    ) {
      const body = Array.isArray(data) ? `[${data.map(textOf).join(',')}]` : textOf(data)
      const { headers, text } = await send(`${api}/data/${pathOf(endpoint)}`, {
        method: 'POST',
        query: options,
        body,
      })
      const skipped = headers.get('X-Skipped')?.split(',').filter(Boolean).map(Number) ?? []
      return { records: recordsAt(text), skipped }
    },
    updateMany,
    update: async (record: Update) => (await updateMany([record]))[0] as StoredRecord,
  }
  return untyped as Writing<E>
}
