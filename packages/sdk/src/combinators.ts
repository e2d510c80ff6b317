import type { SavedCombinator } from '@hatstand/api/combinators.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Combinator } from '@hatstand/api/queries.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'
import { api, pathOf } from './paths.ts'
import { afterOf, type ListOptions, type Page } from './reading.ts'
import { recordsAt, type StoredRecord } from './record.ts'

type Options = Pick<ListOptions, 'take' | 'skip' | 'orderBy' | 'ordering' | 'after'>

const at = (name: string) => `${api}/combinator/${pathOf(name)}`

/** Saved lists of queries, answered as one list; for the owner, and applications with the role owner. */
export function combinators({ send }: Connection) {
  async function page<Data = unknown>(name: string, options: Options = {}): Promise<Page<Data>> {
    const response = await send(at(name), { query: { ...options } })
    return { records: recordsAt<Data>(await response.text()), ...afterOf(response) }
  }

  return {
    /** Registers one, in place of what had its name. */
    register: async (name: string, queries: Combinator) =>
      (await send(at(name), { method: 'POST', body: textOf(queries) })).json() as Promise<Message>,
    /** Its records; at most 1000 unless `take` says otherwise. */
    async read<Data = unknown>(name: string, options: Options = {}): Promise<StoredRecord<Data>[]> {
      return (await page<Data>(name, options)).records
    },
    /** Like `read`, and says where the next page begins. */
    page,
    list: async () => (await send(`${api}/combinator`)).json() as Promise<SavedCombinator[]>,
    delete: async (name: string) => (await send(at(name), { method: 'DELETE' })).json() as Promise<Message>,
  }
}
