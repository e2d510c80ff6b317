import type { Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { definitionAnswered } from '../domain/access/application-answer.ts'
import { applicationDebitId, dataConsent, dataRetrieved } from '../domain/access/application-data.ts'
import { mayKnowRecent, recentEndpointOf, statusOf } from '../domain/access/application-status.ts'
import { parseDefinition } from '../domain/access/definition.ts'
import type { Caller } from '../domain/access/rights.ts'
import {
  type Application,
  enabledApplications,
  findApplication,
  listApplications,
} from '../store/access/applications.ts'
import { findDebit } from '../store/consent/data-debits.ts'
import { lastChanges } from '../store/records/sources.ts'

/** The JSON text of an application with its status, as a caller sees it; undefined when there is none. */
export function applicationText(
  { database, now }: Context,
  pda: number,
  caller: Caller,
  id: string,
): Promise<string | undefined> {
  return database.of(pda).read(async (unit) => {
    const found = await findApplication(unit, id)
    return found && (await textsOf(unit, caller, [found], now()))[0]
  })
}

/** The same of all applications of the account that are chosen, by id. */
export function applicationTexts(
  { database, now }: Context,
  pda: number,
  caller: Caller,
  chosen: (id: string) => boolean,
): Promise<string[]> {
  return database.of(pda).read(async (unit) => {
    const all = await listApplications(unit)
    return textsOf(
      unit,
      caller,
      all.filter(({ id }) => chosen(id)),
      now(),
    )
  })
}

async function textsOf(
  unit: Unit,
  caller: Caller,
  applications: Application[],
  now: number,
): Promise<string[]> {
  const parsed = applications.map((application) => {
    const definition = parseDefinition(application.definition)
    const recent = mayKnowRecent(caller, definition) ? recentEndpointOf(definition) : undefined
    return { application, definition, recent }
  })
  const endpoints = new Set(parsed.flatMap(({ recent }) => recent ?? []))
  const enabled = await enabledApplications(unit)
  const consents = await consentsOf(unit, applications, now)
  const changes = await lastChanges(unit, [...endpoints])
  return parsed.map(({ application, definition, recent }) => {
    const lastChange = recent === undefined ? undefined : changes.get(recent)
    return textOf(
      application,
      statusOf(definition, application, {
        enabled,
        lastChange,
        consent: consents.get(application.id) ?? 'none',
      }),
    )
  })
}

/** How the owner's consent to the data that each application wants stands. */
async function consentsOf(unit: Unit, applications: readonly Application[], now: number) {
  const consents = new Map<string, ReturnType<typeof dataConsent>>()
  for (const { id, definition } of applications) {
    const debit = dataRetrieved(definition) && (await findDebit(unit, applicationDebitId(id)))
    consents.set(id, dataConsent(definition, debit, now))
  }
  return consents
}

function textOf({ definition }: Application, status: object): string {
  return `{"application":${definitionAnswered(definition)},${JSON.stringify(status).slice(1)}`
}
