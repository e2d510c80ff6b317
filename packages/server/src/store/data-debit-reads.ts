import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'

/** How often a permission was read in one of its periods. */
export async function readsIn(
  unit: Unit,
  pda: number,
  id: string,
  permission: number,
  period: number,
): Promise<number> {
  const [row] = await unit.all<{ reads: number }>(sql`select reads from data_debit_read
    where pda_id = ${pda} and debit_id = ${id} and permission = ${permission} and period_number = ${period}`)
  return row?.reads ?? 0
}

/** Counts a read of a permission in one of its periods. */
export async function countRead(
  unit: Unit,
  pda: number,
  id: string,
  permission: number,
  period: number,
): Promise<void> {
  const key = { pda_id: pda, debit_id: [id], permission, period_number: period }
  await unit.insertMissing('data_debit_read', { ...key, reads: 0 })
  await unit.all(sql`update data_debit_read set reads = reads + 1
    where pda_id = ${pda} and debit_id = ${id} and permission = ${permission} and period_number = ${period}`)
}
