import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { Context } from '../context.ts'
import { mayKnowRecent, recentEndpointOf, statusOf } from '../domain/application-status.ts'
import type { Caller } from '../domain/rights.ts'
import { type Application, listApplications } from '../store/applications.ts'
import { lastChanges } from '../store/last-changes.ts'

/**
 * The JSON texts of applications with their status, as a caller sees them.
 * @param chosen which of the account's applications, by id
 */
export async function applicationTexts(
  { database }: Context,
  pda: number,
  caller: Caller,
  chosen: (id: string) => boolean,
): Promise<string[]> {
  const all = await database.read((unit) => listApplications(unit, pda))
  const enabled = new Set(all.filter((one) => one.enabled).map(({ id }) => id))
  const shown = all
    .filter(({ id }) => chosen(id))
    .map((application) => ({ application, definition: JSON.parse(application.definition) as Definition }))
  const endpoints = shown.flatMap(({ definition }) =>
    mayKnowRecent(caller, definition) ? [recentEndpointOf(definition)!] : [],
  )
  const changes = await database.read((unit) => lastChanges(unit, pda, [...new Set(endpoints)]))
  return shown.map(({ application, definition }) => {
    const known = mayKnowRecent(caller, definition) ? changes : new Map<string, number>()
    return textOf(application, statusOf(definition, application, { enabled, lastChanges: known }))
  })
}

/** The definition stands in the answer byte for byte as it was registered. */
function textOf({ definition }: Application, status: object): string {
  return `{"application":${definition},${JSON.stringify(status).slice(1)}`
}
