import type { Erased } from '@hatstand/api/erasure.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Connection } from './connection.ts'
import type { Name } from './endpoints.ts'
import { api, pathOf } from './paths.ts'

type Ids = string | readonly string[]

export function removing<E>({ ask }: Connection) {
  const remove = <T>(path: string, recordIds?: Ids) => {
    const query = recordIds === undefined ? {} : { records: [recordIds].flat() }
    return ask<T>(api + path, { method: 'DELETE', query })
  }

  return {
    /** Deletes records by id, all or none. They stay in the history until they are erased. */
    delete: (recordIds: Ids) => remove<Message>('/data', recordIds),
    /** Deletes all records of exactly this endpoint. */
    deleteEndpoint: (endpoint: Name<E>) => remove<Message>(`/data/${pathOf(endpoint)}`),
    /** Erases records for good, history included; for the owner only. */
    erase: (recordIds: Ids) => remove<Erased>('/data-erasure', recordIds),
    /** Erases all that is or was kept at exactly this endpoint; for the owner only. */
    eraseEndpoint: (endpoint: Name<E>) => remove<Erased>(`/data-erasure/${pathOf(endpoint)}`),
  }
}
