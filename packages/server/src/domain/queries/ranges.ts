import { elements } from '@hatstand/api/json.ts'
import { orderKey } from '../json/comparing.ts'
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
