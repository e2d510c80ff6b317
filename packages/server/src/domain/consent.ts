import { type DataDebit, endOf, type Permission, type Times } from './consent/data-debit.ts'
import { sourcesOf, type Steps } from './consent/disclosure.ts'
import { readNarrowing } from './consent/narrowing-reading.ts'
import { narrowed } from './consent/narrowing.ts'
import { pathText } from './field-path.ts'
import { type EndpointQuery, readBundle } from './queries/query.ts'

/** What became of a permission of a data debit. `changed`: accepted in place of another one. */
export type ConsentEvent = 'accepted' | 'changed' | 'disabled' | 'expired' | 'rejected'

/** Whose copy of a receipt: the requester's tells nothing of what the owner took away. */
export type Copy = 'owner' | 'requester'

/** All that a receipt tells of. Times in milliseconds since 1970. */
export interface Consent {
  receiptId: string
  /** When the receipt is made. */
  at: number
  event: ConsentEvent
  domain: string
  /** Where the account is: `https://alice.example.org`. */
  origin: string
  debit: DataDebit
  /** As it is after the event. */
  permission: Permission
  /** The number of the permission that was in force before, of `changed`. */
  replaces: number | undefined
  /** The newest seal of the ledger; undefined while there is none. */
  seal: { seal: number; at: number; hash: string } | undefined
}

/** A query of a bundle, by its property. */
export interface LeavingQuery {
  property: string
  /** At most so many records leave. */
  limit: number | undefined
  query: EndpointQuery
  /** The endpoint whose records it is shown with, of linked ones. */
  linkedTo: string | undefined
}

/**
 * What leaves by a permission: to the requester at most what it asked for, to the owner what is left of it.
 * @throws QueryError when what is kept can no longer be read
 */
export function leavingQueries({ bundle, narrowing }: Permission, copy: Copy): LeavingQuery[] {
  const asked = readBundle(bundle.text)
  const left = copy === 'owner' && narrowing !== undefined ? narrowed(asked, readNarrowing(narrowing)) : asked
  return Array.from(left, ([property, { endpoints, limit }]) =>
    endpoints.flatMap((query): LeavingQuery[] => [
      { property, limit, query, linkedTo: undefined },
      ...query.links.map((link) => ({ property, limit: undefined, query: link, linkedTo: query.endpoint })),
    ]),
  ).flat()
}

/** A field of the data as a query shows it, and as mappings write it; all of the data is an empty text. */
export interface FieldShown {
  steps: Steps
  text: string
}

/** The fields that a query shows, each once. */
export function fieldsShown(query: EndpointQuery): FieldShown[] {
  const fields = sourcesOf(query).map((steps) => ({ steps, text: fieldText(steps) }))
  return [...new Map(fields.map((field) => [field.text, field])).values()]
}

/** `items[].price` is the price of each element of a list. */
function fieldText(steps: Steps): string {
  const end = steps.indexOf(null)
  if (end === -1) return pathText(steps as string[])
  const inner = fieldText(steps.slice(end + 1))
  return `${pathText(steps.slice(0, end) as string[])}[]${inner === '' || inner.startsWith('[') ? inner : `.${inner}`}`
}

/** How long a consent holds from a moment on, as ISO 8601 has it; null: until it is withdrawn. */
export function validity(times: Times, from: number): string | null {
  const end = endOf(times)
  return end === undefined ? null : writtenDuration(Math.max(0, end - from))
}

/** A length of time in ISO 8601: `PT86400S`. */
export const writtenDuration = (milliseconds: number): string => `PT${milliseconds / 1000}S`
