import { stringText } from '@hatstand/api/json.ts'
import type { Connection } from './connection.ts'
import type { AnyEndpoint, DataOf, Name } from './endpoints.ts'
import { textOf } from './exact.ts'
import { api } from './paths.ts'
import { recordsAt, type StoredRecord } from './record.ts'

/** A record to save; it and its own `links` become one group, at any depth. */
export type NewRecord<E = AnyEndpoint> = {
  [N in Name<E>]: {
    endpoint: N
    /** A value or `exact(text)`. */
    data: DataOf<E, N>
    links?: readonly NewRecord<E>[]
  }
}[Name<E>]

function newText({ endpoint, data, links }: NewRecord): string {
  const linked = links === undefined ? '' : `,"links":[${links.map(newText).join(',')}]`
  return `{"endpoint":${stringText(endpoint)},"data":${textOf(data)}${linked}}`
}

export function batch<E>({ send }: Connection) {
  return {
    /** Saves records for several endpoints, all or none, linked as they are nested. */
    async create(records: readonly NewRecord<E>[]): Promise<StoredRecord[]> {
      const body = `[${(records as readonly NewRecord[]).map(newText).join(',')}]`
      return recordsAt((await send(`${api}/data-batch`, { method: 'POST', body })).text)
    },
  }
}
