import type { Unit } from '../database/port.ts'
import type { DataDebit, Permission } from '../domain/consent/data-debit.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { noteConsent } from './consent-events.ts'
import { noteEntry } from './ledger/entries.ts'

/** What happened to a data debit. `end`: it was read once, and once was all. */
export type DebitEvent = 'propose' | 'change' | 'enable' | 'disable' | 'reject' | 'delete' | 'end'

export interface Decision {
  /** As it is from now on. */
  debit: DataDebit
  /** The permission that it is about; undefined where it is about all of them. */
  permission: Permission | undefined
  event: DebitEvent
  /** Of the ledger; undefined where none is kept. */
  entry: LedgerEntry | undefined
}

/** Called in the unit of each decision on a data debit: whatever follows from it is kept together with it. */
export async function decided(unit: Unit, pda: number, decision: Decision): Promise<void> {
  await noteEntry(unit, pda, decision.entry)
  await noteConsent(unit, pda, decision)
}
