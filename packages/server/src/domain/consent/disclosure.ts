import { mapped, type Mapping } from '../queries/mapping.ts'
import { orderPathOf } from '../queries/ordering.ts'
import type { EndpointQuery } from '../queries/query.ts'
import { QueryError } from '../queries/text.ts'
import { coarsened } from './coarsening.ts'

/** A path in a record's data; `null` means each element of an array. */
export type Steps = readonly (string | null)[]

/**
 * What leaves of a record: its data with some values coarser, then as the mapping shows it. Values are made coarser where they come
 * from, so that no second copy of one leaves as it was.
 *
 * Whatever a requester may ask beyond its bundle (aggregates, searches) is to be asked of this text, never of the data.
 *
 * @param query as a bundle was accepted
 * @param data valid JSON
 * @returns valid JSON
 * @throws QueryError as `mapped` does
 */
export function shown({ mapping, coarse = [] }: EndpointQuery, data: string): string {
  const coarser = coarsened(coarse, data)
  return mapping ? mapped(mapping, coarser) : coarser
}

/** Whether all of a field leaves exactly as it is, so that a requester learns nothing by filtering by it. */
export function mayFilterBy(query: EndpointQuery, path: Steps): boolean {
  return sourcesOf(query).some((source) => covers(source, path)) && !isCoarse(query, path)
}

/** Whether a requester learns nothing by the order: what it orders by leaves, exactly as it is. */
export function mayOrderBy(query: EndpointQuery, orderBy: string): boolean {
  try {
    return mayFilterBy(query, orderPathOf(query, orderBy))
  } catch (error) {
    if (error instanceof QueryError) return false
    throw error
  }
}

/** Whether anything in a field, or around it, is made coarser. */
export const isCoarse = ({ coarse = [] }: EndpointQuery, path: Steps): boolean =>
  coarse.some((one) => overlaps(one.path, path))

/** Where in the data everything comes from that a query shows. */
export const sourcesOf = ({ mapping }: EndpointQuery): Steps[] => (mapping ? sourcesOfRules(mapping) : [[]])

function sourcesOfRules(rules: Mapping): Steps[] {
  // What a later rule may overwrite does not surely leave.
  const last = rules.filter(
    ({ into }, index) => !rules.some((later, at) => at > index && overlaps(later.into, into)),
  )
  return last.flatMap(({ from, inner, each }) => {
    if (!inner) return [from]
    return sourcesOfRules(inner).map((steps) => [...from, ...(each ? [null] : []), ...steps])
  })
}

/**
 * Whether a path surely lies within another. An element by its number is not within `null`: the number may be an object's key, of
 * which nothing leaves.
 */
export const covers = (outer: Steps, path: Steps): boolean =>
  outer.length <= path.length && outer.every((step, index) => step === path[index])

const isIndex = (step: string | null): boolean => step !== null && /^\d+$/.test(step)

/** Whether one path may lie within the other, if numbers are elements of arrays: rather too often than not often enough. */
export function overlaps(one: Steps, other: Steps): boolean {
  const [a, b] = [named(one), named(other)]
  return a.every((name, index) => index >= b.length || name === b[index])
}

const named = (path: Steps) => path.filter((step) => step !== null && !isIndex(step))
