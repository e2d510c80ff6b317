import { elements, stringValue } from '@hatstand/api/json.ts'
import { orderKey, compareValues } from '../json/comparing.ts'
import type { Filter, Operator } from './filters.ts'

/** Inclusive bounds of order keys (domain/queries/ordering.ts, ascending). */
export interface KeyRange {
  low: Uint8Array
  high: Uint8Array
}

/**
 * The order keys a record must have at the path if it is to pass: every record that passes is among them, and `matches` of
 * filters.ts decides which of those do, since long values share a key and all arrays do.
 *
 * @returns ranges in order and apart from one another, one for each value; `undefined` when keys do not narrow it down
 */
export function keyRanges({
  path,
  transformation,
  operator,
}: Filter): { path: string[]; ranges: KeyRange[] } | undefined {
  if (transformation.transformation !== 'identity' || path.length === 0) return undefined
  const ranges = rangesOf(operator)
  return ranges && { path, ranges }
}

const whole = (text: string) => orderKey(text, 0, text.length)

function rangesOf(operator: Operator): KeyRange[] | undefined {
  if (operator.operator === 'find') return undefined
  if (operator.operator === 'between') return [{ low: whole(operator.lower), high: whole(operator.upper) }]
  const { value } = operator
  const isList = value.startsWith('[')
  if (value.startsWith('{') || (isList && operator.operator === 'contains')) return undefined
  if (!isList) return points(operator.operator === 'contains' ? [whole(value), anyArray] : [whole(value)])
  const keys: Uint8Array[] = [anyArray]
  for (const { start, end } of elements(value, 0, Infinity)) {
    if (!'[{'.includes(value[start]!)) keys.push(orderKey(value, start, end))
  }
  return points(keys)
}

/** A list may hold, or be held by, what is asked for: all lists have the one key. */
const anyArray = whole('[]')

function points(keys: Uint8Array[]): KeyRange[] {
  keys.sort(compareBytes)
  return keys
    .filter((key, index) => index === 0 || compareBytes(keys[index - 1]!, key) !== 0)
    .map((key) => ({ low: key, high: key }))
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) if (a[i] !== b[i]) return a[i]! - b[i]!
  return a.length - b.length
}

/** What a value must be if a record is to pass: of one of the kinds, or a text or number within one of the ranges (inclusive). */
export interface ScalarRanges {
  path: string[]
  /** 1 null, 4 false, 5 true, 6 array, 7 object: as the engines number them (database/port.ts). */
  kinds: number[]
  texts: { low: string; high: string }[]
  numbers: { low: number; high: number }[]
}

/** More ranges than this are no condition for an engine. */
const maxRanges = 50
const kindOf: Record<string, number> = { n: 1, f: 4, t: 5, '[': 6, '{': 7 }

/**
 * What an engine can be asked that narrows a search down: every record that passes is among what it finds, and `matches` of
 * filters.ts decides which of those do. Bounds of numbers are a little wider than asked, since engines may round.
 *
 * @returns undefined when there is nothing to be asked
 */
export function scalarRanges({ path, transformation, operator }: Filter): ScalarRanges | undefined {
  if (transformation.transformation !== 'identity' || path.length === 0) return undefined
  const found: ScalarRanges = { path, kinds: [], texts: [], numbers: [] }
  const pairs = pairsOf(operator)
  if (!pairs || pairs.length > maxRanges) return undefined
  return pairs.every(([low, high]) => addRange(found, low, high)) ? found : undefined
}

function pairsOf(operator: Operator): [string, string][] | undefined {
  if (operator.operator === 'find') return undefined
  if (operator.operator === 'between') return [[operator.lower, operator.upper]]
  const { value } = operator
  if (value.startsWith('{')) return [['{}', '{}']]
  const lists: [string, string] = ['[]', '[]']
  if (operator.operator === 'contains') return value.startsWith('[') ? [lists] : [lists, [value, value]]
  if (!value.startsWith('[')) return [[value, value]]
  const pairs = elements(value, 0, Infinity)
    .take(maxRanges + 1)
    .map(({ start, end }): [string, string] => [value.slice(start, end), value.slice(start, end)])
    .filter(([text]) => !text.startsWith('{'))
  return [lists, ...pairs]
}

/** @returns whether an engine can be asked that */
function addRange({ kinds, texts, numbers }: ScalarRanges, lower: string, upper: string): boolean {
  if (lower.startsWith('"')) {
    const [low, high] = [stringValue(lower), stringValue(upper)]
    texts.push({ low, high })
    return [low, high].every((text) => text.isWellFormed() && !text.includes('\0'))
  }
  if (/^[-\d]/.test(lower)) {
    const [low, high] = [widened(Number(lower), -1), widened(Number(upper), 1)]
    numbers.push({ low, high })
    return Number.isFinite(low) && Number.isFinite(high)
  }
  kinds.push(kindOf[lower[0]!]!)
  if (compareValues(lower, upper) !== 0) kinds.push(kindOf[upper[0]!]!)
  return true
}

const widened = (bound: number, way: 1 | -1) => bound + way * (Math.abs(bound) * 1e-12 + 1e-300)
