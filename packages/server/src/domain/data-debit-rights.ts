import { type Caller, hasRole, holderOf } from './access/rights.ts'
import type { DataDebit } from './consent/data-debit.ts'

/** Whether a caller may ask for data: it has the role `datadebit`, `platform` or `owner`. */
export const mayPropose = (caller: Caller): boolean =>
  ['owner', 'platform', 'datadebit'].some((role) => hasRole(caller, role))

/** Whether a caller decides on data debits, and sees all of them: the owner, and applications with that role. */
export const decides = (caller: Caller): boolean => hasRole(caller, 'owner')

/**
 * Whether a caller asked for this data itself, and may still ask. Having once proposed is not enough: an OAuth token of the same
 * application has none of these roles, and whoever has lost them has lost this, too.
 */
export function isRequester(caller: Caller, { id, holder }: Pick<DataDebit, 'id' | 'holder'>): boolean {
  return (
    holderOf(caller) === holder &&
    (hasRole(caller, 'datadebit') || hasRole(caller, 'platform') || hasRole(caller, 'datadebit', id))
  )
}

/** Whether a caller may read a data debit, change what it asks for, and read its values. */
export const mayUse = (caller: Caller, debit: Pick<DataDebit, 'id' | 'holder'>): boolean =>
  decides(caller) || isRequester(caller, debit)
