import { elements, members, plainEnd, skipValue, stringValue } from '@hatstand/api/json.ts'
import { fieldsAt, type FieldTree, newTree, nextTree } from './fields.ts'
import { decimal, isPlain, plainNumber } from './numbers.ts'

/** A JSON value that records are compared with, taken apart once; of repeated keys the last counts. */
export type Part = ScalarPart | ArrayPart | ObjectPart

interface ScalarPart {
  kind: 'scalar'
  key: string
}

interface ArrayPart {
  kind: 'array'
  scalars: Set<string>
  /** The arrays and objects among its elements. */
  parts: Part[]
  /** The longest of the scalars' keys. */
  longest: number
}

interface ObjectPart {
  kind: 'object'
  members: Map<string, Part>
  longest: number
  /** What an object has to hold, as far in as objects go: found in one pass. */
  fields: { tree: FieldTree; leaves: Part[] } | undefined
}

/** Takes a JSON value apart. */
export function partOf(text: string, start = 0): Part {
  if (text[start] === '[') {
    const part: ArrayPart = { kind: 'array', scalars: new Set(), parts: [], longest: 0 }
    for (const element of elements(text, start, Infinity)) {
      const inner = partOf(text, element.start)
      if (inner.kind !== 'scalar') part.parts.push(inner)
      else {
        part.scalars.add(inner.key)
        part.longest = Math.max(part.longest, inner.key.length)
      }
    }
    return part
  }
  if (text[start] !== '{')
    return { kind: 'scalar', key: scalarKey(text, start, skipValue(text, start, Infinity)) }
  const part: ObjectPart = { kind: 'object', members: new Map(), longest: 0, fields: undefined }
  for (const member of members(text, start, Infinity)) {
    part.members.set(member.key, partOf(text, member.start))
    part.longest = Math.max(part.longest, member.key.length)
  }
  return part
}

/** The same text for the same string (by code units), number (exact) or word, and for nothing else. */
function scalarKey(text: string, start: number, end: number): string {
  const letter = text[start]!
  if (letter === '"') return `"${stringValue(text, start, end)}`
  const source = text.slice(start, end)
  return letter > '9' || isPlain(text, start, end) ? source : plainNumber(decimal(source))
}

/** A code unit takes at most six to spell: a longer string is looked at no further. */
const isTooLong = (text: string, start: number, end: number, longest: number) =>
  text[start] === '"' && end - start > 6 * longest + 2

const isContainer = (text: string, at: number) => text[at] === '[' || text[at] === '{'

/** Whether the scalar that starts at an offset is this one. */
function isScalar(text: string, start: number, part: ScalarPart): boolean {
  if (isContainer(text, start) || (text[start] === '"') !== (part.key[0] === '"')) return false
  // A string that is plain and as long is told apart by its text alone.
  if (text[start] === '"' && plainEnd(text, start) === start + part.key.length)
    return text.startsWith(part.key, start) && text[start + part.key.length] === '"'
  const end = skipValue(text, start, Infinity)
  return !isTooLong(text, start, end, part.key.length) && scalarKey(text, start, end) === part.key
}

/**
 * PostgreSQL's `jsonb @>`, exactly: the value holds the part. Scalars are equal, numbers as exact decimals and strings by code
 * units; an object holds each member of the part, an array each of its elements, in any order; an array also holds a lone scalar.
 *
 * @param text valid JSON, or more text around it; the value starts at `start`
 */
export function containsAt(text: string, start: number, part: Part): boolean {
  if (text[start] === '[' && part.kind === 'scalar') {
    for (const element of elements(text, start, Infinity))
      if (isScalar(text, element.start, part)) return true
    return false
  }
  return holds(text, start, part)
}

function holds(text: string, start: number, part: Part): boolean {
  if (part.kind === 'scalar') return isScalar(text, start, part)
  if (part.kind === 'array') return text[start] === '[' && arrayHolds(text, start, part)
  if (text[start] !== '{') return false
  part.fields ??= leavesOf(part)
  const { tree, leaves } = part.fields
  const found = fieldsAt(text, start, tree)
  return (
    found.length === leaves.length && found.every((field) => holds(text, field.start, leaves[field.path]!))
  )
}

/** The paths through objects of a part, and what stands at their ends: a scalar, an array or an empty object. */
function leavesOf(part: ObjectPart): { tree: FieldTree; leaves: Part[] } {
  const leaves: Part[] = []
  const tree = newTree()
  const add = (inner: Part, at: FieldTree): void => {
    if (inner.kind === 'object' && inner.members.size > 0)
      for (const [name, member] of inner.members) add(member, nextTree(at, name))
    else at.ends.push(leaves.push(inner) - 1)
  }
  add(part, tree)
  // An empty object holds no member of its own to look for: any object will do.
  return part.members.size > 0 ? { tree, leaves } : { tree: newTree(), leaves: [] }
}

function arrayHolds(text: string, start: number, { scalars, parts, longest }: ArrayPart): boolean {
  const seen = new Set<string>()
  const missing = new Set(parts)
  if (scalars.size + missing.size === 0) return true
  for (const element of elements(text, start, Infinity)) {
    if (isContainer(text, element.start)) {
      for (const part of missing) if (holds(text, element.start, part)) missing.delete(part)
    } else if (scalars.size > 0 && !isTooLong(text, element.start, element.end, longest)) {
      const key = scalarKey(text, element.start, element.end)
      if (scalars.has(key)) seen.add(key)
    }
    if (seen.size === scalars.size && missing.size === 0) return true
  }
  return false
}

/** PostgreSQL's `jsonb <@`, exactly: the part holds the value. Parameters as for `containsAt`. */
export function isWithinAt(text: string, start: number, part: Part): boolean {
  if (part.kind !== 'array' || isContainer(text, start)) return within(text, start, part).held
  const end = skipValue(text, start, Infinity)
  return isAmong(text, start, end, part)
}

const isAmong = (text: string, start: number, end: number, { scalars, longest }: ArrayPart) =>
  !isTooLong(text, start, end, longest) && scalars.has(scalarKey(text, start, end))

/** Whether the part holds the value, and where the value ends: read once, however deep. */
function within(text: string, start: number, part: Part): { held: boolean; end: number } {
  if (part.kind === 'object' && text[start] === '{') return objectWithin(text, start, part)
  const end = skipValue(text, start, Infinity)
  if (part.kind === 'scalar') return { held: isScalar(text, start, part), end }
  return { held: part.kind === 'array' && text[start] === '[' && arrayWithin(text, start, part), end }
}

function arrayWithin(text: string, start: number, part: ArrayPart): boolean {
  for (const element of elements(text, start, Infinity)) {
    const held = isContainer(text, element.start)
      ? part.parts.some((inner) => within(text, element.start, inner).held)
      : isAmong(text, element.start, element.end, part)
    if (!held) return false
  }
  return true
}

/** A key that the part has not is one too many, whatever comes later; of others the last value counts. */
function objectWithin(text: string, start: number, part: ObjectPart): { held: boolean; end: number } {
  const wrong = new Set<string>()
  let held = true
  const read = (source: string, at: number, _limit: number, key: string): number => {
    const member = held ? part.members.get(key) : undefined
    if (!member) {
      held = false
      return skipValue(source, at, Infinity)
    }
    const inner = within(source, at, member)
    if (inner.held) wrong.delete(key)
    else wrong.add(key)
    return inner.end
  }
  const reading = members(text, start, Infinity, read)
  let step = reading.next()
  while (!step.done) step = reading.next()
  return { held: held && wrong.size === 0, end: step.value }
}

/** How many arrays and objects are inside arrays. */
export function nestedParts(part: Part): number {
  if (part.kind === 'scalar') return 0
  const inside = part.kind === 'array' ? part.parts : [...part.members.values()]
  return inside.reduce((sum, inner) => sum + nestedParts(inner), part.kind === 'array' ? inside.length : 0)
}
