import { membersOf, type Piece } from './queries/text.ts'
import { memberPath, QueryError } from './query-error.ts'

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
