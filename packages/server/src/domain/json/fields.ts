import { skipSpace, skipValue, stringEnd, stringValue } from '@hatstand/api/json.ts'

/** Several paths, put together by their beginnings, so that one pass over a text finds them all. */
export interface FieldTree {
  /** Which of the paths end here, by their place in the list. */
  ends: number[]
  names: Map<string, FieldTree>
  /** The longest of the names, in UTF-16 code units. */
  longest: number
  /** The highest element that is named here; -1 where none is. */
  last: number
}

/** A value that is there: which path leads to it, and its span. */
export interface Found {
  path: number
  start: number
  end: number
}

/** A value on the way; what it holds of the paths that go on. */
interface Spot {
  tree: FieldTree
  start: number
  end: number
  inside: Map<string, Spot> | undefined
}

/** A tree without paths. */
export const newTree = (): FieldTree => ({ ends: [], names: new Map(), longest: 0, last: -1 })

/** Where a path goes on with a name: through the members of objects only, unless `last` says that it may be an element. */
export function nextTree(tree: FieldTree, name: string): FieldTree {
  let next = tree.names.get(name)
  if (!next) tree.names.set(name, (next = newTree()))
  tree.longest = Math.max(tree.longest, name.length)
  return next
}

/** Puts paths together. The time to find them grows with their names once, then with the text alone. */
export function fieldTree(paths: readonly (readonly string[])[]): FieldTree {
  const root = newTree()
  for (const [index, path] of paths.entries()) {
    let tree = root
    for (const name of path) {
      if (/^(0|[1-9]\d{0,9})$/.test(name)) tree.last = Math.max(tree.last, Number(name))
      tree = nextTree(tree, name)
    }
    tree.ends.push(index)
  }
  return root
}

/**
 * What `valueAt` of comparing.ts finds for each path, in one pass that is linear in the text.
 *
 * @param text valid JSON, or more text around it
 * @param start where the value starts
 * @returns those that are there, in the order of the paths
 */
export function fieldsAt(text: string, start: number, tree: FieldTree): Found[] {
  const found: Found[] = []
  collect(spotAt(text, start, tree), found)
  return found.length > 1 ? found.toSorted((a, b) => a.path - b.path) : found
}

function collect({ tree, start, end, inside }: Spot, found: Found[]): void {
  for (const path of tree.ends) found.push({ path, start, end })
  if (inside) for (const spot of inside.values()) collect(spot, found)
}

/** Goes as deep as the paths do, which is no deeper than a path may be long. */
function spotAt(text: string, start: number, tree: FieldTree): Spot {
  const spot: Spot = { tree, start, end: start, inside: undefined }
  const letter = text[start]
  if (tree.names.size > 0 && letter === '{') spot.end = membersOf(text, start, spot)
  else if (tree.last >= 0 && letter === '[') spot.end = elementsOf(text, start, spot)
  else spot.end = skipValue(text, start, Infinity)
  return spot
}

/** Of repeated keys the last counts: what the earlier one held is forgotten. */
function membersOf(text: string, at: number, spot: Spot): number {
  const { names, longest } = spot.tree
  let first = skipSpace(text, at + 1)
  while (text[first] === '"') {
    const behind = stringEnd(text, first)
    const start = skipSpace(text, skipSpace(text, behind) + 1)
    // A code unit takes at most six to spell: a longer key is none of ours, and is not looked at.
    const name = behind - first - 2 > 6 * longest ? undefined : stringValue(text, first, behind)
    const end =
      name === undefined
        ? skipValue(text, start, Infinity)
        : stepInto(text, start, spot, name, names.get(name))
    const next = skipSpace(text, end)
    if (text[next] === '}') return next + 1
    first = skipSpace(text, next + 1)
  }
  return first + 1
}

function elementsOf(text: string, at: number, spot: Spot): number {
  const { names, last } = spot.tree
  let start = skipSpace(text, at + 1)
  if (text[start] === ']') return start + 1
  for (let index = 0; ; index += 1) {
    const name = index > last ? '' : String(index)
    const end = stepInto(text, start, spot, name, index > last ? undefined : names.get(name))
    const next = skipSpace(text, end)
    if (text[next] !== ',') return next + 1
    start = skipSpace(text, next + 1)
  }
}

/** Reads one value in full, and keeps what the paths want of it. */
function stepInto(
  text: string,
  start: number,
  spot: Spot,
  name: string,
  tree: FieldTree | undefined,
): number {
  if (!tree) return skipValue(text, start, Infinity)
  const inner = spotAt(text, start, tree)
  spot.inside ??= new Map()
  spot.inside.set(name, inner)
  return inner.end
}
