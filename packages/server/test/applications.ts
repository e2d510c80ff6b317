import type { Unit } from '../src/database/port.ts'
import { minimalDefinition } from '../src/domain/access/definition.ts'
import type { Role } from '../src/domain/access/roles.ts'
import { registerApplication, setUpApplication } from '../src/store/access/applications.ts'

/** What a test grants an application: namespaces, and other roles where it is about them. */
export interface Rights {
  reads?: readonly string[]
  writes?: readonly string[]
  roles?: readonly Role[]
}

export function rolesOfRights({ reads = [], writes = [], roles = [] }: Rights): Role[] {
  return [
    ...reads.map((detail): Role => ({ role: 'namespaceread', detail })),
    ...writes.map((detail): Role => ({ role: 'namespacewrite', detail })),
    ...roles,
  ]
}

/** Registers an application and sets it up with these rights, in place of all it had. */
export async function grant(
  unit: Unit,
  { id, version, ...rights }: { id: string; version: string } & Rights,
  now: number,
): Promise<void> {
  const roles = rolesOfRights(rights)
  const definition = JSON.stringify(minimalDefinition(id, version, roles, new Date(now).toISOString()))
  await registerApplication(unit, { id, version, definition }, now)
  await setUpApplication(unit, { id, version, roles }, now)
}
