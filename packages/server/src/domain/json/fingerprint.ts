import { hash } from 'node:crypto'
import {
  colonAt,
  keyEnd,
  maxDepth,
  plainEnd,
  scalarEnd,
  skipSpace,
  stringEnd,
  tooDeep,
  unclosed,
  stringText,
  stringValue,
} from '@hatstand/api/json.ts'
import { decimal, isEasy, isPlain, plainNumber } from './numbers.ts'

export interface Canonical {
  /** The offset right behind the value. */
  end: number
  /** The same for the same JSON value only; well-formed, its UTF-8 tells as much as its code units. */
  text: string
  /** Whether an engine might misread it: repeated keys, `\u0000`, lone surrogates, big or long numbers. */
  awkward: boolean
}

/** The whole value or a member on its way: what is written, and from where the source is good as it is. */
interface Run extends Keyed {
  written: string
  from: number
  end: number
}

/** An array or object not yet closed, within `run`; elements belong to it too, a member is a run. */
interface Open {
  start: number
  closer: number
  depth: number
  parent: Open | undefined
  run: Run
  members: Run[]
  sorted: boolean
  spaced: boolean
}

interface Reading {
  text: string
  at: number
  limit: number
  awkward: boolean
  run: Run
  open: Open | undefined
}

const quote = 0x22
const comma = 0x2c
const openArray = 0x5b
const closeArray = 0x5d
const openObject = 0x7b
const closeObject = 0x7d

/**
 * Validates the JSON value that starts at or, behind white space, after `start`, and in the same pass gives
 * its canonical text: no white space, keys sorted by UTF-16 code units (repeated ones stay in their order),
 * one spelling per string, numbers exact. What is canonical already is copied from the source in one piece.
 * Depth costs no stack.
 *
 * @param limit how deep the value's arrays and objects may nest
 * @throws JsonError
 */
export function canonical(text: string, start = 0, limit = maxDepth): Canonical {
  const at = skipSpace(text, start)
  const whole = newRun(at)
  const reading: Reading = { text, at, limit, awkward: false, run: whole, open: undefined }
  while (!readValue(reading) || !readBehind(reading));
  whole.end = reading.at
  const result = finished(reading.text, whole)
  if (result.isWellFormed()) return { end: whole.end, text: result, awkward: reading.awkward }
  return { end: whole.end, text: result.replace(/\p{Surrogate}/gu, escaped), awkward: true }
}

/**
 * What tells duplicates apart: the first 16 bytes of the SHA-256 of endpoint and value, a character for each byte (that is
 * what is dealt with fastest).
 *
 * @param endpoint in full, `namespace/path`
 * @param canonicalText of `canonical`
 */
export function fingerprint(endpoint: string, canonicalText: string): string {
  return hash('sha256', `${endpoint}\n${canonicalText}`, 'binary').slice(0, 16)
}

function escaped(surrogate: string): string {
  return `\\u${surrogate.charCodeAt(0).toString(16)}`
}

function newRun(at: number): Run {
  return { start: at, keyEnd: at, key: undefined, written: '', from: at, end: at }
}

/** Replaces a piece of the source in the run. */
function replace(text: string, run: Run, start: number, end: number, by: string): void {
  run.written += text.slice(run.from, start) + by
  run.from = end
}

function finished(text: string, run: Run): string {
  return run.written + text.slice(run.from, run.end)
}

/** Leaves white space out of the run. */
function leaveSpace(text: string, run: Run, at: number): number {
  const end = skipSpace(text, at)
  if (end > at) replace(text, run, at, end, '')
  return end
}

/** Reads a whole value, then true; or opens an array or object and goes to its first value. */
function readValue(reading: Reading): boolean {
  const { text, at, run } = reading
  const code = text.charCodeAt(at)
  if (code !== openObject && code !== openArray) {
    reading.at = readScalar(reading, code)
    return true
  }
  const depth = reading.open === undefined ? 1 : reading.open.depth + 1
  if (depth > reading.limit) throw tooDeep(at, reading.limit)
  const inside = skipSpace(text, at + 1)
  const closer = code + 2
  const empty = text.charCodeAt(inside) === closer
  if (inside > at + 1 && (empty || code === openArray)) replace(text, run, at + 1, inside, '')
  reading.at = empty ? inside + 1 : inside
  if (empty) return true
  const spaced = inside > at + 1
  reading.open = { start: at, closer, depth, parent: reading.open, run, members: [], sorted: true, spaced }
  if (closer === closeObject) readKey(reading, reading.open)
  return false
}

/** Behind a value: closes what ends here and goes to the next value; true when there is none. */
function readBehind(reading: Reading): boolean {
  const { text } = reading
  while (reading.open !== undefined) {
    const { open, run, at } = reading
    const found = open.closer === closeArray ? leaveSpace(text, run, at) : skipSpace(text, at)
    const code = text.charCodeAt(found)
    if (code !== comma && code !== open.closer) throw unclosed(text, found, open.closer)
    reading.at = found + 1
    if (open.closer === closeObject) {
      run.end = at
      open.spaced ||= found > at
    }
    if (code === comma) {
      readComma(reading, open)
      return false
    }
    if (open.closer === closeObject) closeMembers(reading, open)
    reading.open = open.parent
  }
  return true
}

function readComma(reading: Reading, open: Open): void {
  const { text, run, at } = reading
  if (open.closer === closeArray) reading.at = leaveSpace(text, run, at)
  else {
    reading.at = skipSpace(text, at)
    open.spaced ||= reading.at > at
    readKey(reading, open)
  }
}

/** Starts the member whose key is next and goes to its value. */
function readKey(reading: Reading, open: Open): void {
  const { text, at } = reading
  const run = newRun(at)
  const plain = plainEnd(text, at)
  const isWhole = text.charCodeAt(at) === quote && text.charCodeAt(plain) === quote
  const end = isWhole ? plain + 1 : keyEnd(text, at)
  run.keyEnd = end
  if (!isWhole) run.key = readEscaped(reading, run, at, end)
  const colon = colonAt(text, end)
  if (colon > end) replace(text, run, end, colon, '')
  reading.at = leaveSpace(text, run, colon + 1)
  reading.run = run
  const before = open.members.at(-1)
  open.members.push(run)
  if (before === undefined || !open.sorted) return
  const order = compareKeys(text, before, run)
  open.sorted = order <= 0
  if (order === 0) reading.awkward = true
}

/** Writes the members of an object that is complete, sorted, unless the source is canonical already. */
function closeMembers(reading: Reading, open: Open): void {
  const { text, at } = reading
  const { members, run } = open
  reading.run = run
  if (open.sorted && !open.spaced && members.every((member) => member.written === '')) return
  if (!open.sorted && sortByKey(text, members)) reading.awkward = true
  let written = '{'
  for (const member of members) written += (written === '{' ? '' : ',') + finished(text, member)
  replace(text, run, open.start, at, `${written}}`)
}

function readScalar(reading: Reading, code: number): number {
  const { text, at, run } = reading
  if (code === quote) {
    const plain = plainEnd(text, at)
    if (text.charCodeAt(plain) === quote) return plain + 1
    const end = stringEnd(text, at)
    readEscaped(reading, run, at, end)
    return end
  }
  const end = scalarEnd(text, at)
  if (code < openArray && !isPlain(text, at, end)) readNumber(reading, at, end)
  return end
}

/** Spells a string with escapes the one way, and gives the string. */
function readEscaped(reading: Reading, run: Run, start: number, end: number): string {
  const source = reading.text.slice(start, end)
  const value = stringValue(source)
  const spelled = stringText(value)
  if (spelled !== source) replace(reading.text, run, start, end, spelled)
  if (value.includes('\0') || !value.isWellFormed()) reading.awkward = true
  return value
}

function readNumber(reading: Reading, start: number, end: number): void {
  const source = reading.text.slice(start, end)
  const number = decimal(source)
  const spelled = plainNumber(number)
  if (spelled !== source) replace(reading.text, reading.run, start, end, spelled)
  if (!isEasy(number)) reading.awkward = true
}

/**
 * Where a member's key stands in the source, quotes included, and the key as a string unless the source
 * spells it plainly.
 */
interface Keyed {
  start: number
  keyEnd: number
  key: string | undefined
}

/** Up to this many members, sorting by hand beats the engine's own sort by far. */
const few = 16

/** Compares two keys by UTF-16 code units. */
function compareKeys(text: string, a: Keyed, b: Keyed): number {
  if (a.key !== undefined || b.key !== undefined) return compareStrings(keyOf(text, a), keyOf(text, b))
  let i = a.start + 1
  let j = b.start + 1
  for (; i < a.keyEnd - 1 && j < b.keyEnd - 1; i += 1, j += 1) {
    const order = text.charCodeAt(i) - text.charCodeAt(j)
    if (order !== 0) return order
  }
  return a.keyEnd - i - (b.keyEnd - j)
}

/** Sorts members by key, repeated keys in the order they came; tells whether there are any. */
function sortByKey(text: string, members: Keyed[]): boolean {
  if (members.length > few) members.sort((a, b) => compareKeys(text, a, b))
  else sortFew(text, members)
  return members.some((member, i) => i > 0 && compareKeys(text, members[i - 1] ?? member, member) === 0)
}

function sortFew(text: string, members: Keyed[]): void {
  members.forEach((member, i) => {
    let place = i
    for (; place > 0; place -= 1) {
      const before = members[place - 1] ?? member
      if (compareKeys(text, before, member) <= 0) break
      members[place] = before
    }
    members[place] = member
  })
}

function keyOf(text: string, member: Keyed): string {
  return member.key ?? text.slice(member.start + 1, member.keyEnd - 1)
}

function compareStrings(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}
