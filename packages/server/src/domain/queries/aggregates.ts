import { skipSpace, stringText } from '@hatstand/api/json.ts'
import { compareValues } from '../json/comparing.ts'
import { instantOfDate } from '../json/dates.ts'
import { fieldsAt, fieldTree, type FieldTree, type Found } from '../json/fields.ts'
import {
  instantOfLocal,
  type Interval,
  intervalStart,
  localTime,
  timeZone,
  type TimeZone,
  intervals,
} from '../json/time-zone.ts'
import { pathAt } from './mapping.ts'
import {
  addValue,
  type Aggregate,
  type Budget,
  canonicalText,
  newTally,
  type Tally,
  tallyResult,
  tooManyCharacters,
  aggregates,
} from './tallies.ts'
import {
  QueryError,
  memberPath,
  closedMembersOf,
  fault,
  membersOf,
  optional,
  type Piece,
  required,
  stringOf,
  wholePiece,
  wordOf,
} from './text.ts'

/** One question about the values of a field; `count` without names in its path counts the records. */
export interface NamedAggregate {
  name: string
  aggregate: Aggregate
  path: string[]
}

/** What is asked about records, as `readAggregates` makes it: plain data. */
export interface AggregateQuery {
  aggregates: NamedAggregate[]
  groupBy: string[] | undefined
  histogram: { path: string[]; interval: Interval; timeZone: string } | undefined
}

/** The records of one group; `from` is when its interval began, `value` the text they share. */
interface Group {
  from: number | undefined
  value: string
  records: number
  tallies: Tally[]
}

/** What is known after the records so far. */
export interface Aggregation {
  query: AggregateQuery
  zone: TimeZone | undefined
  /** Of the histogram, of `groupBy`, then of the aggregates. */
  fields: FieldTree
  groups: Map<string, Group>
  budget: Budget
}

/** What an answer may hold, and what may be kept for it: more is refused, never left out. */
export const maxGroups = 10_000
export const maxDistinct = 100_000
const maxCharacters = 4_000_000

/** The years that a histogram shows: 1 to 9999. What is outside counts as no date. */
const firstInstant = -62_135_510_400_000
const lastInstant = 253_402_214_400_000

/**
 * Begins to count.
 *
 * @throws QueryError when its time zone does not exist here
 */
export function start(query: AggregateQuery): Aggregation {
  const zone = query.histogram && timeZone(query.histogram.timeZone)
  if (query.histogram && !zone)
    throw new QueryError('histogram.timeZone', 'must be a time zone such as Europe/Berlin')
  const budget = { values: 0, maxValues: maxDistinct, characters: 0, maxCharacters }
  const paths = [query.histogram?.path, query.groupBy, ...query.aggregates.map(({ path }) => path)]
  const fields = fieldTree(paths.map((path) => path ?? []))
  const aggregation: Aggregation = { query, zone, fields, groups: new Map(), budget }
  if (!query.groupBy && !query.histogram) groupAt(aggregation, undefined, 'null')
  return aggregation
}

/**
 * Counts a record in. To a requester what is counted is the text that would leave, not what is kept: `shown` of narrowing.ts.
 *
 * @param data valid JSON
 * @throws QueryError when an exact answer would take too much; the aggregation is of no use then
 */
export function add(aggregation: Aggregation, data: string): void {
  const { query, budget, fields } = aggregation
  const found: (Found | undefined)[] = []
  for (const field of fieldsAt(data, skipSpace(data, 0), fields)) found[field.path] = field
  const [date, value] = [found[0], query.groupBy && slice(data, found[1])]
  const from = date && intervalOf(aggregation, data, date)
  const group = groupAt(aggregation, from, value === undefined ? 'null' : canonicalText(value))
  group.records += 1
  for (const [index, { name, path }] of query.aggregates.entries()) {
    // Of the whole data there is only a count: of the records, those that are null too.
    const text = path.length === 0 ? 'true' : slice(data, found[index + 2])
    const refusal = text === undefined ? undefined : addValue(group.tallies[index]!, text, budget)
    if (refusal !== undefined) throw new QueryError(memberPath('aggregates', name), refusal)
  }
}

const slice = (data: string, found: Found | undefined) => found && data.slice(found.start, found.end)

function groupAt(aggregation: Aggregation, from: number | undefined, value: string): Group {
  const { groups, budget, query } = aggregation
  const key = `${from ?? ''} ${value}`
  const known = groups.get(key)
  if (known) return known
  const by = query.groupBy ? 'groupBy' : 'histogram'
  if (groups.size >= maxGroups)
    throw new QueryError(
      by,
      `makes more than ${maxGroups} groups: filter the records, or ask for longer intervals`,
    )
  budget.characters += value.length
  if (budget.characters > budget.maxCharacters) throw new QueryError(by, tooManyCharacters(budget))
  const group = {
    from,
    value,
    records: 0,
    tallies: query.aggregates.map(({ aggregate }) => newTally(aggregate)),
  }
  groups.set(key, group)
  return group
}

/** A day without a time is that day of the zone's calendar, not the UTC day that begins then. */
function intervalOf({ query, zone }: Aggregation, data: string, date: Found): number | undefined {
  if (!query.histogram || !zone) return undefined
  const instant = instantOfDate(data, date.start, date.end)
  if (instant === undefined || instant < firstInstant || instant > lastInstant) return undefined
  const isDay = /^"\s*\d{4}-\d\d-\d\d\s*"$/.test(data.slice(date.start, Math.min(date.end, date.start + 200)))
  return intervalStart(zone, isDay ? instantOfLocal(zone, instant) : instant, query.histogram.interval)
}

/**
 * What came out: intervals in order, within them values in the order of comparing.ts; records without a date or value come last,
 * as `null`.
 *
 * @returns JSON: `{"groups": [{"from": "2026-03-01T00:00:00+01:00", "value": ..., "records": 12, "values": {"<name>": ...}}]}`,
 * `from` only with a histogram, `value` only with `groupBy`
 */
export function result({ query, zone, groups }: Aggregation): string {
  const shown = [...groups.values()].toSorted(compareGroups).map((group) => {
    const values = query.aggregates.map(
      ({ name }, index) => `${stringText(name)}:${tallyResult(group.tallies[index]!)}`,
    )
    const members = [`"records":${group.records}`, `"values":{${values.join(',')}}`]
    if (query.groupBy) members.unshift(`"value":${group.value}`)
    if (zone)
      members.unshift(`"from":${group.from === undefined ? 'null' : `"${localTime(zone, group.from)}"`}`)
    return `{${members.join(',')}}`
  })
  return `{"groups":[${shown.join(',')}]}`
}

function compareGroups(a: Group, b: Group): number {
  if (a.from !== b.from) return (a.from ?? Infinity) - (b.from ?? Infinity)
  if (a.value === 'null' || b.value === 'null') return Number(a.value === 'null') - Number(b.value === 'null')
  // Arrays tie, and objects.
  return compareValues(a.value, b.value) || (a.value < b.value ? -1 : 1)
}

/** One question asks for at most so many aggregates. */
const maxAggregates = 20
const maxNameLength = 100

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
  if (named.length === 0 || named.length > maxAggregates)
    throw fault(piece, `must have 1 to ${maxAggregates} members`)
  const groupBy = optional(members, 'groupBy')
  const histogram = optional(members, 'histogram')
  return {
    aggregates: named.map(([name, one]) => readAggregate(name, one)),
    groupBy: groupBy && pathAt(groupBy, stringOf(groupBy)),
    histogram: histogram && readHistogram(histogram),
  }
}

function readAggregate(name: string, piece: Piece): NamedAggregate {
  if (name === '' || name.length > maxNameLength)
    throw fault(piece, `must have a name of 1 to ${maxNameLength} characters`)
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
