import type { Database, Unit } from '../database/port.ts'
import { type DataDebit, endOf, type Permission } from '../domain/consent/data-debit.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { findDebit } from './consent/data-debits.ts'
import { addNotices, removeNotices } from './consent/notices.ts'
import { addReceipt, endedDebits, isDeclined, type Receipt, standingReceipt } from './consent/receipts.ts'
import type { Decision } from './data-debit-decided.ts'
import { noteEntry } from './ledger/entries.ts'

/** Makes the entry of the ledger for the end of a permission of a data debit. */
export type ExpiryEntry = (dataDebit: string, permission: number) => LedgerEntry | undefined

/**
 * What follows from a decision on a data debit: the receipts of it, for both sides, and notices of them for the requester. In the
 * unit of the decision.
 */
export async function noteConsent(
  unit: Unit,
  pda: number,
  { debit, permission, event }: Pick<Decision, 'debit' | 'permission' | 'event'>,
): Promise<void> {
  if (event === 'propose' || event === 'change') return
  // Receipts are numbered: whoever decides at the same time waits.
  await unit.count(0)
  if (event === 'delete') {
    await noteDisabled(unit, pda, debit)
    await removeNotices(unit, pda, debit.id)
  }
  if (event === 'end') await noteExpiry(unit, pda, debit, permission?.usedUpAt ?? 0)
  if (event === 'enable' && permission)
    await addNotices(unit, pda, debit, await noteAccepted(unit, pda, debit, permission))
  if (event === 'disable') await addNotices(unit, pda, debit, await noteDisabled(unit, pda, debit))
  if (event === 'reject') await addNotices(unit, pda, debit, await noteRejected(unit, pda, debit))
}

/** Makes the receipt of accepting a permission; and of the end of the one before, if nobody has noticed that. */
async function noteAccepted(
  unit: Unit,
  pda: number,
  debit: DataDebit,
  permission: Permission,
): Promise<Receipt[]> {
  const at = permission.acceptedAt as number
  const standing = await standingReceipt(unit, pda, debit.id)
  if (standing && isOpen(standing) && (standing.endsAt ?? Infinity) > at) {
    const made = { event: 'changed', at, now: at, replaces: standing.permission } as const
    return [await addReceipt(unit, pda, debit, permission, made)]
  }
  if (standing && isOpen(standing)) await noteReplaced(unit, pda, debit, standing, permission)
  return [await addReceipt(unit, pda, debit, permission, { event: 'accepted', at, now: at })]
}

/** Makes the receipt of the end of a permission that another one has taken the place of since. */
async function noteReplaced(
  unit: Unit,
  pda: number,
  debit: DataDebit,
  standing: Receipt,
  by: Permission,
): Promise<void> {
  const before = debit.permissions.find(({ number }) => number === standing.permission)
  if (before === undefined || before.number === by.number) return
  const made = { event: 'expired', at: standing.endsAt as number, now: by.acceptedAt as number } as const
  await addReceipt(unit, pda, debit, { ...before, acceptedAt: standing.at }, made)
}

/** Makes the receipt of a permission that was disabled; if it had ended by itself before, of that. None the second time. */
async function noteDisabled(unit: Unit, pda: number, debit: DataDebit): Promise<Receipt[]> {
  const standing = await standingReceipt(unit, pda, debit.id)
  if (standing === undefined || !isOpen(standing)) return []
  const permission = permissionOf(debit, standing)
  const at = permission?.canceledAt
  if (permission === undefined || at === undefined || (standing.event === 'disabled' && standing.at === at))
    return []
  const end = endOf(permission) as number
  const made = end < at ? ({ event: 'expired', at: end } as const) : ({ event: 'disabled', at } as const)
  return [await addReceipt(unit, pda, debit, permission, { ...made, now: at })]
}

/** Makes the receipts of the permissions that the owner declined last, once. */
async function noteRejected(unit: Unit, pda: number, debit: DataDebit): Promise<Receipt[]> {
  const at = Math.max(...debit.permissions.map(({ rejectedAt }) => rejectedAt ?? 0))
  const receipts: Receipt[] = []
  for (const permission of debit.permissions)
    if (permission.rejectedAt === at && !(await isDeclined(unit, pda, debit.id, permission.number, at)))
      receipts.push(await addReceipt(unit, pda, debit, permission, { event: 'rejected', at, now: at }))
  return receipts
}

/**
 * Makes the receipt of a consent that has ended by itself: its time was over, or it was read once. Under the account's lock, and
 * so once, whoever notices it first.
 *
 * @param debit as it is kept
 * @param entryFor makes the entry of the ledger
 */
export async function noteExpiry(
  unit: Unit,
  pda: number,
  debit: DataDebit,
  now: number,
  entryFor?: ExpiryEntry,
): Promise<void> {
  const standing = await standingReceipt(unit, pda, debit.id)
  if (standing === undefined || !isOpen(standing)) return
  const permission = permissionOf(debit, standing)
  const at = permission && endOf(permission)
  if (permission === undefined || at === undefined || at > now) return
  await addReceipt(unit, pda, debit, permission, { event: 'expired', at, now })
  await noteEntry(unit, pda, entryFor?.(debit.id, permission.number))
}

/** Makes the receipts of all consents of an account that have ended by themselves. */
export async function noteExpiries(
  database: Database,
  pda: number,
  now: number,
  entryFor?: ExpiryEntry,
): Promise<void> {
  for (const id of await endedDebits(database, pda, now))
    await database.write(pda, async (unit) => {
      await unit.count(0)
      const debit = await findDebit(unit, pda, id)
      if (debit) await noteExpiry(unit, pda, debit, now, entryFor)
    })
}

/** Whether the consent holds behind a receipt. */
const isOpen = ({ event, endsAt }: Receipt): boolean =>
  event === 'accepted' || event === 'changed' || (event === 'disabled' && endsAt !== undefined)

/** The permission that a receipt is about, while it is the accepted one. */
const permissionOf = ({ permissions }: DataDebit, { permission }: Receipt): Permission | undefined =>
  permissions.find(({ number, acceptedAt }) => number === permission && acceptedAt !== undefined)
