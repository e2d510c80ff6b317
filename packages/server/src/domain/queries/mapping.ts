import { elements, members, skipSpace, stringText } from '@hatstand/api/json.ts'
import { fieldsAt, fieldTree, type FieldTree, type Found } from '../json/fields.ts'
import { QueryError, parsePath, PathError, fault, membersOf, type Piece, required, stringOf } from './text.ts'

/** One member of a mapping, as `readMapping` makes it: plain data. */
export interface Rule {
  /** The member's key as it was written: what ordering names it by. */
  to: string
  /** Where in the result the value goes: names of members. */
  into: string[]
  /** Where in the data it comes from. */
  from: string[]
  /** How the value itself is mapped; without, it is copied. */
  inner?: Rule[]
  /** The value is an array, and each of its elements is mapped. */
  each?: true
}
export type Mapping = readonly Rule[]

/** A value of the result: JSON text as it stood in the data, or an object being put together. */
type Made = string | Map<string, Made>

/** How many more characters may be copied and taken apart: what bounds time and result by the record's own size. */
interface Work {
  left: number
}

const workOf = (text: string): Work => ({ left: 4 * text.length + 1_048_576 })
const trees = new WeakMap<Mapping, FieldTree>()

/**
 * A record's data reshaped (HAT API v2.6, mapping): each rule copies a value, exactly as it is spelt; what is not there is left
 * out; objects that meet at one place are merged, of anything else the later rule's value stays.
 *
 * @param mapping of `readMapping`; not changed afterwards, since what is made of it is kept for the next record
 * @param text the record's data, valid JSON
 * @returns the JSON text of an object
 * @throws QueryError when rules copy the same data so often that the result would be many times the record
 */
export function mapped(mapping: Mapping, text: string): string {
  return mappedAt(mapping, text, skipSpace(text, 0), workOf(text))
}

function mappedAt(mapping: Mapping, text: string, start: number, work: Work): string {
  let tree = trees.get(mapping)
  if (!tree) trees.set(mapping, (tree = fieldTree(mapping.map(({ from }) => from))))
  const result = new Map<string, Made>()
  for (const found of fieldsAt(text, start, tree)) {
    const rule = mapping[found.path]!
    const value = valueOf(rule, text, found, work)
    if (value !== undefined) put(result, rule.into, value, work)
  }
  return written(result)
}

function valueOf({ inner, each, into }: Rule, text: string, found: Found, work: Work): string | undefined {
  spend(work, found.end - found.start + into.join().length + 6 * into.length)
  if (inner === undefined) return text.slice(found.start, found.end)
  if (!each) return isContainer(text, found.start) ? mappedAt(inner, text, found.start, work) : undefined
  if (text[found.start] !== '[') return undefined
  const values: string[] = []
  for (const element of elements(text, found.start, Infinity)) {
    spend(work, 3)
    if (isContainer(text, element.start)) values.push(mappedAt(inner, text, element.start, work))
  }
  return `[${values.join(',')}]`
}

/** Scalars have nothing to map: among elements they are dropped. */
const isContainer = (text: string, at: number) => text[at] === '{' || text[at] === '['

function spend(work: Work, characters: number): void {
  work.left -= characters
  if (work.left < 0)
    throw new QueryError(
      'mapping',
      'copies the same data too often: the result would be many times the record',
    )
}

function put(result: Map<string, Made>, into: readonly string[], value: string, work: Work): void {
  let object = result
  for (const name of into.slice(0, -1)) {
    const there = object.get(name)
    const inside = there === undefined ? undefined : opened(there, work)
    const next = inside ?? new Map<string, Made>()
    object.set(name, next)
    object = next
  }
  const last = into.at(-1)!
  object.set(last, merged(object.get(last), value, work))
}

function merged(there: Made | undefined, value: Made, work: Work): Made {
  if (there === undefined || !isObject(there) || !isObject(value)) return value
  const [object, added] = [opened(there, work)!, opened(value, work)!]
  for (const [name, member] of added) object.set(name, merged(object.get(name), member, work))
  return object
}

const isObject = (made: Made) => typeof made !== 'string' || made[0] === '{'

/** The members of an object; of repeated keys the last counts. */
function opened(made: Made, work: Work): Map<string, Made> | undefined {
  if (typeof made !== 'string') return made
  if (made[0] !== '{') return undefined
  spend(work, made.length)
  const object = new Map<string, Made>()
  for (const { key, start, end } of members(made, 0, Infinity)) object.set(key, made.slice(start, end))
  return object
}

function written(made: Made): string {
  if (typeof made === 'string') return made
  return `{${Array.from(made, ([name, value]) => `${stringText(name)}:${written(value)}`).join(',')}}`
}

/** A mapping has at most so many rules, those inside others too. */
export const maxRules = 1000
/** Rules go no deeper inside one another than this. */
export const maxRuleLevels = 8

/** Reads a path, and says where a bad one stands. */
export function pathAt(piece: Piece, text: string, brackets = false): string[] {
  try {
    return parsePath(text, { brackets })
  } catch (error) {
    if (error instanceof PathError) throw fault(piece, error.message)
    throw error
  }
}

/**
 * Reads a mapping: an object of rules, which may be empty.
 * @throws QueryError
 */
export function readMapping(piece: Piece): Rule[] {
  return readRules(piece, { left: maxRules }, 1)
}

function readRules(piece: Piece, rules: { left: number }, level: number): Rule[] {
  const byName = membersOf(piece)
  rules.left -= byName.size
  if (rules.left < 0) throw fault(piece, `must have at most ${maxRules} rules in all`)
  if (level > maxRuleLevels) throw fault(piece, `must be at most ${maxRuleLevels} mappings deep`)
  return Array.from(byName, ([to, rule]) => readRule(to, rule, rules, level))
}

function readRule(to: string, piece: Piece, rules: { left: number }, level: number): Rule {
  const each = to.endsWith('[]')
  const into = pathAt(piece, each ? to.slice(0, -2) : to)
  if (piece.text[piece.start] === '"') {
    if (each) throw fault(piece, 'must be an object with source and mappings, since its key ends with []')
    return { to, into, from: pathAt(piece, stringOf(piece), true) }
  }
  if (piece.text[piece.start] !== '{')
    throw fault(piece, 'must be a path, or an object with source and mappings')
  const byName = membersOf(piece)
  const source = required(byName, 'source', piece)
  const from = readSource(source, each)
  const inner = readRules(required(byName, 'mappings', piece), rules, level + 1)
  return { to, into, from, inner, ...(each && { each }) }
}

/** The source of an array is written `path.to.array[]`. */
function readSource(piece: Piece, each: boolean): string[] {
  const text = stringOf(piece)
  if (text.endsWith('[]') && !each) throw fault(piece, 'must not end with [], since its key does not')
  return pathAt(piece, text.endsWith('[]') ? text.slice(0, -2) : text, true)
}
