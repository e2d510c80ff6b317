import { closedMembersOf } from './closed-members.ts'
import { readFilters } from './filter-reading.ts'
import { type EndpointQuery, type Ordering, readLimit, readOrderBy, readParts } from './queries/query.ts'
import { fault, membersOf, optional, type Piece, sourceOf, wholePiece, wordOf } from './queries/text.ts'

/** What is asked of the records of one endpoint, and how much of the answer. */
export interface RecordQuery {
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
