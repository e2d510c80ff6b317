import type { Unit } from '../../database/port.ts'
import { type DataDebit, disabled, type Permission } from '../../domain/consent/data-debit.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { decided } from '../data-debit-decided.ts'
import {
  addDebit,
  addPermission,
  bundleNamesTaken,
  countDebits,
  findDebit,
  listDebits,
  noteSeen,
  saveDebit,
  saveDecision,
} from './data-debits.ts'

/** A requester has at most so many data debits, and one of them so many permissions: each takes room, and the owner's time. */
const mostDebits = 1000
const mostPermissions = 200

/** Why a proposal was not taken; `name` says which bundle, or what there are too many of. */
export interface Refusal {
  reason: 'exists' | 'bundle' | 'linked' | 'many'
  name?: string
}

/** Keeps a new data debit; nothing when it is refused. An id is taken for ever, that of a deleted one too. */
export async function proposeDebit(
  unit: Unit,
  pda: number,
  debit: DataDebit,
  entry: LedgerEntry | undefined,
): Promise<Refusal | undefined> {
  await unit.count(0)
  if (await findDebit(unit, pda, debit.id)) return { reason: 'exists' }
  const permission = debit.permissions.at(-1)!
  const [name] = await bundleNamesTaken(unit, pda, debit.id, namesIn(permission))
  if (name !== undefined) return { reason: 'bundle', name }
  if ((await countDebits(unit, pda, debit.holder)) >= mostDebits)
    return { reason: 'many', name: `there are ${mostDebits} data debits of this requester already` }
  await addDebit(unit, pda, debit)
  await decided(unit, pda, { debit, permission, event: 'propose', entry })
  return undefined
}

/** Keeps another permission of a data debit, its last; nothing when it is refused. */
export async function proposePermission(
  unit: Unit,
  pda: number,
  debit: DataDebit,
  permission: Permission,
  entry: LedgerEntry | undefined,
): Promise<Refusal | undefined> {
  const [name] = await bundleNamesTaken(unit, pda, debit.id, namesIn(permission))
  if (name !== undefined) return { reason: 'linked', name }
  if (permission.number > mostPermissions)
    return { reason: 'many', name: `this data debit was changed ${mostPermissions} times already` }
  await addPermission(unit, pda, debit.id, permission)
  await saveDebit(unit, pda, debit)
  await decided(unit, pda, { debit, permission, event: 'change', entry })
  return undefined
}

const namesIn = ({ bundle, conditions }: Permission): string[] => [
  bundle.name,
  ...(conditions ? [conditions.name] : []),
]

/** Puts a permission in force as the owner accepts it, in place of all others. */
export async function acceptPermission(
  unit: Unit,
  pda: number,
  before: DataDebit,
  permission: Permission,
  entry: LedgerEntry | undefined,
): Promise<DataDebit> {
  const permissions = before.permissions.map((one) =>
    one.number === permission.number ? permission : { ...one, acceptedAt: undefined },
  )
  const debit = await changed(unit, pda, before, permissions)
  // Who has once accepted by its number, or unread, does not accept the next one unread.
  await noteSeen(unit, pda, before.id, permission.number)
  await decided(unit, pda, { debit, permission, event: 'enable', entry })
  return debit
}

/** Ends all permissions, at once or at the end of the period each is in. */
export async function disableDebit(
  unit: Unit,
  pda: number,
  before: DataDebit,
  { now, atPeriodEnd }: { now: number; atPeriodEnd: boolean },
  entry: LedgerEntry | undefined,
): Promise<DataDebit> {
  const permissions = before.permissions.map((one) => disabled(one, now, atPeriodEnd))
  const debit = await changed(unit, pda, before, permissions)
  const permission = permissions.findLast(({ acceptedAt }) => acceptedAt !== undefined)
  await decided(unit, pda, { debit, permission, event: 'disable', entry })
  return debit
}

/** Declines what was proposed and not accepted. */
export async function rejectDebit(
  unit: Unit,
  pda: number,
  before: DataDebit,
  now: number,
  entry: LedgerEntry | undefined,
): Promise<DataDebit> {
  const permissions = before.permissions.map((one) =>
    one.acceptedAt === undefined && one.rejectedAt === undefined ? { ...one, rejectedAt: now } : one,
  )
  const debit = await changed(unit, pda, before, permissions)
  await decided(unit, pda, { debit, permission: permissions.at(-1), event: 'reject', entry })
  return debit
}

/** Ends a data debit at once and for ever; it stays in the tables, so that its id is never that of another. */
export async function deleteDebit(
  unit: Unit,
  pda: number,
  before: DataDebit,
  now: number,
  entry: LedgerEntry | undefined,
): Promise<void> {
  const permissions = before.permissions.map((one) => disabled(one, now, false))
  const debit = await changed(unit, pda, { ...before, deletedAt: now }, permissions)
  await saveDebit(unit, pda, debit)
  await decided(unit, pda, { debit, permission: undefined, event: 'delete', entry })
}

/** Deletes all data debits of somebody who is removed: another who gets the same id has none of them. */
export async function deleteDebitsOf(unit: Unit, pda: number, holder: string, now: number): Promise<void> {
  for (const debit of await listDebits(unit, pda, holder)) await deleteDebit(unit, pda, debit, now, undefined)
}

/** Keeps the decisions on permissions that are not as they were. */
async function changed(
  unit: Unit,
  pda: number,
  before: DataDebit,
  permissions: Permission[],
): Promise<DataDebit> {
  for (const [index, permission] of permissions.entries())
    if (permission !== before.permissions[index]) await saveDecision(unit, pda, before.id, permission)
  return { ...before, permissions }
}
