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
export function combinators({ ask, send }: Connection) {
  async function page<Data = unknown>(name: string, options: Options = {}): Promise<Page<Data>> {
    const answer = await send(at(name), { query: { ...options } })
    return { records: recordsAt<Data>(answer.text), ...afterOf(answer) }
  }

  return {
    /** Registers one, in place of what had its name. */
    register: (name: string, queries: Combinator) =>
      ask<Message>(at(name), { method: 'POST', body: textOf(queries) }),
    /** Its records; at most 1000 unless `take` says otherwise. */
    async read<Data = unknown>(name: string, options: Options = {}): Promise<StoredRecord<Data>[]> {
      return (await page<Data>(name, options)).records
    },
    /** Like `read`, and says where the next page begins. */
    page,
    list: () => ask<SavedCombinator[]>(`${api}/combinator`),
    delete: (name: string) => ask<Message>(at(name), { method: 'DELETE' }),
  }
}
