import { orderKey, valueAt } from '../json/comparing.ts'
import type { Mapping } from './mapping.ts'
import { parsePath, PathError, QueryError } from './text.ts'

/** The key of a record that has nothing at the path: behind every other, in both directions. */
export const missingKey = Uint8Array.of(0xff)

/** A dotted path as a list of names; `a.0.b` has three. */
export const pathOf = (orderBy: string): string[] => orderBy.split('.')

/** True for paths of plain words, which every engine's JSON functions read as we do (a number might be an index or a name). */
export const isPlainPath = (path: readonly string[]): boolean =>
  path.every((name) => /^[A-Za-z_][A-Za-z0-9_-]*$/.test(name))

/**
 * The bytes a record is ordered by: their order is the order of the values at the path.
 * @param text the record's data, valid JSON
 */
export function keyAt(text: string, path: readonly string[], descending: boolean): Uint8Array {
  const span = valueAt(text, path)
  if (!span) return missingKey
  const key = orderKey(text, span.start, span.end)
  return descending ? inverted(key) : key
}

/**
 * Bytes whose order is the reverse: each byte's complement, 0xff written as 0xff 0x00, and 0xff 0xff at the end, so that a key
 * comes behind those it is the beginning of.
 */
function inverted(key: Uint8Array): Uint8Array {
  const bytes: number[] = []
  for (const byte of key) {
    bytes.push(255 - byte)
    if (byte === 0) bytes.push(0)
  }
  bytes.push(255, 255)
  return Uint8Array.from(bytes)
}

/**
 * The path in the data that `orderBy` names: where the mapping has exactly this key, the source of its value, otherwise the path
 * itself (HAT API v2.6, merging several endpoints).
 *
 * @throws QueryError when it is no path, or the mapping makes what it names of several values
 */
export function orderPathOf({ mapping }: { mapping?: Mapping }, orderBy: string): string[] {
  const rule = mapping?.find(({ to }) => to === orderBy)
  if (rule?.inner)
    throw new QueryError('orderBy', 'must name a field that is copied, not one that is mapped itself')
  if (rule) return rule.from
  try {
    return parsePath(orderBy)
  } catch (error) {
    if (error instanceof PathError) throw new QueryError('orderBy', error.message)
    throw error
  }
}
