import { closedMembersOf } from './closed-members.ts'
import { intervals, timeZone } from './json/time-zone.ts'
import { pathAt } from './mapping-reading.ts'
import type { AggregateQuery, NamedAggregate } from './queries/aggregates.ts'
import { aggregates } from './queries/tallies.ts'
import {
  fault,
  membersOf,
  optional,
  type Piece,
  required,
  stringOf,
  wholePiece,
  wordOf,
} from './queries/text.ts'

/** One question asks for at most so many aggregates. */
const mostAggregates = 20
const longestName = 100

/**
 * Reads what is asked about records (`AggregateQuery` of the api), all but its filters. Other than in an endpoint query, a key
 * that is not known is refused: a misspelt `groupBy` would be answered, but wrongly.
 *
 * @param text JSON
 * @throws QueryError
 */
export function readAggregates(text: string): AggregateQuery {
  const whole = wholePiece(text)
  const members = closedMembersOf(whole, ['aggregates', 'filters', 'groupBy', 'histogram'])
  const piece = required(members, 'aggregates', whole)
  const named = [...membersOf(piece)]
  if (named.length === 0 || named.length > mostAggregates)
    throw fault(piece, `must have 1 to ${mostAggregates} members`)
  const groupBy = optional(members, 'groupBy')
  const histogram = optional(members, 'histogram')
  return {
    aggregates: named.map(([name, one]) => readAggregate(name, one)),
    groupBy: groupBy && pathAt(groupBy, stringOf(groupBy)),
    histogram: histogram && readHistogram(histogram),
  }
}

function readAggregate(name: string, piece: Piece): NamedAggregate {
  if (name === '' || name.length > longestName)
    throw fault(piece, `must have a name of 1 to ${longestName} characters`)
  const members = closedMembersOf(piece, ['aggregate', 'field'])
  const aggregate = wordOf(required(members, 'aggregate', piece), aggregates)
  const field =
    optional(members, 'field') ?? (aggregate === 'count' ? undefined : required(members, 'field', piece))
  return { name, aggregate, path: field ? pathAt(field, stringOf(field)) : [] }
}

function readHistogram(piece: Piece): AggregateQuery['histogram'] {
  const members = closedMembersOf(piece, ['field', 'interval', 'timeZone'])
  const field = required(members, 'field', piece)
  const zone = optional(members, 'timeZone')
  const name = zone ? stringOf(zone) : 'UTC'
  if (zone && !timeZone(name)) throw fault(zone, 'must be a time zone such as Europe/Berlin')
  const interval = wordOf(required(members, 'interval', piece), intervals)
  return { path: pathAt(field, stringOf(field)), interval, timeZone: name }
}
