import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'

/** Resolves when the database answers. */
export async function answer(unit: Unit): Promise<void> {
  await unit.all(sql`select 1 as one`)
}
