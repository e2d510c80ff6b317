/** A path has no more names than this. */
export const mostNames = 64
/** A path is no longer than this many UTF-16 code units. */
export const longestPath = 1000

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
  if (text.length > longestPath) throw new PathError(`must be a path of at most ${longestPath} characters`)
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
  if (names.length > mostNames) throw new PathError(`must be a path of at most ${mostNames} names`)
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
