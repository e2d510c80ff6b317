import type { AccountDatabase, Unit } from '../../database/port.ts'
import { type DataDebit, disabled, type Permission, endOf } from '../../domain/consent/data-debit.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { appendEntry } from '../ledger/entries.ts'
import {
  addDebit,
  addPermission,
  bundleNamesTaken,
  countDebits,
  findDebit,
  listDebits,
  markSeen,
  saveDebit,
  saveDecision,
} from './data-debits.ts'
import { addNotices, removeNotices } from './notices.ts'
import { addReceipt, endedDebits, isDeclined, type Receipt, standingReceipt } from './receipts.ts'

/** A requester has at most so many data debits, and one of them so many permissions: each takes room, and the owner's time. */
const maxDebits = 1000
const maxPermissions = 200

/** Why a proposal was not taken; `name` says which bundle, or what there are too many of. */
export interface Refusal {
  reason: 'exists' | 'bundle' | 'linked' | 'many'
  name?: string
}

/** Keeps a new data debit; nothing when it is refused. An id is taken for ever, that of a deleted one too. */
export async function proposeDebit(
  unit: Unit,
  debit: DataDebit,
  entry: LedgerEntry | undefined,
): Promise<Refusal | undefined> {
  await unit.lock()
  if (await findDebit(unit, debit.id)) return { reason: 'exists' }
  const permission = debit.permissions.at(-1)!
  const [name] = await bundleNamesTaken(unit, debit.id, namesIn(permission))
  if (name !== undefined) return { reason: 'bundle', name }
  if ((await countDebits(unit, debit.holder)) >= maxDebits)
    return { reason: 'many', name: `there are ${maxDebits} data debits of this requester already` }
  await addDebit(unit, debit)
  await decided(unit, { debit, permission, event: 'propose', entry })
  return undefined
}

/** Keeps another permission of a data debit, its last; nothing when it is refused. */
export async function proposePermission(
  unit: Unit,
  debit: DataDebit,
  permission: Permission,
  entry: LedgerEntry | undefined,
): Promise<Refusal | undefined> {
  const [name] = await bundleNamesTaken(unit, debit.id, namesIn(permission))
  if (name !== undefined) return { reason: 'linked', name }
  if (permission.number > maxPermissions)
    return { reason: 'many', name: `this data debit was changed ${maxPermissions} times already` }
  await addPermission(unit, debit.id, permission)
  await saveDebit(unit, debit)
  await decided(unit, { debit, permission, event: 'change', entry })
  return undefined
}

const namesIn = ({ bundle, conditions }: Permission): string[] => [
  bundle.name,
  ...(conditions ? [conditions.name] : []),
]

/** Puts a permission in force as the owner accepts it, in place of all others. */
export async function acceptPermission(
  unit: Unit,
  before: DataDebit,
  permission: Permission,
  entry: LedgerEntry | undefined,
): Promise<DataDebit> {
  const permissions = before.permissions.map((one) =>
    one.number === permission.number ? permission : { ...one, acceptedAt: undefined },
  )
  const debit = await changed(unit, before, permissions)
  // Who has once accepted by its number, or unread, does not accept the next one unread.
  await markSeen(unit, before.id, permission.number)
  await decided(unit, { debit, permission, event: 'enable', entry })
  return debit
}

/** Ends all permissions, at once or at the end of the period each is in. */
export async function disableDebit(
  unit: Unit,
  before: DataDebit,
  { now, atPeriodEnd }: { now: number; atPeriodEnd: boolean },
  entry: LedgerEntry | undefined,
): Promise<DataDebit> {
  const permissions = before.permissions.map((one) => disabled(one, now, atPeriodEnd))
  const debit = await changed(unit, before, permissions)
  const permission = permissions.findLast(({ acceptedAt }) => acceptedAt !== undefined)
  await decided(unit, { debit, permission, event: 'disable', entry })
  return debit
}

/** Declines what was proposed and not accepted. */
export async function rejectDebit(
  unit: Unit,
  before: DataDebit,
  now: number,
  entry: LedgerEntry | undefined,
): Promise<DataDebit> {
  const permissions = before.permissions.map((one) =>
    one.acceptedAt === undefined && one.rejectedAt === undefined ? { ...one, rejectedAt: now } : one,
  )
  const debit = await changed(unit, before, permissions)
  await decided(unit, { debit, permission: permissions.at(-1), event: 'reject', entry })
  return debit
}

/** Ends a data debit at once and for ever; it stays in the tables, so that its id is never that of another. */
export async function deleteDebit(
  unit: Unit,
  before: DataDebit,
  now: number,
  entry: LedgerEntry | undefined,
): Promise<void> {
  const permissions = before.permissions.map((one) => disabled(one, now, false))
  const debit = await changed(unit, { ...before, deletedAt: now }, permissions)
  await saveDebit(unit, debit)
  await decided(unit, { debit, permission: undefined, event: 'delete', entry })
}

/** Deletes all data debits of somebody who is removed: another who gets the same id has none of them. */
export async function deleteDebitsOf(unit: Unit, holder: string, now: number): Promise<void> {
  for (const debit of await listDebits(unit, holder)) await deleteDebit(unit, debit, now, undefined)
}

/** Keeps the decisions on permissions that are not as they were. */
async function changed(unit: Unit, before: DataDebit, permissions: Permission[]): Promise<DataDebit> {
  for (const [index, permission] of permissions.entries())
    if (permission !== before.permissions[index]) await saveDecision(unit, before.id, permission)
  return { ...before, permissions }
}

/** What happened to a data debit. `end`: it was read once, and once was all. */
type DebitEvent = 'propose' | 'change' | 'enable' | 'disable' | 'reject' | 'delete' | 'end'

interface Decision {
  /** As it is from now on. */
  debit: DataDebit
  /** The permission that it is about; undefined where it is about all of them. */
  permission: Permission | undefined
  event: DebitEvent
  /** Of the ledger; undefined where none is kept. */
  entry: LedgerEntry | undefined
}

/** Called in the unit of each decision on a data debit: whatever follows from it is kept together with it. */
export async function decided(unit: Unit, decision: Decision): Promise<void> {
  await appendEntry(unit, decision.entry)
  await noteConsent(unit, decision)
}

/** Makes the entry of the ledger for the end of a permission of a data debit. */
type ExpiryEntry = (dataDebit: string, permission: number) => LedgerEntry | undefined

/**
 * What follows from a decision on a data debit: the receipts of it, for both sides, and notices of them for the requester. In the
 * unit of the decision.
 */
async function noteConsent(
  unit: Unit,
  { debit, permission, event }: Pick<Decision, 'debit' | 'permission' | 'event'>,
): Promise<void> {
  if (event === 'propose' || event === 'change') return
  // Receipts are numbered: whoever decides at the same time waits.
  await unit.lock()
  if (event === 'delete') {
    await noteDisabled(unit, debit)
    await removeNotices(unit, debit.id)
  }
  if (event === 'end') await appendExpiry(unit, debit, permission?.usedUpAt ?? 0)
  if (event === 'enable' && permission)
    await addNotices(unit, debit, await noteAccepted(unit, debit, permission))
  if (event === 'disable') await addNotices(unit, debit, await noteDisabled(unit, debit))
  if (event === 'reject') await addNotices(unit, debit, await noteRejected(unit, debit))
}

/** Makes the receipt of accepting a permission; and of the end of the one before, if nobody has noticed that. */
async function noteAccepted(unit: Unit, debit: DataDebit, permission: Permission): Promise<Receipt[]> {
  const at = permission.acceptedAt as number
  const standing = await standingReceipt(unit, debit.id)
  if (standing && isOpen(standing) && (standing.endsAt ?? Infinity) > at) {
    const made = { event: 'changed', at, now: at, replaces: standing.permission } as const
    return [await addReceipt(unit, debit, permission, made)]
  }
  if (standing && isOpen(standing)) await noteReplaced(unit, debit, standing, permission)
  return [await addReceipt(unit, debit, permission, { event: 'accepted', at, now: at })]
}

/** Makes the receipt of the end of a permission that another one has taken the place of since. */
async function noteReplaced(unit: Unit, debit: DataDebit, standing: Receipt, by: Permission): Promise<void> {
  const before = debit.permissions.find(({ number }) => number === standing.permission)
  if (before === undefined || before.number === by.number) return
  const made = { event: 'expired', at: standing.endsAt as number, now: by.acceptedAt as number } as const
  await addReceipt(unit, debit, { ...before, acceptedAt: standing.at }, made)
}

/** Makes the receipt of a permission that was disabled; if it had ended by itself before, of that. None the second time. */
async function noteDisabled(unit: Unit, debit: DataDebit): Promise<Receipt[]> {
  const standing = await standingReceipt(unit, debit.id)
  if (standing === undefined || !isOpen(standing)) return []
  const permission = permissionOf(debit, standing)
  const at = permission?.canceledAt
  if (permission === undefined || at === undefined || (standing.event === 'disabled' && standing.at === at))
    return []
  const end = endOf(permission) as number
  const made = end < at ? ({ event: 'expired', at: end } as const) : ({ event: 'disabled', at } as const)
  return [await addReceipt(unit, debit, permission, { ...made, now: at })]
}

/** Makes the receipts of the permissions that the owner declined last, once. */
async function noteRejected(unit: Unit, debit: DataDebit): Promise<Receipt[]> {
  const at = Math.max(...debit.permissions.map(({ rejectedAt }) => rejectedAt ?? 0))
  const receipts: Receipt[] = []
  for (const permission of debit.permissions)
    if (permission.rejectedAt === at && !(await isDeclined(unit, debit.id, permission.number, at)))
      receipts.push(await addReceipt(unit, debit, permission, { event: 'rejected', at, now: at }))
  return receipts
}

/**
 * Makes the receipt of a consent that has ended by itself: its time was over, or it was read once. Under the account's lock, and
 * so once, whoever notices it first.
 *
 * @param debit as it is kept
 * @param entryFor makes the entry of the ledger
 */
export async function appendExpiry(
  unit: Unit,
  debit: DataDebit,
  now: number,
  entryFor?: ExpiryEntry,
): Promise<void> {
  const standing = await standingReceipt(unit, debit.id)
  if (standing === undefined || !isOpen(standing)) return
  const permission = permissionOf(debit, standing)
  const at = permission && endOf(permission)
  if (permission === undefined || at === undefined || at > now) return
  await addReceipt(unit, debit, permission, { event: 'expired', at, now })
  await appendEntry(unit, entryFor?.(debit.id, permission.number))
}

/** Makes the receipts of all consents of an account that have ended by themselves. */
export async function appendExpiries(
  database: AccountDatabase,
  now: number,
  entryFor?: ExpiryEntry,
): Promise<void> {
  for (const id of await endedDebits(database, now))
    await database.write(async (unit) => {
      await unit.lock()
      const debit = await findDebit(unit, id)
      if (debit) await appendExpiry(unit, debit, now, entryFor)
    })
}

/** Whether the consent holds behind a receipt. */
const isOpen = ({ event, endsAt }: Receipt): boolean =>
  event === 'accepted' || event === 'changed' || (event === 'disabled' && endsAt !== undefined)

/** The permission that a receipt is about, while it is the accepted one. */
const permissionOf = ({ permissions }: DataDebit, { permission }: Receipt): Permission | undefined =>
  permissions.find(({ number, acceptedAt }) => number === permission && acceptedAt !== undefined)
