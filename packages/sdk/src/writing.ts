import { stringText } from '@hatstand/api/json.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'
import { api, pathOf } from './paths.ts'
import { recordAt, recordsAt, type StoredRecord } from './record.ts'

/** A record with its new data, a value or `exact(text)`. */
export interface Update {
  endpoint: string
  recordId: string
  data: unknown
}

function updateText({ endpoint, recordId, data }: Update): string {
  return `{"endpoint":${stringText(endpoint)},"recordId":${stringText(recordId)},"data":${textOf(data)}}`
}

export function writing({ send }: Connection) {
  async function updateMany<Data = unknown>(updates: readonly Update[]): Promise<StoredRecord<Data>[]> {
    const body = `[${updates.map(updateText).join(',')}]`
    return recordsAt<Data>((await send(`${api}/data`, { method: 'PUT', body, repeatable: true })).text)
  }

  return {
    /** Saves one record. An array is refused here: each of its elements would be a record (`createMany`). */
    async create<Data = unknown>(endpoint: string, data: unknown): Promise<StoredRecord<Data>> {
      const body = textOf(data)
      if (/^\s*\[/.test(body))
        throw new TypeError('An array makes one record of each element: use createMany')
      const { text } = await send(`${api}/data/${pathOf(endpoint)}`, { method: 'POST', body })
      return recordAt<Data>(text)
    },
    /**
     * Saves one record for each element, all or none; with `skipErrors` those that are not duplicates.
     * @param data values, or `exact(text)` each, or one `exact(text)` of a whole array
     * @returns the saved records in order, and the positions left out (the first 500 of them)
     */
    async createMany<Data = unknown>(
      endpoint: string,
      data: unknown,
      options: { skipErrors?: boolean } = {},
    ): Promise<{ records: StoredRecord<Data>[]; skipped: number[] }> {
      const body = Array.isArray(data) ? `[${data.map(textOf).join(',')}]` : textOf(data)
      const { headers, text } = await send(`${api}/data/${pathOf(endpoint)}`, {
        method: 'POST',
        query: options,
        body,
      })
      const skipped = headers.get('X-Skipped')?.split(',').filter(Boolean).map(Number) ?? []
      return { records: recordsAt<Data>(text), skipped }
    },
    /** Replaces the data of several records, all or none. */
    updateMany,
    /** Replaces a record's data. */
    async update<Data = unknown>(record: Update): Promise<StoredRecord<Data>> {
      return (await updateMany<Data>([record]))[0] as StoredRecord<Data>
    },
  }
}
