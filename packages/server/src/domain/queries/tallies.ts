import { compareValues, orderKey, orderKeyLimit } from '../json/comparing.ts'
import { canonical, fingerprint } from '../json/fingerprint.ts'
import {
  addTo,
  averageOf,
  emptyTotal,
  maxPlaces,
  sumOf,
  type Total,
  decimal,
  isPlain,
  writtenNumber,
} from '../json/numbers.ts'

/** What is counted or computed of the values of one field. */
export const aggregates = ['count', 'min', 'max', 'sum', 'average', 'distinct'] as const
export type Aggregate = (typeof aggregates)[number]

/** What all tallies of one question may keep together. */
export interface Budget {
  /** How many different values are kept, and how many may be. */
  values: number
  maxValues: number
  /** How many characters are kept, and how many may be. */
  characters: number
  maxCharacters: number
}

/** What one aggregate knows of one group so far. */
export interface Tally {
  aggregate: Aggregate
  count: number
  total: Total
  /** The smallest or greatest value so far, as JSON text, and the bytes it is ordered by. */
  best: { text: string; key: Uint8Array } | undefined
  distinct: Set<string>
}

/** Values of more characters are not compared for the smallest or greatest. */
const maxComparedLength = 10_000

export const newTally = (aggregate: Aggregate): Tally => ({
  aggregate,
  count: 0,
  total: emptyTotal(),
  best: undefined,
  distinct: new Set(),
})

/**
 * Counts a value in. Null counts as nothing there; sum and average take numbers, minimum and maximum strings, numbers and
 * booleans in the order of comparing.ts; all pass over the rest.
 *
 * @param value valid JSON without white space around it
 * @returns why it cannot be counted, the end of a sentence; `undefined` when it was
 */
export function addValue(tally: Tally, value: string, budget: Budget): string | undefined {
  if (value === 'null') return undefined
  tally.count += 1
  if (tally.aggregate === 'distinct') return addDistinct(tally, value, budget)
  if (tally.aggregate === 'sum' || tally.aggregate === 'average') return addNumber(tally, value)
  return tally.aggregate === 'count' ? undefined : addCompared(tally, value, budget)
}

const isNumber = (value: string): boolean => value[0] === '-' || (value[0]! >= '0' && value[0]! <= '9')

function addNumber({ total }: Tally, value: string): string | undefined {
  if (!isNumber(value) || addTo(total, value)) return undefined
  const shown = value.length > 30 ? `${value.slice(0, 30)}...` : value
  return `meets a number of more than ${maxPlaces} digits before or behind the point: ${shown}`
}

function addDistinct({ distinct }: Tally, value: string, budget: Budget): string | undefined {
  const key = shortKey(canonicalText(value))
  if (distinct.has(key)) return undefined
  if (budget.values >= budget.maxValues)
    return `meets more than ${budget.maxValues} different values: ask for fewer records or fewer groups`
  budget.values += 1
  distinct.add(key)
  return undefined
}

/** One text per value. What is easy is canonical as it stands. */
export const canonicalText = (value: string): string =>
  isNumber(value) && isPlain(value, 0, value.length) ? value : canonical(value, 0, Infinity).text

/** A text of its own for every text, and short: no JSON begins with `#`. */
const shortKey = (text: string): string => (text.length <= 32 ? text : `#${fingerprint('', text)}`)

function addCompared(tally: Tally, value: string, budget: Budget): string | undefined {
  if (value[0] === '[' || value[0] === '{') return undefined
  if (value.length > maxComparedLength) return `meets a value of more than ${maxComparedLength} characters`
  const { best } = tally
  if (best && isNumber(value) && isNumber(best.text) && isPlain(value, 0, value.length)) {
    if (isPlain(best.text, 0, best.text.length) && !precedes(tally, Number(value) - Number(best.text)))
      return undefined
  }
  const key = orderKey(value, 0, value.length)
  if (best && !precedes(tally, comparedTo(best, key, value))) return undefined
  const text = isNumber(value) ? writtenNumber(decimal(value)) : canonicalText(value)
  const characters = budget.characters + text.length - (best?.text.length ?? 0)
  if (characters > budget.maxCharacters) return tooManyCharacters(budget)
  budget.characters = characters
  tally.best = { text, key }
  return undefined
}

const precedes = ({ aggregate }: Tally, order: number): boolean =>
  aggregate === 'min' ? order < 0 : order > 0

/** Keys differ as their values do, but long values may share one. */
function comparedTo(best: { text: string; key: Uint8Array }, key: Uint8Array, value: string): number {
  const order = Buffer.compare(key, best.key)
  return order !== 0 || key.length < orderKeyLimit ? order : compareValues(value, best.text)
}

/** The end of a sentence. */
export const tooManyCharacters = ({ maxCharacters }: Budget): string =>
  `would keep more than ${maxCharacters} characters of different values: ask for fewer records or fewer groups`

/** What came out, as JSON text: null where no value counted. */
export function tallyResult({ aggregate, count, total, best, distinct }: Tally): string {
  switch (aggregate) {
    case 'count':
      return String(count)
    case 'distinct':
      return String(distinct.size)
    case 'sum':
      return total.count === 0 ? 'null' : sumOf(total)
    case 'average':
      return averageOf(total) ?? 'null'
    case 'min':
    case 'max':
      return best?.text ?? 'null'
  }
}
