import { compareValues } from './json/comparing.ts'
import { nestedParts, partOf } from './json/containing.ts'
import { dateParts } from './json/dates.ts'
import { queryWords } from './json/words.ts'
import { pathAt } from './mapping-reading.ts'
import type { Filter, Operator, Transformation } from './queries/filters.ts'
import {
  eachElement,
  elementsOf,
  fault,
  membersOf,
  optional,
  type Piece,
  required,
  sourceOf,
  stringOf,
  wordOf,
} from './queries/text.ts'

/** A query has at most so many filters. */
export const mostFilters = 100
/** Values to compare with have at most so many arrays and objects inside arrays, all filters together: each is looked for in every element. */
export const mostNestedParts = 20
/** A search is no longer than this many UTF-16 code units. */
export const longestSearch = 1000

const transformations = ['identity', 'datetimeExtract', 'timestampExtract', 'searchable'] as const
const operators = ['contains', 'in', 'between', 'find'] as const

/**
 * Reads a list of filters, which may be empty.
 * @throws QueryError
 */
export function readFilters(piece: Piece): Filter[] {
  const parts = { left: mostNestedParts }
  return elementsOf(piece, mostFilters).map((filter) => readFilter(filter, parts))
}

/** How many more arrays and objects inside arrays there may be. */
interface Parts {
  left: number
}

function readFilter(piece: Piece, parts: Parts): Filter {
  const members = membersOf(piece)
  const field = required(members, 'field', piece)
  const name = stringOf(field)
  const path = name === '' ? [] : pathAt(field, name)
  const transformation = readTransformation(optional(members, 'transformation'))
  const operator = readOperator(required(members, 'operator', piece), transformation, parts)
  return { path, transformation, operator }
}

function readTransformation(piece: Piece | undefined): Transformation {
  if (!piece) return { transformation: 'identity' }
  const members = membersOf(piece)
  const transformation = wordOf(required(members, 'transformation', piece), transformations)
  if (transformation === 'identity' || transformation === 'searchable') return { transformation }
  return { transformation, part: wordOf(required(members, 'part', piece), dateParts) }
}

function readOperator(piece: Piece, transformation: Transformation, parts: Parts): Operator {
  const members = membersOf(piece)
  const name = required(members, 'operator', piece)
  const operator = wordOf(name, operators)
  const isSearch = transformation.transformation === 'searchable'
  if (operator === 'find' && !isSearch)
    throw fault(name, 'must be with the transformation searchable, when it is find')
  if (operator !== 'find' && isSearch) throw fault(name, 'must be find, with the transformation searchable')
  if (operator === 'find') return { operator, search: readSearch(required(members, 'search', piece)) }
  const ofNumbers = 'part' in transformation
  if (operator === 'between') return readBetween(piece, members, ofNumbers)
  return { operator, value: readValue(required(members, 'value', piece), operator, ofNumbers, parts) }
}

function readSearch(piece: Piece): string {
  const search = piece.text[piece.start] === '"' ? stringOf(piece) : sourceOf(piece)
  if (search.length > longestSearch) throw fault(piece, `must be no longer than ${longestSearch} characters`)
  if (queryWords(search).length === 0) throw fault(piece, 'must have a word to search for')
  return search
}

function readBetween(piece: Piece, members: Map<string, Piece>, ofNumbers: boolean): Operator {
  const [first, second] = ['lower', 'upper'].map((key) => required(members, key, piece)) as [Piece, Piece]
  for (const bound of [first, second]) {
    if (ofNumbers && kindOf(bound) !== 'number')
      throw fault(bound, 'must be a number, as a part of a date is')
    if (kindOf(bound) === 'array' || kindOf(bound) === 'object')
      throw fault(bound, 'must be a text, number, boolean or null')
  }
  const [lower, upper] = [sourceOf(first), sourceOf(second)]
  if (kindOf(first) !== kindOf(second))
    throw fault(second, `must be of the same kind as lower, a ${kindOf(first)}`)
  if (compareValues(lower, upper) > 0) throw fault(second, 'must not be less than lower')
  return { operator: 'between', lower, upper }
}

const kinds: Record<string, string> = {
  '"': 'text',
  '[': 'array',
  '{': 'object',
  t: 'boolean',
  f: 'boolean',
  n: 'null',
}
const kindOf = ({ text, start }: Piece) => kinds[text[start]!] ?? 'number'

function readValue(piece: Piece, operator: 'contains' | 'in', ofNumbers: boolean, parts: Parts): string {
  const isList = kindOf(piece) === 'array'
  if (isList && operator === 'in' && eachElement(piece).next().done)
    throw fault(piece, 'must have an element')
  if (ofNumbers) {
    for (const one of isList && operator === 'in' ? eachElement(piece) : [piece])
      if (kindOf(one) !== 'number') throw fault(one, 'must be a number, as a part of a date is')
  }
  const value = sourceOf(piece)
  parts.left -= nestedParts(partOf(value))
  if (parts.left < 0)
    throw fault(
      piece,
      `must have at most ${mostNestedParts} arrays and objects inside arrays, all filters together`,
    )
  return value
}
