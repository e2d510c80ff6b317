import { skipSpace, skipValue, stringEnd, stringValue, type Span } from '@hatstand/api/json.ts'
import { add, decimal, type Decimal } from './numbers.ts'

/** An order key is no longer than this many bytes: values whose keys agree so far tie. */
export const orderKeyLimit = 1024

const kinds = ['null', 'string', 'number', 'boolean', 'array', 'object'] as const
type Kind = (typeof kinds)[number]

function kindOf(text: string, at: number): Kind {
  const letter = text[at]
  if (letter === '"') return 'string'
  if (letter === '{') return 'object'
  if (letter === '[') return 'array'
  if (letter === 'n') return 'null'
  return letter === 't' || letter === 'f' ? 'boolean' : 'number'
}

/**
 * Finds the value at a path; of repeated keys the last counts.
 *
 * @param text valid JSON
 * @param path keys from the outside in; a number such as `0` names a key of an object and an element of an
 * array
 * @returns the value's span, or `undefined` when nothing is there
 */
export function valueAt(text: string, path: readonly string[]): Span | undefined {
  let start = skipSpace(text, 0)
  let end = text.length
  for (const step of path) {
    const kind = kindOf(text, start)
    const found =
      kind === 'object'
        ? memberAt(text, start, step)
        : kind === 'array'
          ? elementAt(text, start, step)
          : undefined
    if (found === undefined) return undefined
    ;({ start, end } = found)
  }
  return path.length === 0 ? { start, end: skipValue(text, start, Infinity) } : { start, end }
}

function memberAt(text: string, at: number, key: string): Span | undefined {
  let found: Span | undefined
  let first = skipSpace(text, at + 1)
  while (text[first] === '"') {
    const behind = stringEnd(text, first)
    const start = skipSpace(text, skipSpace(text, behind) + 1)
    const end = skipValue(text, start, Infinity)
    if (isKey(text, first, behind, key)) found = { start, end }
    first = skipSpace(text, skipSpace(text, end) + 1)
  }
  return found
}

/** Most keys are told apart by the text alone; only a longer one can be the same key, by escapes. */
function isKey(text: string, start: number, end: number, key: string): boolean {
  if (end - start === key.length + 2) return text.startsWith(key, start + 1) && !key.includes('\\')
  return end - start > key.length + 2 && stringValue(text, start, end) === key
}

function elementAt(text: string, at: number, step: string): Span | undefined {
  if (!/^(0|[1-9]\d{0,9})$/.test(step)) return undefined
  let start = skipSpace(text, at + 1)
  for (let left = Number(step); text[start] !== ']' && start < text.length; left -= 1) {
    const end = skipValue(text, start, Infinity)
    if (left === 0) return { start, end }
    const behind = skipSpace(text, end)
    start = text[behind] === ',' ? skipSpace(text, behind + 1) : behind
  }
  return undefined
}

/**
 * Bytes that order like the values: null < string (by code points) < number (exact) < boolean < array <
 * object; arrays tie, objects tie. Where a value is missing there is no key.
 *
 * @param text valid JSON, of which `start` to `end` is the value
 * @returns at most `orderKeyLimit` bytes
 */
export function orderKey(text: string, start: number, end: number): Uint8Array {
  const kind = kindOf(text, start)
  const first = kinds.indexOf(kind) + 1
  if (kind === 'string') return stringKey(first, stringValue(text, start, end))
  if (kind === 'number') return numberKey(first, decimal(text.slice(start, end)))
  return kind === 'boolean' ? Uint8Array.of(first, text[start] === 't' ? 1 : 0) : Uint8Array.of(first)
}

/**
 * UTF-8, which orders by code points; lone surrogates in the same pattern, so that they stand between their
 * neighbours.
 */
function stringKey(kind: number, value: string): Uint8Array {
  const head = value.slice(0, orderKeyLimit)
  if (!head.isWellFormed()) return Uint8Array.from([kind, ...loneUtf8(head)].slice(0, orderKeyLimit))
  const bytes = Buffer.from(`\0${head}`)
  bytes[0] = kind
  // A copy: a small Buffer is a view of a shared pool, all of which would travel to another thread.
  return new Uint8Array(bytes.subarray(0, orderKeyLimit))
}

function loneUtf8(text: string): number[] {
  return Array.from(text).flatMap((character) => {
    const code = character.charCodeAt(0)
    return character.isWellFormed()
      ? [...Buffer.from(character)]
      : [0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)]
  })
}

/**
 * Sign, the power of ten in front of the first digit, the digits two to a byte; a negative number has all but
 * its sign inverted.
 */
function numberKey(kind: number, { negative, digits, exponent }: Decimal): Uint8Array {
  if (digits === '') return Uint8Array.of(kind, 2)
  const rest = powerKey(add(exponent, digits.length))
  for (let i = 0; i < digits.length && rest.length < orderKeyLimit; i += 2) {
    rest.push(1 + Number(digits.slice(i, i + 2).padEnd(2, '0')))
  }
  rest.push(0)
  const key = negative ? [kind, 1, ...rest.map((byte) => 0xff - byte)] : [kind, 3, ...rest]
  return Uint8Array.from(key.slice(0, orderKeyLimit))
}

/**
 * One byte for a power up to 60 either way; beyond that the number of its digits, then the digits, inverted
 * below zero.
 */
function powerKey(power: string): number[] {
  const size = power.length > 3 ? Infinity : Number(power)
  if (Math.abs(size) <= 60) return [0x80 + size]
  const negative = power.startsWith('-')
  const digits = negative ? power.slice(1) : power
  const bytes = [24, 16, 8, 0].map((shift) => (digits.length >>> shift) & 0xff)
  for (const digit of digits.slice(0, orderKeyLimit)) bytes.push(Number(digit))
  return negative ? [0x00, ...bytes.map((byte) => 0xff - byte)] : [0xff, ...bytes]
}

/**
 * Compares two JSON values as `orderKey` orders them, without its limit: for small sorts, and to check the
 * keys by.
 *
 * @param a the text of one value, valid JSON
 * @param b the text of the other
 * @returns negative when `a` comes first, 0 when they tie, positive when `b` does
 */
export function compareValues(a: string, b: string): number {
  const first = a.trim()
  const second = b.trim()
  const kind = kindOf(first, 0)
  const order = kinds.indexOf(kind) - kinds.indexOf(kindOf(second, 0))
  if (order !== 0) return order
  if (kind === 'string') return compareStrings(stringValue(first), stringValue(second))
  if (kind === 'number') return compareNumbers(decimal(first), decimal(second))
  return kind === 'boolean' ? Number(first === 'true') - Number(second === 'true') : 0
}

function compareStrings(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length;) {
    const first = a.codePointAt(i) ?? 0
    const order = first - (b.codePointAt(i) ?? 0)
    if (order !== 0) return order
    i += first > 0xffff ? 2 : 1
  }
  return a.length - b.length
}

function compareNumbers(a: Decimal, b: Decimal): number {
  const sign = signOf(a)
  if (sign === 0 || sign !== signOf(b)) return sign - signOf(b)
  const order = compareIntegers(add(a.exponent, a.digits.length), add(b.exponent, b.digits.length))
  return sign * (order || compareDigits(a.digits, b.digits)) || 0
}

function signOf({ negative, digits }: Decimal): number {
  if (digits === '') return 0
  return negative ? -1 : 1
}

function compareIntegers(a: string, b: string): number {
  const sign = a.startsWith('-') ? -1 : 1
  if (b.startsWith('-') !== sign < 0) return sign
  return sign * (a.length - b.length || compareDigits(a, b))
}

function compareDigits(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/**
 * Things in the order of a text of theirs, by UTF-16 code units: the same everywhere, while an engine's own order of texts depends on
 * the language it was set up for.
 */
export function inOrder<T>(things: readonly T[], textOf: (thing: T) => string): T[] {
  return things.toSorted((one, other) => {
    const [a, b] = [textOf(one), textOf(other)]
    if (a === b) return 0
    return a < b ? -1 : 1
  })
}
