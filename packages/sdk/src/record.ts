import { elements, members } from '@hatstand/api/json.ts'
import type { DataRecord } from '@hatstand/api/records.ts'

/** A record as the server keeps it. `data` is parsed when it is first looked at; `text` is its JSON, byte for byte. */
export interface StoredRecord<Data = unknown, Endpoint extends string = string> extends Omit<
  DataRecord,
  'endpoint' | 'data' | 'links'
> {
  endpoint: Endpoint
  readonly data: Data
  readonly text: string
  readonly links?: StoredRecord[]
}

/** Takes one record out of the text of an answer. */
export function recordAt<Data>(text: string, at = 0): StoredRecord<Data> {
  const record: Record<string, unknown> = {}
  for (const { key, start, end } of members(text, at, Infinity)) {
    if (key === 'data') addData(record, text.slice(start, end))
    else if (key === 'links') record[key] = recordsAt(text, start)
    else record[key] = JSON.parse(text.slice(start, end))
  }
  return record as unknown as StoredRecord<Data>
}

/** Takes an array of records out of the text of an answer. */
export function recordsAt<Data>(text: string, at = 0): StoredRecord<Data>[] {
  return Array.from(elements(text, at, Infinity), ({ start }) => recordAt<Data>(text, start))
}

function addData(record: Record<string, unknown>, text: string): void {
  let parsed: { data: unknown } | undefined
  const get = () => (parsed ??= { data: JSON.parse(text) as unknown }).data
  Object.defineProperty(record, 'data', { get, enumerable: true })
  record['text'] = text
}
