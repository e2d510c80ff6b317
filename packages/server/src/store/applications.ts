import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'

/** A program registered with the account, and the namespaces it was granted. */
export interface Application {
  id: string
  version: string
  reads: string[]
  writes: string[]
}

type Row = { application: string; version: string; verb: 'read' | 'write' | null; namespace: string | null }

/** All applications of the account by id, their namespaces in order. */
export async function listApplications(unit: Unit, pda: number): Promise<Application[]> {
  const rows = await unit.all<Row>(sql`
    select application.application, version, verb, namespace
    from application left join application_right
      on application_right.pda_id = application.pda_id and application_right.application = application.application
    where application.pda_id = ${pda} order by application.application, namespace`)
  const found = new Map<string, Application>()
  for (const row of rows) {
    const application = found.get(row.application) ?? newApplication(row)
    found.set(row.application, application)
    if (row.namespace !== null) application[row.verb === 'read' ? 'reads' : 'writes'].push(row.namespace)
  }
  return [...found.values()]
}

function newApplication(row: Row): Application {
  return { id: row.application, version: row.version, reads: [], writes: [] }
}

export async function findApplication(
  unit: Unit,
  pda: number,
  id: string,
): Promise<{ version: string } | undefined> {
  const [row] = await unit.all<{ version: string }>(
    sql`select version from application where pda_id = ${pda} and application = ${id}`,
  )
  return row
}

/**
 * Registers an application, or replaces the version and all rights of the one with this id; its tokens go on counting.
 * @returns whether there was one
 */
export async function putApplication(
  unit: Unit,
  pda: number,
  application: Application,
  now: number,
): Promise<boolean> {
  await unit.count(0)
  const before = await findApplication(unit, pda, application.id)
  if (before === undefined)
    await unit.all(sql`
      insert into application (pda_id, application, version, created_at)
      values (${pda}, ${application.id}, ${application.version}, ${now})`)
  else
    await unit.all(sql`
      update application set version = ${application.version}
      where pda_id = ${pda} and application = ${application.id}`)
  await removeRights(unit, pda, application.id)
  for (const namespace of new Set(application.reads))
    await addRight(unit, pda, application.id, 'read', namespace)
  for (const namespace of new Set(application.writes))
    await addRight(unit, pda, application.id, 'write', namespace)
  return before !== undefined
}

/** Forgets an application and its rights; its tokens stop counting for good. Returns whether there was one. */
export async function removeApplication(unit: Unit, pda: number, id: string): Promise<boolean> {
  await unit.count(0)
  const before = await findApplication(unit, pda, id)
  await removeRights(unit, pda, id)
  await unit.all(sql`delete from application where pda_id = ${pda} and application = ${id}`)
  return before !== undefined
}

async function addRight(unit: Unit, pda: number, id: string, verb: 'read' | 'write', namespace: string) {
  await unit.all(sql`
    insert into application_right (pda_id, application, verb, namespace)
    values (${pda}, ${id}, ${verb}, ${namespace})`)
}

async function removeRights(unit: Unit, pda: number, id: string) {
  await unit.all(sql`delete from application_right where pda_id = ${pda} and application = ${id}`)
}
