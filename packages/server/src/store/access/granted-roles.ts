import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import type { Role } from '../../domain/access/roles.ts'
import { inOrder } from '../../domain/json/comparing.ts'

/** By this text roles are in order. */
export const roleText = ({ role, detail }: Role): string => `${role} ${detail}`

/** The roles of one holder, in order. */
export async function findRoles(unit: Unit, holder: string): Promise<Role[]> {
  const roles = await unit.all<Role>(
    sql`select role, detail from granted_role where pda_id = ${unit.pda} and holder = ${holder}`,
  )
  return inOrder(roles, roleText)
}

/** Gives a holder these roles in place of all it had. */
export async function replaceRoles(unit: Unit, holder: string, roles: readonly Role[]): Promise<void> {
  await removeRoles(unit, holder)
  const distinct = new Map(roles.map((role) => [roleText(role), role]))
  for (const { role, detail } of distinct.values())
    await unit.all(sql`
      insert into granted_role (pda_id, holder, role, detail) values (${unit.pda}, ${holder}, ${role}, ${detail})`)
}

export async function removeRoles(unit: Unit, holder: string): Promise<void> {
  await unit.all(sql`delete from granted_role where pda_id = ${unit.pda} and holder = ${holder}`)
}
