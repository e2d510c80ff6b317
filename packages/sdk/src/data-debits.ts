import type { Acceptance, DataDebitRequest } from '@hatstand/api/data-debit-request.ts'
import type { DataDebit } from '@hatstand/api/data-debit.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Connection, Request } from './connection.ts'
import { type Exact, textOf } from './exact.ts'
import { api } from './paths.ts'

const at = (id: string, does = '') => `/${encodeURIComponent(id)}${does}`

/** Asking for data, and the owner's consent to it. */
export function dataDebits({ send }: Connection) {
  const ask = async <T>(path: string, request?: Request) =>
    (await send(`${api}/data-debit${path}`, request)).json() as Promise<T>
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
    /** Accepts what was proposed last, or less of it; with `permission` only if that is still the last. */
    enable: (id: string, acceptance: Acceptance | Exact = {}) =>
      ask<DataDebit>(at(id, '/enable'), { method: 'POST', body: textOf(acceptance) }),
    /** Ends it at once, or at the end of the period it is in. */
    disable: (id: string, { atPeriodEnd = false } = {}) =>
      ask<DataDebit>(at(id, '/disable'), { method: 'POST', query: { atPeriodEnd } }),
    /** Declines what was proposed and not accepted. */
    reject: (id: string) => ask<DataDebit>(at(id, '/reject'), { method: 'POST' }),
    /** Ends it at once; it is not listed any more, and its id is not free again. */
    delete: (id: string) => ask<Message>(at(id), { method: 'DELETE' }),
  }
}
