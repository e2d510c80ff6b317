import { elements, JsonError, members, skipSpace, skipValue, stringValue } from '@hatstand/api/json.ts'
import { decimal, plainNumber } from '../json/numbers.ts'
import { elementPath, memberPath, QueryError } from '../query-error.ts'

/** A query, bundle or whatever else is read here is no longer than this many UTF-16 code units. */
export const mostText = 1_048_576
/** And nests no deeper than this. */
export const mostLevels = 64

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
  if (text.length > mostText) throw new QueryError('', `must be no longer than ${mostText} characters`)
  try {
    const start = skipSpace(text, 0)
    const end = skipValue(text, start, mostLevels)
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
