import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import {
  activePermission,
  type DataDebit,
  isOnce,
  nextPeriod,
  periodAt,
  type Permission,
  readLimitOf,
} from '../../domain/consent/data-debit.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { findDebit, saveDecision } from './data-debits.ts'
import { decided } from './decisions.ts'

/** A read that is about to begin. */
export interface Claim {
  /** As it was found; what was accepted since is another. */
  permission: Permission
  now: number
  /** Whether data will leave: with a condition that is not met it is counted, and may be read once more all the same. */
  gives: boolean
  /** The ledger's entry for the end of what may be read once. */
  entry: LedgerEntry | undefined
}

/** `limit`: it was read as often as it may be, until then. */
export type Claimed = 'claimed' | 'inactive' | { limit: number }

/**
 * Counts a read, before anything of it leaves: however many ask at the same time, at whichever server, no more than may be are let in.
 * A permission without a limit is only looked at.
 */
export async function claimRead(
  database: AccountDatabase,
  id: string,
  { permission, now, gives, entry }: Claim,
): Promise<Claimed> {
  if (readLimitOf(permission) === Infinity && !isOnce(permission)) return 'claimed'
  return database.write(async (unit) => {
    await unit.lock()
    const debit = await findDebit(unit, id)
    const found = debit && debit.deletedAt === undefined ? activePermission(debit, now) : undefined
    if (!debit || !found || !isSame(found, permission)) return 'inactive'
    const period = periodAt(found, now)
    if ((await readsIn(unit, id, found.number, period)) >= readLimitOf(found))
      return { limit: nextPeriod(found, now) }
    await countRead(unit, id, found.number, period)
    if (gives && isOnce(found)) await useUp(unit, debit, { ...found, usedUpAt: now }, entry)
    return 'claimed'
  })
}

/** Whether nothing was decided on a permission since it was found. */
const isSame = (one: Permission, other: Permission) =>
  one.number === other.number && one.acceptedAt === other.acceptedAt && one.narrowing === other.narrowing

async function useUp(
  unit: Unit,
  before: DataDebit,
  permission: Permission,
  entry: LedgerEntry | undefined,
): Promise<void> {
  await saveDecision(unit, before.id, permission)
  const permissions = before.permissions.map((one) => (one.number === permission.number ? permission : one))
  await decided(unit, { debit: { ...before, permissions }, permission, event: 'end', entry })
}

async function readsIn(unit: Unit, id: string, permission: number, period: number): Promise<number> {
  const [row] = await unit.all<{ reads: number }>(sql`select reads from data_debit_read
    where pda_id = ${unit.pda} and debit_id = ${id} and permission = ${permission} and period_number = ${period}`)
  return row?.reads ?? 0
}

async function countRead(unit: Unit, id: string, permission: number, period: number): Promise<void> {
  const key = { pda_id: unit.pda, debit_id: [id], permission, period_number: period }
  await unit.insertMissing('data_debit_read', { ...key, reads: 0 })
  await unit.all(sql`update data_debit_read set reads = reads + 1
    where pda_id = ${unit.pda} and debit_id = ${id} and permission = ${permission} and period_number = ${period}`)
}
