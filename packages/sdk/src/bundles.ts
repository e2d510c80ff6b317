import type { SavedBundle } from '@hatstand/api/bundles.ts'
import { members } from '@hatstand/api/json.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Bundle } from '@hatstand/api/queries.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'
import { api } from './paths.ts'
import { recordsAt, type StoredRecord } from './record.ts'

const at = (name: string) => `${api}/data-bundle/${encodeURIComponent(name)}`

/** Saved named queries, answered as one object; for the owner, and applications with the role owner. */
export function bundles({ ask, send }: Connection) {
  return {
    /** Registers one, in place of what had its name. */
    register: (name: string, bundle: Bundle) =>
      ask<Message>(at(name), { method: 'POST', body: textOf(bundle) }),
    /** Property -> records. */
    async read(name: string): Promise<Record<string, StoredRecord[]>> {
      const { text } = await send(at(name))
      const found = Array.from(members(text, 0, Infinity), ({ key, start }) => [key, recordsAt(text, start)])
      return Object.fromEntries(found) as Record<string, StoredRecord[]>
    },
    structure: (name: string) => ask<SavedBundle>(`${at(name)}/structure`),
    list: () => ask<SavedBundle[]>(`${api}/data-bundle`),
    delete: (name: string) => ask<Message>(at(name), { method: 'DELETE' }),
  }
}
