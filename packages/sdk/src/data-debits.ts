import type { Acceptance, DataDebitRequest, PreviewRequest } from '@hatstand/api/data-debit-request.ts'
import type { DataDebit } from '@hatstand/api/data-debit.ts'
import type { Message } from '@hatstand/api/message.ts'
import { jsonOf } from './attempt.ts'
import type { Connection, Request } from './connection.ts'
import { type Exact, textOf } from './exact.ts'
import { api } from './paths.ts'
import { afterOf } from './reading.ts'

/** A record as it leaves: what the bundle's mapping shows of it. */
export interface DisclosedRecord {
  endpoint: string
  recordId: string
  data: unknown
  links?: DisclosedRecord[]
}

/** What leaves by a data debit: property of the bundle -> records. */
export interface Values {
  bundle: Record<string, DisclosedRecord[]>
  /** Which conditions are met; without all of them the bundle is empty. */
  conditions?: Record<string, boolean>
}

/** What would leave, and how many records of each property. */
export interface Preview extends Values {
  permission: number
  counts: Record<string, number>
}

const at = (id: string, does = '') => `/${encodeURIComponent(id)}${does}`

/** Asking for data, and the owner's consent to it. */
export function dataDebits(connection: Connection) {
  const ask = <T>(path: string, request?: Request) => connection.ask<T>(`${api}/data-debit${path}`, request)
  return {
    /** The owner sees all, the newest first, a requester its own. */
    list: () => ask<DataDebit[]>(''),
    get: (id: string) => ask<DataDebit>(at(id)),
    /** Asks for data: nothing leaves before the owner has accepted it. */
    propose: (id: string, request: DataDebitRequest | Exact) =>
      ask<DataDebit>(at(id), { method: 'POST', body: textOf(request) }),
    /** Asks for something else: what is in force stays so until the owner has accepted the change. */
    update: (id: string, request: DataDebitRequest | Exact) =>
      ask<DataDebit>(at(id), { method: 'PUT', body: textOf(request) }),
    /**
     * Accepts what was proposed last, or less of it; with `permission` only if that is still the last. `notify` is the host of the
     * requester's callback as the owner has seen it: then it is told there.
     */
    enable: (id: string, acceptance: Acceptance | Exact = {}, { notify }: { notify?: string } = {}) =>
      ask<DataDebit>(at(id, '/enable'), { method: 'POST', body: textOf(acceptance), query: { notify } }),
    /** Ends it at once, or at the end of the period it is in. */
    disable: (id: string, { atPeriodEnd = false, notify }: { atPeriodEnd?: boolean; notify?: string } = {}) =>
      ask<DataDebit>(at(id, '/disable'), { method: 'POST', query: { atPeriodEnd, notify } }),
    /** Declines what was proposed and not accepted. */
    reject: (id: string, { notify }: { notify?: string } = {}) =>
      ask<DataDebit>(at(id, '/reject'), { method: 'POST', query: { notify } }),
    /** What would leave if a permission were accepted with this narrowing; at most `take` records of each property. */
    preview: (id: string, { take, ...request }: PreviewRequest & { take?: number } = {}) =>
      ask<Preview>(at(id, '/preview'), {
        method: 'POST',
        query: { take },
        body: textOf(request),
        repeatable: true,
      }),
    /** What leaves now: all of it, or with `take` a page, which the `after` of its answer goes on from. */
    async values(
      id: string,
      query: { take?: number; after?: string } = {},
    ): Promise<Values & { after?: string }> {
      // The owner may have limited how often it is read: each time counts.
      const request = { query, repeatable: false }
      const answer = await connection.send(`${api}/data-debit${at(id, '/values')}`, request)
      return { ...(jsonOf(answer) as Values), ...afterOf(answer) }
    },
    /** Ends it at once; it is not listed any more, and its id is not free again. */
    delete: (id: string) => ask<Message>(at(id), { method: 'DELETE' }),
  }
}
