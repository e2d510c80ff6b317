import { skipSpace } from '@hatstand/api/json.ts'
import { compareValues } from '../json/comparing.ts'
import { containsAt, isWithinAt, nestedParts, partOf } from '../json/containing.ts'
import { type DatePart, datePart, instantOfDate, instantOfSeconds, dateParts } from '../json/dates.ts'
import { fieldsAt, fieldTree } from '../json/fields.ts'
import { isPlain } from '../json/numbers.ts'
import { hasWords, queryWords } from '../json/words.ts'
import { pathAt } from './mapping.ts'
import {
  QueryError,
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
} from './text.ts'

/** What a filter looks at: the value itself, a part of the date it says (UTC), or its words. */
type Transformation =
  | { transformation: 'identity' }
  | { transformation: 'datetimeExtract' | 'timestampExtract'; part: DatePart }
  | { transformation: 'searchable' }

/** What is asked of it; values and bounds are JSON text. */
export type Operator =
  | { operator: 'contains' | 'in'; value: string }
  | { operator: 'between'; lower: string; upper: string }
  | { operator: 'find'; search: string }

/** A test on one field, as `readFilters` makes it: plain data. */
export interface Filter {
  /** The field; no names: all of the data. */
  path: string[]
  transformation: Transformation
  operator: Operator
}

type Test = (text: string, start: number, end: number) => boolean

/** How many characters may be looked at to test one record: several times its own, since fields overlap. */
const maxWork = (text: string) => 4 * text.length + 8 * 1_048_576

const prepared = new WeakMap<readonly Filter[], (text: string) => boolean>()

/**
 * Whether a record passes all filters (HAT API v2.6, queries). What has no such field passes none. Linear in the text.
 *
 * @param filters of `readFilters`; not changed afterwards, since what is made of them is kept for the next record
 * @param text the record's data, valid JSON
 * @throws QueryError when they look at a large record many times over: whoever else asks would have to wait
 */
export function matches(filters: readonly Filter[], text: string): boolean {
  if (filters.length === 0) return true
  let passes = prepared.get(filters)
  if (!passes) prepared.set(filters, (passes = prepare(filters)))
  return passes(text)
}

function prepare(filters: readonly Filter[]): (text: string) => boolean {
  const tree = fieldTree(filters.map(({ path }) => path))
  const tests = filters.map(testOf)
  const passes = filters.map(passesOf)
  return (text) => {
    const found = fieldsAt(text, skipSpace(text, 0), tree)
    if (found.length < tests.length) return false
    let left = maxWork(text)
    return found.every(({ path, start, end }) => {
      left -= passes[path]! * (end - start)
      if (left < 0) throw new QueryError('filters', 'look at the same large value too often: fewer of them')
      return tests[path]!(text, start, end)
    })
  }
}

/** How often a filter may go through its field. */
const passesOf = ({ operator }: Filter): number =>
  'value' in operator ? 1 + nestedParts(partOf(operator.value)) : 1

function testOf({ transformation, operator }: Filter): Test {
  if (operator.operator === 'find') return findTest(operator.search)
  const test =
    operator.operator === 'between' ? betweenTest(operator) : partTest(operator.operator, operator.value)
  if (!('part' in transformation)) return test
  const instant = transformation.transformation === 'datetimeExtract' ? instantOfDate : instantOfSeconds
  return (text, start, end) => {
    const value = datePart(instant(text, start, end), transformation.part)
    if (value === undefined) return false
    const number = String(value)
    return test(number, 0, number.length)
  }
}

function findTest(search: string): Test {
  const wanted = queryWords(search)
  return (text, start, end) => hasWords(text.slice(start, end), wanted)
}

function partTest(operator: 'contains' | 'in', value: string): Test {
  const part = partOf(value)
  const test = operator === 'contains' ? containsAt : isWithinAt
  return (text, start) => test(text, start, part)
}

/** Numbers of few digits are compared as such; all others, and all else, as comparing.ts says. */
function betweenTest({ lower, upper }: { lower: string; upper: string }): Test {
  const plain = isPlainNumber(lower, 0, lower.length) && isPlainNumber(upper, 0, upper.length)
  const [low, high] = [Number(plain && lower), Number(plain && upper)]
  return (text, start, end) => {
    const value = text.slice(start, end)
    if (plain && isPlainNumber(text, start, end)) return low <= Number(value) && Number(value) <= high
    return compareValues(lower, value) <= 0 && compareValues(value, upper) <= 0
  }
}

const isPlainNumber = (text: string, start: number, end: number) =>
  /[-\d]/.test(text[start] ?? '') && isPlain(text, start, end)

/** A query has at most so many filters. */
export const maxFilters = 100
/** Values to compare with have at most so many arrays and objects inside arrays, all filters together: each is looked for in every element. */
export const maxNestedParts = 20
/** A search is no longer than this many UTF-16 code units. */
export const maxSearchLength = 1000

const transformations = ['identity', 'datetimeExtract', 'timestampExtract', 'searchable'] as const
const operators = ['contains', 'in', 'between', 'find'] as const

/**
 * Reads a list of filters, which may be empty.
 * @throws QueryError
 */
export function readFilters(piece: Piece): Filter[] {
  const parts = { left: maxNestedParts }
  return elementsOf(piece, maxFilters).map((filter) => readFilter(filter, parts))
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
  if (search.length > maxSearchLength)
    throw fault(piece, `must be no longer than ${maxSearchLength} characters`)
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
      `must have at most ${maxNestedParts} arrays and objects inside arrays, all filters together`,
    )
  return value
}
