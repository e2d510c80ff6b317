import type { LedgerEntry, Seal } from '@hatstand/api/ledger.ts'
import { jsonOf } from './attempt.ts'
import type { Connection } from './connection.ts'
import { api } from './paths.ts'
import { afterOf } from './reading.ts'

/** Which entries of the ledger; everything may be left out. Times as in ISO 8601. */
export interface LedgerOptions {
  from?: string
  to?: string
  action?: LedgerEntry['action']
  holder?: string
  endpoint?: string
  dataDebit?: string
  /** How many at most: 1000. */
  take?: number
  /** Where to go on: `after` of the page before. */
  after?: string
}

/** What happened in the account; for the owner only. */
export function ledger({ ask, send }: Connection) {
  return {
    /** Entries, newest first, and where the next ones begin; no `after` means that there are no more. */
    async page(options: LedgerOptions = {}): Promise<{ entries: LedgerEntry[]; after?: string }> {
      const answer = await send(`${api}/ledger`, { query: { ...options } })
      return { entries: jsonOf(answer) as LedgerEntry[], ...afterOf(answer) }
    },
    /** Entries, newest first; at most 1000. */
    list: (options: LedgerOptions = {}) => ask<LedgerEntry[]>(`${api}/ledger`, { query: { ...options } }),
    /** The newest seal: kept elsewhere, it shows later whether the ledger was cut off. */
    head: () => ask<Seal>(`${api}/ledger/head`),
    /** Seals, newest first; `after` is the number of one: those before it. */
    seals: (options: { take?: number; after?: number } = {}) =>
      ask<Seal[]>(`${api}/ledger/seals`, { query: { ...options } }),
  }
}
