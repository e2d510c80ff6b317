import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { applicationDebitId } from '../../domain/access/application-data.ts'
import type { Role, RoleName } from '../../domain/access/roles.ts'
import { inOrder } from '../../domain/json/comparing.ts'
import { acceptApplicationDebit, endApplicationDebit } from '../consent/application-debits.ts'
import { deleteDebitsOf } from '../consent/decisions.ts'
import { removeTokensOf } from './access-tokens.ts'
import { findRoles, removeRoles, replaceRoles, roleText } from './granted-roles.ts'

/** A program registered with the account. Times in milliseconds since 1970. */
export interface Application {
  id: string
  /** Its definition as it was registered: the exact JSON text. */
  definition: string
  /** The definition's. */
  version: string
  enabled: boolean
  /** The version the owner accepted; undefined before the first set-up. */
  setupVersion: string | undefined
  /** What the owner granted at the last set-up; nothing more, whatever the definition asks for since. */
  roles: Role[]
}

type Row = Pick<Tables['application'], 'application' | 'definition' | 'version' | 'enabled' | 'setup_version'>

/** All applications of the account by id. */
export async function listApplications(unit: Unit): Promise<Application[]> {
  const rows = await unit.all<Row>(sql`
    select application, definition, version, enabled, setup_version from application
    where pda_id = ${unit.pda}`)
  const granted = await unit.all<{ holder: string; role: RoleName; detail: string }>(sql`
    select holder, role, detail from granted_role where pda_id = ${unit.pda}`)
  const byHolder = Map.groupBy(inOrder(granted, roleText), ({ holder }) => holder)
  return inOrder(rows, (row) => row.application).map((row) =>
    applicationOf(row, byHolder.get(row.application) ?? []),
  )
}

/** The ids of the applications that are enabled. */
export async function enabledApplications(unit: Unit): Promise<Set<string>> {
  const rows = await unit.all<{ application: string }>(
    sql`select application from application where pda_id = ${unit.pda} and enabled = 1`,
  )
  return new Set(rows.map(({ application }) => application))
}

export async function findApplication(unit: Unit, id: string): Promise<Application | undefined> {
  const [row] = await unit.all<Row>(sql`
    select application, definition, version, enabled, setup_version from application
    where pda_id = ${unit.pda} and application = ${id}`)
  return row && applicationOf(row, await findRoles(unit, id))
}

function applicationOf(row: Row, roles: { role: RoleName; detail: string }[]): Application {
  return {
    id: row.application,
    definition: row.definition,
    version: row.version,
    enabled: row.enabled === 1,
    setupVersion: row.setup_version ?? undefined,
    roles: roles.map(({ role, detail }) => ({ role, detail })),
  }
}

/**
 * Registers an application, or gives the one with this id another definition. What it was granted stays as it is.
 * @returns whether there was one
 */
export async function registerApplication(
  unit: Unit,
  application: { id: string; version: string; definition: string },
  now: number,
): Promise<boolean> {
  await unit.lock()
  const { id, version, definition } = application
  const updated = await unit.all(sql`
    update application set version = ${version}, definition = ${definition}, updated_at = ${now}
    where pda_id = ${unit.pda} and application = ${id} returning application`)
  if (updated.length > 0) return true
  await unit.all(sql`
    insert into application (pda_id, application, definition, version, enabled, created_at, updated_at)
    values (${unit.pda}, ${id}, ${definition}, ${version}, 0, ${now}, ${now})`)
  return false
}

/**
 * Sets an application up, or once more: it has these roles in place of all it had, and is enabled. With the role for its data debit
 * among them, that is in force as its definition asks for it.
 * @param version of the definition the owner was shown; what is registered by now may be another
 * @param keepsData leaves its data debit as it is
 * @returns false when there is none with this id and version
 */
export async function setUpApplication(
  unit: Unit,
  {
    id,
    version,
    roles,
    keepsData,
  }: { id: string; version: string; roles: readonly Role[]; keepsData?: true },
  now: number,
): Promise<boolean> {
  await unit.lock()
  const [updated] = await unit.all<{ definition: string }>(sql`
    update application set enabled = 1, setup_version = ${version}, setup_at = ${now}
    where pda_id = ${unit.pda} and application = ${id} and version = ${version} returning definition`)
  if (updated === undefined) return false
  await replaceRoles(unit, id, roles)
  const debit = applicationDebitId(id)
  if (!keepsData && roles.some(({ role, detail }) => role === 'datadebit' && detail === debit))
    await acceptApplicationDebit(unit, { id, definition: updated.definition }, now)
  return true
}

/** Takes all an application was granted, its tokens and its data debit too. Returns false when there is none with this id. */
export async function disableApplication(unit: Unit, id: string, now: number): Promise<boolean> {
  await unit.lock()
  const updated = await unit.all(sql`
    update application set enabled = 0 where pda_id = ${unit.pda} and application = ${id} returning application`)
  await removeRoles(unit, id)
  await removeTokensOf(unit, id)
  await endApplicationDebit(unit, id, now)
  return updated.length > 0
}

/** Forgets an application, with all it was granted and its tokens; its data debits end. Returns whether there was one. */
export async function removeApplication(unit: Unit, id: string, now: number): Promise<boolean> {
  const known = await disableApplication(unit, id, now)
  if (known) await deleteDebitsOf(unit, id, now)
  await unit.all(sql`delete from application where pda_id = ${unit.pda} and application = ${id}`)
  return known
}
