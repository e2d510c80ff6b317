import type { Context } from '../context.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { entryAt } from '../ledger/entries.ts'

/** Makes the entry of the ledger for a consent that has ended by itself; nobody did it. */
export const expiryEntry =
  ({ config, now }: Pick<Context, 'config' | 'now'>) =>
  (dataDebit: string, permission: number): LedgerEntry | undefined =>
    config.ledger === 'off'
      ? undefined
      : entryAt(now(), 'expire', undefined, { dataDebit, permission: String(permission) })
