import type { Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import type { DataDebit } from '../domain/consent/data-debit.ts'
import type { ApiError } from '../errors.ts'
import { expiryEntry } from '../ledger/entries.ts'
import { noteExpiry } from '../store/consent-events.ts'
import { findDebit } from '../store/consent/data-debits.ts'

export type Decide = (unit: Unit, pda: number, debit: DataDebit) => Promise<DataDebit>

/**
 * Decides on a data debit in one unit, in which nobody else changes it.
 * @param absent the refusal when there is none
 */
export function decideOn(
  context: Context,
  pda: number,
  id: string,
  absent: (id: string) => ApiError,
  how: Decide,
): Promise<DataDebit> {
  const { database, now } = context
  return database.write(pda, async (unit) => {
    await unit.count(0)
    const debit = await findDebit(unit, pda, id)
    if (debit === undefined || debit.deletedAt !== undefined) throw absent(id)
    await noteExpiry(unit, pda, debit, now(), expiryEntry(context))
    return how(unit, pda, debit)
  })
}
