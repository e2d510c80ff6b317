import { parsePath, PathError } from './field-path.ts'
import type { Rule } from './queries/mapping.ts'
import { fault, membersOf, type Piece, required, stringOf } from './queries/text.ts'

/** A mapping has at most so many rules, those inside others too. */
export const mostRules = 1000
/** Rules go no deeper inside one another than this. */
export const mostRuleLevels = 8

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
  return readRules(piece, { left: mostRules }, 1)
}

function readRules(piece: Piece, rules: { left: number }, level: number): Rule[] {
  const byName = membersOf(piece)
  rules.left -= byName.size
  if (rules.left < 0) throw fault(piece, `must have at most ${mostRules} rules in all`)
  if (level > mostRuleLevels) throw fault(piece, `must be at most ${mostRuleLevels} mappings deep`)
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
