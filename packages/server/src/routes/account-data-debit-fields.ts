import { stringValue } from '@hatstand/api/json.ts'
import type { Bundle } from '../domain/consent/acceptance.ts'
import { fieldsShown } from '../domain/consent/policy.ts'
import type { EndpointQuery } from '../domain/queries/query.ts'
import {
  pathText,
  membersOf,
  type Piece,
  sourceOf,
  wholePiece,
  elementsOf,
  QueryError,
} from '../domain/queries/text.ts'

/** How many characters of a form the fields take that a page lets an owner choose from: it has only so much room. */
const mostLength = 12_000

/** A record as it would leave. */
export interface Leaving {
  property: string
  endpoint: string
  /** JSON, as it would leave. */
  data: string
}

/** The fields of an endpoint that a request would let leave. */
export interface EndpointFields {
  endpoint: string
  fields: string[]
}

/** The records in the JSON text of a bundle's answer; none when it is too long to look at. */
export function leavingIn(text: string): Leaving[] {
  try {
    return [...membersOf(wholePiece(text))].flatMap(([property, records]) =>
      elementsOf(records, 1000).map((record) => {
        const members = membersOf(record)
        const endpoint = stringValue(sourceOf(members.get('endpoint') as Piece))
        return { property, endpoint, data: sourceOf(members.get('data') as Piece) }
      }),
    )
  } catch (error) {
    if (error instanceof QueryError) return []
    throw error
  }
}

/** What an owner may choose from: the fields that mappings show, and of whole records those that some of them have. */
export function choicesIn(bundle: Bundle, records: readonly Leaving[]): EndpointFields[] {
  const byEndpoint = new Map<string, Set<string>>()
  let left = mostLength
  for (const query of [...bundle.values()].flatMap(({ endpoints }) =>
    endpoints.flatMap((one) => [one, ...one.links]),
  )) {
    const fields = byEndpoint.get(query.endpoint) ?? new Set<string>()
    byEndpoint.set(query.endpoint, fields)
    for (const field of fieldsOf(query, records)) {
      // Each is in the form twice: that it was shown, and that it was ticked.
      const length = 2 * encodeURIComponent(`shown=${query.endpoint} ${field}`).length
      if (fields.has(field) || length > left) continue
      fields.add(field)
      left -= length
    }
  }
  return Array.from(byEndpoint, ([endpoint, fields]) => ({ endpoint, fields: [...fields] }))
}

function fieldsOf(query: EndpointQuery, records: readonly Leaving[]): string[] {
  if (query.mapping) return fieldsShown(query).flatMap(({ text }) => (text === '' ? [] : [text]))
  return records
    .filter(({ endpoint, data }) => endpoint === query.endpoint && data.startsWith('{'))
    .flatMap(({ data }) => [...membersOf(wholePiece(data)).keys()].map((key) => pathText([key])))
}

/**
 * The narrowing that a form's ticks come to: only what was ticked leaves, and nothing of an endpoint without any.
 * @param shown and `ticked`: an endpoint and a field of it, with a space between
 * @returns undefined when all is ticked
 */
export function narrowingOf(shown: readonly string[], ticked: ReadonlySet<string>): object | undefined {
  const byEndpoint = Map.groupBy(shown, (one) => one.slice(0, one.indexOf(' ')))
  const endpoints = Array.from(byEndpoint, ([endpoint, all]) => {
    const left = all.filter((one) => ticked.has(one))
    if (left.length === all.length) return []
    const fields = left.map((one) => one.slice(endpoint.length + 1))
    return [[endpoint, fields.length === 0 ? { leaveOut: true } : { fields }] as const]
  }).flat()
  return endpoints.length === 0 ? undefined : { endpoints: Object.fromEntries(endpoints) }
}
