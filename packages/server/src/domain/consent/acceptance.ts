import type { Acceptance } from '@hatstand/api/data-debit-request.ts'
import { type EndpointQuery, type PropertyQuery, readBundle } from '../queries/query.ts'
import { membersOf, optional, sourceOf, wholePiece, QueryError } from '../queries/text.ts'
import type { Permission } from './data-debit.ts'
import { readNarrowing } from './narrowing-reading.ts'
import { narrowed, narrowedConditions } from './narrowing.ts'
import { momentOf, within } from './proposal.ts'

export type Bundle = ReadonlyMap<string, PropertyQuery>

/** What leaves by a permission, and what has to be there for it. */
export interface Disclosure {
  bundle: Bundle
  conditions: Bundle | undefined
}

/** What an owner accepts: with less than was asked for, or as it is. */
export type Taken = Pick<Permission, 'narrowing' | 'until' | 'takenLimit' | 'takenOnce'>

/**
 * What leaves by a permission.
 * @throws QueryError as `narrowed`, with a path in the narrowing
 */
export function disclosureBy({
  bundle,
  conditions,
  narrowing,
}: Pick<Permission, 'bundle' | 'conditions' | 'narrowing'>): Disclosure {
  const whole = readBundle(bundle.text)
  const asked = conditions && readBundle(conditions.text)
  if (narrowing === undefined) return { bundle: whole, conditions: asked }
  const less = readNarrowing(narrowing)
  return { bundle: narrowed(whole, less), conditions: asked && narrowedConditions(asked, less) }
}

/** The narrowing of a body, to the letter. */
export function narrowingIn(text: string): string | undefined {
  const piece = optional(membersOf(wholePiece(text)), 'narrowing')
  return piece && sourceOf(piece)
}

/**
 * A permission as the owner accepts it. What was decided on it before, and its end by that, counts no more.
 *
 * @param value a body that has the form of `AcceptanceForm` of the api; without anything in it the permission is accepted as it was
 *   last time, or as it was proposed
 * @param text the body's JSON
 * @throws QueryError with the path in the body, when it would give more than was asked for
 */
export function accepted(permission: Permission, value: Acceptance, text: string, now: number): Permission {
  const { permission: _number, ...taken } = value
  const less = Object.keys(taken).length === 0 ? {} : takenIn(permission, taken, text, now)
  const result = {
    ...permission,
    ...less,
    acceptedAt: now,
    rejectedAt: undefined,
    canceledAt: undefined,
    canceledAtPeriodEnd: false,
    usedUpAt: undefined,
  }
  within('narrowing', () => disclosureBy(result))
  return result
}

function takenIn(permission: Permission, value: Acceptance, text: string, now: number): Taken {
  const { readsPerPeriod, once } = value
  if (readsPerPeriod !== undefined && readsPerPeriod > (permission.readLimit ?? Infinity))
    throw new QueryError('readsPerPeriod', `must not be more than ${permission.readLimit}`)
  if (once === false && permission.once)
    throw new QueryError('once', 'must not be false: it was asked for once')
  const until = value.until === undefined ? undefined : momentOf('until', value.until)
  if (until !== undefined && until <= now) throw new QueryError('until', 'must be in the future')
  return { narrowing: narrowingIn(text), until, takenLimit: readsPerPeriod, takenOnce: once === true }
}

/** The names of the endpoints that a bundle shows records of, links too. */
export function endpointsIn(bundle: Bundle): string[] {
  const names = queriesIn(bundle).map(({ endpoint }) => endpoint)
  return [...new Set(names)].toSorted((one, other) => (one < other ? -1 : 1))
}

/**
 * Whether nothing else may tell when a record was saved, since the owner withheld something of it, which may have been a date: no
 * record id (its beginning is the time), and no order of saving.
 * @param narrowing JSON
 */
export function hidesTimes(narrowing: string | undefined): boolean {
  if (narrowing === undefined) return false
  return [...readNarrowing(narrowing).endpoints.values()].some(
    ({ fields, coarse }) => fields || coarse.length > 0,
  )
}

const queriesIn = (bundle: Bundle): EndpointQuery[] =>
  [...bundle.values()].flatMap(({ endpoints }) => endpoints.flatMap((query) => [query, ...query.links]))
