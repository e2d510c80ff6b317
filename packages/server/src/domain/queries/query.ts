import { isEndpoint } from '@hatstand/api/endpoint-name.ts'
import type { Coarse } from '../consent/coarsening.ts'
import { readFilters, type Filter } from './filters.ts'
import { readMapping, type Mapping } from './mapping.ts'
import { orderPathOf } from './ordering.ts'
import {
  QueryError,
  elementsOf,
  fault,
  membersOf,
  numberOf,
  optional,
  type Piece,
  required,
  stringOf,
  wholePiece,
  wordOf,
  sourceOf,
  closedMembersOf,
} from './text.ts'

/** A list has at most so many queries, and a query so many links. */
export const maxQueries = 100
/** A bundle has at most so many properties. */
export const maxProperties = 100
/** A property's name and an endpoint's are no longer than this many UTF-16 code units. */
export const maxNameLength = 500

/** Records of one endpoint: which, and how their data is shown. Plain data: JSON brings it back as it was. */
export interface EndpointQuery {
  endpoint: string
  /** Without, the data is shown as it is. */
  mapping?: Mapping
  /** All of them must pass. */
  filters: Filter[]
  /** Whose records that are linked to one of these are shown with it. Theirs are empty. */
  links: EndpointQuery[]
  /** What an owner made coarser (domain/consent/narrowing.ts): before it is mapped. */
  coarse?: readonly Coarse[]
}

/** Records of several endpoints as one list. */
export interface PropertyQuery {
  endpoints: EndpointQuery[]
  orderBy?: string
  /** Without it, and without `orderBy`, the newest come first. */
  ordering?: Ordering
  /** Without, all of them. */
  limit?: number
}
type Ordering = 'ascending' | 'descending'

/**
 * Reads a combinator: a list of endpoint queries. Members it does not know are ignored; `null` is as good as nothing where a
 * member may be left out; lists of filters and links may be empty.
 *
 * @param text JSON
 * @throws QueryError with the path of the first fault
 */
export const readEndpointQueries = (text: string): EndpointQuery[] => readQueries(wholePiece(text))

/**
 * Reads a bundle: an object of property queries, in their order. Otherwise as `readEndpointQueries`.
 * @throws QueryError
 */
export function readBundle(text: string): Map<string, PropertyQuery> {
  const piece = wholePiece(text)
  const properties = membersOf(piece)
  if (properties.size === 0 || properties.size > maxProperties)
    throw fault(piece, `must have 1 to ${maxProperties} properties`)
  return new Map(Array.from(properties, ([name, property]) => [name, readProperty(name, property)]))
}

function readProperty(name: string, piece: Piece): PropertyQuery {
  if (name === '' || name.length > maxNameLength)
    throw fault(piece, `must have a name of 1 to ${maxNameLength} characters`)
  const members = membersOf(piece)
  const endpoints = readQueries(required(members, 'endpoints', piece))
  const [orderBy, ordering, limit] = ['orderBy', 'ordering', 'limit'].map((key) => optional(members, key))
  return {
    endpoints,
    ...(orderBy && { orderBy: readOrderBy(orderBy, endpoints) }),
    ...(ordering && { ordering: wordOf(ordering, ['ascending', 'descending']) }),
    ...(limit && { limit: readLimit(limit) }),
  }
}

/** It must name a field to order by in each of the queries. */
function readOrderBy(piece: Piece, endpoints: readonly EndpointQuery[]): string {
  const orderBy = stringOf(piece)
  try {
    for (const query of endpoints) orderPathOf(query, orderBy)
  } catch (error) {
    throw error instanceof QueryError ? fault(piece, error.reason) : error
  }
  return orderBy
}

/** A whole number that says how many. */
function readLimit(piece: Piece): number {
  const limit = numberOf(piece)
  if (!/^\d{1,15}$/.test(limit)) throw fault(piece, 'must be a whole number, 0 or more, in at most 15 digits')
  return Number(limit)
}

function readQueries(piece: Piece): EndpointQuery[] {
  const queries = elementsOf(piece, maxQueries).map((query) => readQuery(query, readLinks))
  if (queries.length === 0) throw fault(piece, 'must have an element')
  return queries
}

function readQuery(piece: Piece, linksOf: (piece: Piece) => EndpointQuery[]): EndpointQuery {
  const members = membersOf(piece)
  const name = required(members, 'endpoint', piece)
  const endpoint = stringOf(name)
  if (endpoint.length > maxNameLength || !isEndpoint(endpoint))
    throw fault(
      name,
      'must be an endpoint: namespace and path, lower-case letters, digits, hyphens and single slashes',
    )
  return { endpoint, ...readParts(members, linksOf) }
}

/**
 * What a query says beside its endpoint.
 * @throws QueryError
 */
function readParts(
  members: Map<string, Piece>,
  linksOf: (piece: Piece) => EndpointQuery[] = readLinks,
): Omit<EndpointQuery, 'endpoint'> {
  const [mapping, filters, links] = ['mapping', 'filters', 'links'].map((key) => optional(members, key))
  return {
    ...(mapping && { mapping: readMapping(mapping) }),
    filters: filters ? readFilters(filters) : [],
    links: links ? linksOf(links) : [],
  }
}

const readLinks = (piece: Piece) => elementsOf(piece, maxQueries).map((link) => readQuery(link, refuseLinks))

function refuseLinks(piece: Piece): never[] {
  if (elementsOf(piece, maxQueries).length > 0) throw fault(piece, 'must be left out: links go one level')
  return []
}

/** What is asked of the records of one endpoint, and how much of the answer. */
interface RecordQuery {
  query: EndpointQuery
  orderBy: string | undefined
  ordering: Ordering | undefined
  skip: number
  take: number
  /** Whether to tell how many records pass in all. */
  count: boolean
}

const keys = ['filters', 'mapping', 'links', 'orderBy', 'ordering', 'skip', 'take', 'count'] as const

/**
 * Reads a query of one endpoint's records (`RecordQuery` of the api). A key that is not known is refused: a misspelt `filters`
 * would be answered, but with everything.
 *
 * @param text JSON
 * @throws QueryError
 */
export function readRecordQuery(text: string, endpoint: string): RecordQuery {
  const members = closedMembersOf(wholePiece(text), keys)
  const query = { endpoint, ...readParts(members) }
  const [orderBy, ordering, skip, take, count] = keys.slice(3).map((key) => optional(members, key))
  return {
    query,
    orderBy: orderBy && readOrderBy(orderBy, [query]),
    ordering: ordering && wordOf(ordering, ['ascending', 'descending']),
    skip: skip ? readLimit(skip) : 0,
    take: take ? readLimit(take) : 1000,
    count: count ? readFlag(count) : false,
  }
}

function readFlag(piece: Piece): boolean {
  const text = sourceOf(piece)
  if (text !== 'true' && text !== 'false') throw fault(piece, 'must be true or false')
  return text === 'true'
}

/**
 * Of what is asked about records which are meant (`filters` of `AggregateQuery`).
 * @param text as `readAggregates` took it
 * @throws QueryError
 */
export function readMeant(text: string, endpoint: string): EndpointQuery {
  const filters = optional(membersOf(wholePiece(text)), 'filters')
  return { endpoint, filters: filters ? readFilters(filters) : [], links: [] }
}
