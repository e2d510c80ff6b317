import type { Application } from '@hatstand/api/application-definition.ts'
import { stringValue } from '@hatstand/api/json.ts'
import {
  activePermission,
  type Client,
  type DataDebit,
  type FrozenBundle,
  type Permission,
} from '../consent/data-debit.ts'
import { readBundle } from '../queries/query.ts'
import {
  membersOf,
  optional,
  type Piece,
  required,
  sourceOf,
  wholePiece,
  QueryError,
} from '../queries/text.ts'

/** The id of the data debit by which an application is handed the data its definition names; nobody else can propose one like it. */
export const applicationDebitId = (application: string): string => `app-${application}`

/** How long one period of such a data debit is: thirty days. It goes on until it is disabled. */
const period = 30 * 86_400_000

/** The data an application wants to be handed, as its definition has it, to the letter; undefined when it wants none. */
export function dataRetrieved(definition: string): FrozenBundle | undefined {
  const permissions = optional(membersOf(wholePiece(definition)), 'permissions')
  const wanted = permissions && optional(membersOf(permissions), 'dataRetrieved')
  if (wanted === undefined) return undefined
  const members: Map<string, Piece> = membersOf(wanted)
  const name = stringValue(sourceOf(required(members, 'name', wanted)))
  return { name, text: sourceOf(required(members, 'bundle', wanted)) }
}

/** What is wrong with the data a definition asks for, as the end of a sentence; undefined when it will do. */
export function dataRetrievedProblem({ permissions }: Application): string | undefined {
  if (permissions.dataRetrieved === undefined) return undefined
  try {
    readBundle(JSON.stringify(permissions.dataRetrieved.bundle ?? null))
    return undefined
  } catch (error) {
    if (error instanceof QueryError) return `a bundle: ${error.message}`
    throw error
  }
}

/** Who asks, in the words of a definition. */
export const applicationClient = ({ id, info, kind }: Application): Client => ({
  name: info.name,
  url: kind.url,
  logoUrl: info.graphics.logo.normal,
  callbackUrl: undefined,
  application: id,
  description: info.description.text,
})

/** What is asked for by a definition, from now on. */
export const applicationRequest = ({ info }: Application, bundle: FrozenBundle, now: number) => ({
  purpose: info.dataUsePurpose,
  start: now,
  period,
  cancelAtPeriodEnd: false,
  termsUrl: info.termsUrl,
  bundle,
  conditions: undefined,
  readLimit: undefined,
  once: false,
})

/** Whether a permission asks for the same as a definition. */
export const asksTheSame = (permission: Permission, { info }: Application, bundle: FrozenBundle): boolean =>
  permission.bundle.text === bundle.text &&
  permission.bundle.name === bundle.name &&
  permission.purpose === info.dataUsePurpose &&
  permission.termsUrl === info.termsUrl

/**
 * How the owner's consent to the data of a definition stands: `none`, `other` when something else of that name is in force, or
 * `same`. A definition that wants no data is consented to.
 */
export function dataConsent(
  definition: string,
  debit: DataDebit | undefined,
  now: number,
): 'none' | 'other' | 'same' {
  const bundle = dataRetrieved(definition)
  if (bundle === undefined) return 'same'
  const active = debit && debit.deletedAt === undefined ? activePermission(debit, now) : undefined
  if (active?.bundle.name !== bundle.name) return 'none'
  return active.bundle.text === bundle.text ? 'same' : 'other'
}
