import { covers, type Steps } from './consent/disclosure.ts'
import { pathText } from './field-path.ts'
import type { Mapping, Rule } from './queries/mapping.ts'

/** Fields put together by their beginnings; `each` is what is wanted of the elements of an array. */
interface FieldTree {
  whole: boolean
  names: Map<string, FieldTree>
  each: FieldTree | undefined
}

/**
 * A mapping that shows only some fields of the data, each where it was shown before.
 *
 * @param mapping without, the data was shown as it is: then each field stays where it is
 * @param fields paths in the data
 */
export function narrowedMapping(mapping: Mapping | undefined, fields: readonly Steps[]): Rule[] {
  if (!mapping) return rulesOf(treeOf(fields), [], [])
  return mapping.flatMap((rule) => narrowedRule(rule, fields))
}

function narrowedRule(rule: Rule, fields: readonly Steps[]): Rule[] {
  if (fields.some((field) => covers(field, rule.from))) return [rule]
  const inside = fields
    .filter((field) => covers(rule.from, field))
    .map((field) => field.slice(rule.from.length))
  if (!rule.inner) return rulesOf(treeOf(inside), rule.into, rule.from)
  const below = rule.each ? inside.map((field) => (field[0] === null ? field.slice(1) : field)) : inside
  const inner = narrowedMapping(rule.inner, below)
  return inner.length > 0 ? [{ ...rule, inner }] : []
}

function treeOf(fields: readonly Steps[]): FieldTree {
  const root: FieldTree = { whole: false, names: new Map(), each: undefined }
  for (const field of fields) {
    let tree = root
    for (const step of field) tree = next(tree, step)
    tree.whole = true
  }
  return root
}

function next(tree: FieldTree, step: string | null): FieldTree {
  const known = step === null ? tree.each : tree.names.get(step)
  if (known) return known
  const made: FieldTree = { whole: false, names: new Map(), each: undefined }
  if (step === null) tree.each = made
  else tree.names.set(step, made)
  return made
}

function rulesOf(
  { whole, names, each }: FieldTree,
  into: readonly string[],
  from: readonly string[],
): Rule[] {
  const place = { to: pathText(into), into: [...into], from: [...from] }
  if (whole) return [place]
  const rules = Array.from(names, ([name, tree]) => rulesOf(tree, [...into, name], [...from, name])).flat()
  if (each) rules.push({ ...place, to: `${place.to}[]`, inner: rulesOf(each, [], []), each: true })
  return rules
}
