import { elements, JsonError, members, skipSpace, skipValue, stringValue } from '@hatstand/api/json.ts'
import { decimal, plainNumber } from '../json/numbers.ts'

/** A query, bundle or whatever else is read here is no longer than this many UTF-16 code units. */
export const maxText = 1_048_576
/** And nests no deeper than this. */
export const maxLevels = 64

/** A value of what is read: its span in the text, and the path its faults are named by. */
export interface Piece {
  text: string
  start: number
  end: number
  path: string
}

/**
 * The whole of a text that must be one JSON value.
 * @throws QueryError
 */
export function wholePiece(text: string): Piece {
  if (text.length > maxText) throw new QueryError('', `must be no longer than ${maxText} characters`)
  try {
    const start = skipSpace(text, 0)
    const end = skipValue(text, start, maxLevels)
    const behind = skipSpace(text, end)
    if (behind < text.length) throw new JsonError('expected the end', behind)
    return { text, start, end, path: '' }
  } catch (error) {
    if (error instanceof JsonError) throw new QueryError('', `must be JSON: ${error.message}`)
    throw error
  }
}

/** The value's JSON text. */
export const sourceOf = ({ text, start, end }: Piece): string => text.slice(start, end)

/** The refusal of a value. */
export const fault = ({ path }: Piece, reason: string): QueryError => new QueryError(path, reason)

/** An object's members by key; of repeated keys the last counts, in the first one's place. */
export function membersOf(piece: Piece): Map<string, Piece> {
  const { text, start, path } = piece
  if (text[start] !== '{') throw fault(piece, 'must be an object')
  const found = new Map<string, Piece>()
  for (const member of members(text, start))
    found.set(member.key, { text, start: member.start, end: member.end, path: memberPath(path, member.key) })
  return found
}

/** The elements of an array of at most so many. */
export function elementsOf(piece: Piece, most: number): Piece[] {
  const found = eachElement(piece)
    .take(most + 1)
    .toArray()
  if (found.length > most) throw fault(piece, `must have at most ${most} elements`)
  return found
}

/** The elements of an array, one at a time: there may be very many. */
export function* eachElement(piece: Piece): Generator<Piece, void, undefined> {
  const { text, start, path } = piece
  if (text[start] !== '[') throw fault(piece, 'must be an array')
  let index = 0
  for (const element of elements(text, start)) {
    yield { text, ...element, path: elementPath(path, index) }
    index += 1
  }
}

export function stringOf(piece: Piece): string {
  if (piece.text[piece.start] !== '"') throw fault(piece, 'must be a text')
  return stringValue(piece.text, piece.start, piece.end)
}

/** A number's value in the one spelling of `plainNumber`; empty for what is none. */
export function numberOf({ text, start, end }: Piece): string {
  return /[-\d]/.test(text[start]!) ? plainNumber(decimal(text.slice(start, end))) : ''
}

/** A text that is one of these. */
export function wordOf<const T extends string>(piece: Piece, words: readonly T[]): T {
  const text = stringOf(piece)
  const word = words.find((one) => one === text)
  if (word === undefined) throw fault(piece, `must be ${words.join(', ').replace(/, ([^,]*)$/, ' or $1')}`)
  return word
}

/** A member that has to be there. */
export function required(from: Map<string, Piece>, key: string, object: Piece): Piece {
  const piece = from.get(key)
  if (!piece) throw new QueryError(memberPath(object.path, key), 'must be there')
  return piece
}

/** A member that may be left out; `null` is the same. */
export function optional(from: Map<string, Piece>, key: string): Piece | undefined {
  const piece = from.get(key)
  return piece && sourceOf(piece) !== 'null' ? piece : undefined
}

/** What a query, bundle, filter or mapping gets wrong, and where: nothing of it is kept or run. */
export class QueryError extends Error {
  /** Where the fault is, such as `[0].filters[2].operator.lower`; empty for the whole. */
  readonly path: string
  /** What is wrong there: the end of a sentence that begins with the path. */
  readonly reason: string

  constructor(path: string, reason: string) {
    super(path === '' ? `the query ${reason}` : `${path} ${reason}`)
    this.name = 'QueryError'
    this.path = path
    this.reason = reason
  }
}

/** The path of a member: `filters`, `[0].filters`; a dot, bracket or backslash in a key is escaped as in field paths. */
export function memberPath(path: string, key: string): string {
  const name = key.replace(/[.\\[\]]/g, '\\$&')
  return path === '' ? name : `${path}.${name}`
}

/** The path of an element: `[0]`, `filters[0]`. */
const elementPath = (path: string, index: number): string => `${path}[${index}]`

/**
 * An object's members, when it has no others: for what is misread rather than unknown when a key is misspelt.
 * @throws QueryError
 */
export function closedMembersOf(piece: Piece, keys: readonly string[]): Map<string, Piece> {
  const byName = membersOf(piece)
  const unknown = byName.keys().find((key) => !keys.includes(key))
  if (unknown !== undefined)
    throw new QueryError(memberPath(piece.path, unknown), `must be one of ${keys.join(', ')}`)
  return byName
}

/** A path has no more names than this. */
export const maxNames = 64
/** A path is no longer than this many UTF-16 code units. */
export const maxPathLength = 1000

/** Why a text is no path: the end of a sentence that begins with what is named by it. */
export class PathError extends Error {
  override readonly name = 'PathError'
}

/**
 * Reads a dotted path: `locations.0.name`. A number names an element of an array or a member of an object. A dot, backslash or
 * bracket that belongs to a name has a backslash in front: `a\.b` is one name. Names are any Unicode but not empty.
 *
 * @param brackets whether `arr[1].name` means `arr.1.name` (mappings)
 * @returns names from the outside in, as `valueAt` of comparing.ts takes them
 * @throws PathError
 */
export function parsePath(text: string, { brackets = false } = {}): string[] {
  if (text.length > maxPathLength)
    throw new PathError(`must be a path of at most ${maxPathLength} characters`)
  const names: string[] = []
  let at = 0
  for (;;) {
    const { name, end } = nameAt(text, at)
    names.push(name)
    at = end
    while (text[at] === '[') at = readIndex(text, at, brackets, names)
    if (at === text.length) break
    if (text[at] !== '.') throw new PathError('must be a path: a bracket in a name is escaped, \\[ or \\]')
    at += 1
  }
  if (names.length > maxNames) throw new PathError(`must be a path of at most ${maxNames} names`)
  return names
}

/** The name that starts at an offset, unescaped, and where it ends: at a dot, a bracket or the end. */
function nameAt(text: string, start: number): { name: string; end: number } {
  let name = ''
  let at = start
  while (at < text.length && !'.[]'.includes(text[at]!)) {
    if (text[at] === '\\') {
      at += 1
      if (at === text.length || !'.[]\\'.includes(text[at]!))
        throw new PathError('must be a path: a backslash stands before a dot, a bracket or a backslash')
    }
    name += text[at]
    at += 1
  }
  if (name === '') throw new PathError('must be a path: names joined by single dots')
  return { name, end: at }
}

/** Reads `[12]` and gives the offset behind it. */
function readIndex(text: string, at: number, brackets: boolean, names: string[]): number {
  if (!brackets)
    throw new PathError(
      'must be a path without brackets: arr.0 is an element, a bracket in a name is escaped, \\[ or \\]',
    )
  const end = text.indexOf(']', at)
  const index = text.slice(at + 1, end)
  if (end < 0 || !/^(0|[1-9]\d{0,9})$/.test(index))
    throw new PathError('must be a path: brackets hold the place of an element, arr[0]')
  names.push(index)
  return end + 1
}

/** The text of a path, which `parsePath` reads as the same names. */
export const pathText = (names: readonly string[]): string =>
  names.map((name) => name.replace(/[.\\[\]]/g, '\\$&')).join('.')
