import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { Client } from 'oidc-provider'
import type { Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import {
  definitionProblem,
  isClientAddress,
  newRoles,
  parseDefinition,
  minimalDefinition,
} from '../domain/access/definition.ts'
import type { Role } from '../domain/access/roles.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import {
  type Application,
  findApplication,
  registerApplication,
  setUpApplication,
} from '../store/access/applications.ts'
import { writeNoted } from '../store/ledger/entries.ts'

/** The version of every definition made from a document: documents have none. */
const documentVersion = '1.0.0'

/**
 * Grants an application the roles the owner was shown, beside what it has, and enables it. One that introduced itself is registered
 * by that.
 * @param entry what the ledger says of it
 * @param shown the version of the definition the owner saw; empty for an application that introduces itself
 * @returns false when it was removed or given another definition meanwhile; nothing is granted then
 */
export async function grantRoles(
  { database, now }: Context,
  pda: number,
  entry: LedgerEntry | undefined,
  client: Client,
  roles: readonly Role[],
  shown: string,
): Promise<boolean> {
  const id = client.clientId
  return writeNoted(database, pda, entry, async (unit) => {
    await unit.count(0)
    const known = await findApplication(unit, pda, id)
    const all = [...(known?.roles ?? []), ...newRoles(roles, known?.roles ?? [])]
    if (!isClientAddress(id)) return setUpApplication(unit, pda, { id, version: shown, roles: all }, now())
    const version = await introduced(unit, pda, client, known, all, now())
    return setUpApplication(unit, pda, { id, version, roles: all }, now())
  })
}

/** Registers an application by its document, unless the owner registered it himself: then his definition stays. */
async function introduced(
  unit: Unit,
  pda: number,
  client: Client,
  known: Application | undefined,
  roles: readonly Role[],
  now: number,
): Promise<string> {
  const id = client.clientId
  const before = known && parseDefinition(known.definition)
  if (before && before.developer.id !== documentDeveloper) return known.version
  const definition = JSON.stringify(definitionOf(client, roles, new Date(now).toISOString()))
  await registerApplication(unit, pda, { id, version: documentVersion, definition }, now)
  return documentVersion
}

/** Marks definitions made from documents. */
const documentDeveloper = 'client-id-metadata-document'

/** What an application that introduces itself is called: as it says, unless that could deceive, or else by its host. */
export function nameOf(client: Client): string {
  const { hostname } = new URL(client.clientId)
  const said = (client.clientName ?? '').slice(0, 100)
  const example = minimalDefinition(client.clientId, documentVersion, [], new Date(0).toISOString())
  example.info.name = said
  return definitionProblem(example) === undefined ? said : hostname
}

/** What is known of an application from its document, as a definition. Without redirect addresses: HAT login is not for it. */
function definitionOf(client: Client, roles: readonly Role[], since: string): Definition {
  const base = minimalDefinition(client.clientId, documentVersion, roles, since)
  const { hostname } = new URL(client.clientId)
  return {
    ...base,
    kind: { kind: 'App', url: client.clientUri ?? '' },
    info: {
      ...base.info,
      name: nameOf(client),
      headline: `Introduced itself from ${hostname}`,
      description: { text: `Known by its document at ${client.clientId}` },
      termsUrl: client.tosUri ?? '',
      ...(client.policyUri !== undefined && { privacyPolicyUrl: client.policyUri }),
    },
    developer: { id: documentDeveloper, name: hostname, url: '' },
  }
}
