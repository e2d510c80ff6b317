import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import type { Role } from '../domain/roles.ts'

/** The roles of one holder, in order. */
export function findRoles(unit: Unit, pda: number, holder: string): Promise<Role[]> {
  return unit.all(sql`
    select role, detail from granted_role where pda_id = ${pda} and holder = ${holder} order by role, detail`)
}

/** Gives a holder these roles in place of all it had. */
export async function replaceRoles(
  unit: Unit,
  pda: number,
  holder: string,
  roles: readonly Role[],
): Promise<void> {
  await removeRoles(unit, pda, holder)
  const distinct = new Map(roles.map((role) => [`${role.role} ${role.detail}`, role]))
  for (const { role, detail } of distinct.values())
    await unit.all(sql`
      insert into granted_role (pda_id, holder, role, detail) values (${pda}, ${holder}, ${role}, ${detail})`)
}

export async function removeRoles(unit: Unit, pda: number, holder: string): Promise<void> {
  await unit.all(sql`delete from granted_role where pda_id = ${pda} and holder = ${holder}`)
}
