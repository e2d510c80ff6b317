import type { Erased } from '@hatstand/api/erasure.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Connection } from './connection.ts'
import { api, pathOf } from './paths.ts'

type Ids = string | readonly string[]

export function removing({ send }: Connection) {
  const remove = async (path: string, recordIds?: Ids): Promise<unknown> => {
    const query = recordIds === undefined ? {} : { records: [recordIds].flat() }
    return (await send(api + path, { method: 'DELETE', query })).json()
  }

  return {
    /** Deletes records by id, all or none. They stay in the history until they are erased. */
    delete: (recordIds: Ids) => remove('/data', recordIds) as Promise<Message>,
    /** Deletes all records of exactly this endpoint. */
    deleteEndpoint: (endpoint: string) => remove(`/data/${pathOf(endpoint)}`) as Promise<Message>,
    /** Erases records for good, history included; for the owner only. */
    erase: (recordIds: Ids) => remove('/data-erasure', recordIds) as Promise<Erased>,
    /** Erases all that is or was kept at exactly this endpoint; for the owner only. */
    eraseEndpoint: (endpoint: string) => remove(`/data-erasure/${pathOf(endpoint)}`) as Promise<Erased>,
  }
}
