import { skipSpace } from '@hatstand/api/json.ts'
import { compareValues } from '../json/comparing.ts'
import { containsAt, isWithinAt, nestedParts, partOf } from '../json/containing.ts'
import { type DatePart, datePart, instantOfDate, instantOfSeconds } from '../json/dates.ts'
import { fieldsAt, fieldTree } from '../json/fields.ts'
import { isPlain } from '../json/numbers.ts'
import { hasWords, queryWords } from '../json/words.ts'
import { QueryError } from '../query-error.ts'

/** What a filter looks at: the value itself, a part of the date it says (UTC), or its words. */
export type Transformation =
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
const mostWork = (text: string) => 4 * text.length + 8 * 1_048_576

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
    let left = mostWork(text)
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
