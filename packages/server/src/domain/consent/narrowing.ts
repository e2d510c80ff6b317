import type { Mapping, Rule } from '../queries/mapping.ts'
import { orderPathOf } from '../queries/ordering.ts'
import type { EndpointQuery, PropertyQuery } from '../queries/query.ts'
import { pathText, memberPath, QueryError } from '../queries/text.ts'
import { covers, isCoarse, mayOrderBy, overlaps, sourcesOf, type Steps } from './disclosure.ts'
import type { EndpointNarrowing, NamedField, Narrowing, PropertyNarrowing } from './narrowing-reading.ts'

type Bundle = ReadonlyMap<string, PropertyQuery>

/**
 * A bundle with less in it, as its owner agrees to it. What is withheld of an endpoint is withheld in every property and in links,
 * so that no other query of the bundle tells it. An order by what is withheld or coarser is dropped: the newest come first then.
 * What is left out altogether is an empty list, as if there were no records.
 *
 * @throws QueryError with the path in the narrowing, when it would not narrow (an unknown name, a higher limit), when nothing
 * would leave, or when the bundle filters by what is to be withheld: which records leave would tell it
 */
export function narrowed(bundle: Bundle, narrowing: Narrowing): Map<string, PropertyQuery> {
  for (const [name, { at }] of narrowing.properties)
    if (!bundle.has(name)) throw new QueryError(at, 'must be a property of the bundle')
  checkEndpoints([...bundle.values()], narrowing)
  const result = new Map(
    Array.from(bundle, ([name, property]) => [
      name,
      narrowedProperty(property, narrowing, narrowing.properties.get(name)),
    ]),
  )
  const isEmpty = [...result.values()].every(({ endpoints }) => endpoints.length === 0)
  if (isEmpty) throw new QueryError('', 'would leave nothing: decline it instead')
  return result
}

/**
 * The conditions that belong to a narrowed bundle: they are about the records that the owner leaves in it. What their queries would
 * show is of no account, since only whether there are records is told.
 *
 * @throws QueryError when whether a condition is met would tell what is to be withheld, or when it never would be met
 */
export function narrowedConditions(conditions: Bundle, { endpoints }: Narrowing): Map<string, PropertyQuery> {
  return new Map(
    Array.from(conditions, ([name, property]) => {
      const queries = property.endpoints.map((query) => conditionQuery(query, endpoints.get(query.endpoint)))
      return [name, { ...property, endpoints: queries }]
    }),
  )
}

function conditionQuery(query: EndpointQuery, narrowing: EndpointNarrowing | undefined): EndpointQuery {
  if (!narrowing) return query
  if (narrowing.leaveOut) throw new QueryError(narrowing.at, 'must not be left out: a condition is about it')
  for (const { path } of query.filters) checkFilter(path, narrowing)
  return { ...query, filters: [...query.filters, ...narrowing.filters] }
}

/** A misspelt endpoint or field would leave more than was meant. */
function checkEndpoints(properties: readonly PropertyQuery[], { endpoints }: Narrowing): void {
  for (const [endpoint, { fields = [], coarse, at }] of endpoints) {
    const queries = properties.flatMap((property) => usesOf(property, endpoint))
    if (queries.length === 0) throw new QueryError(at, 'must be an endpoint of the bundle')
    for (const field of [...fields, ...coarse.map((one) => ({ steps: one.coarse.path, at: one.at }))])
      if (!queries.some(({ known }) => known.some((path) => overlaps(path, field.steps))))
        throw new QueryError(field.at, 'must be a field that leaves')
  }
}

/** The queries of an endpoint, and the fields that each of them shows, filters or orders by. */
function usesOf({ endpoints, orderBy }: PropertyQuery, endpoint: string): { known: Steps[] }[] {
  return endpoints.flatMap((query) => {
    const ordered = orderBy === undefined ? [] : [orderPathOf(query, orderBy)]
    const uses = [{ query, ordered }, ...query.links.map((link) => ({ query: link, ordered: [] as Steps[] }))]
    return uses
      .filter((use) => use.query.endpoint === endpoint)
      .map((use) => ({
        known: [...sourcesOf(use.query), ...use.query.filters.map(({ path }) => path), ...use.ordered],
      }))
  })
}

function narrowedProperty(
  property: PropertyQuery,
  narrowing: Narrowing,
  own: PropertyNarrowing | undefined,
): PropertyQuery {
  const { limit, orderBy, ordering, ...rest } = property
  if (own?.limit !== undefined && own.limit > (limit ?? Infinity))
    throw new QueryError(memberPath(own.at, 'limit'), `must not be more than ${limit}`)
  const pairs = own?.leaveOut ? [] : narrowedQueries(property.endpoints, narrowing)
  const keepsOrder =
    orderBy === undefined || pairs.every(({ from, to }) => orders(from, to, orderBy, narrowing))
  const lowest = own?.limit ?? limit
  return {
    ...rest,
    endpoints: pairs.map(({ to }) => to),
    ...(keepsOrder && orderBy !== undefined && { orderBy }),
    ...(keepsOrder && ordering && { ordering }),
    ...(lowest !== undefined && { limit: lowest }),
  }
}

/** Whether a query may still be ordered as it was: by the same field, and nothing of that is withheld. */
function orders(from: EndpointQuery, to: EndpointQuery, orderBy: string, { endpoints }: Narrowing): boolean {
  const narrowing = endpoints.get(from.endpoint)
  if (!narrowing) return true
  const path = orderPathOf(from, orderBy)
  if (narrowing.fields)
    return mayOrderBy(to, orderBy) && pathText(orderPathOf(to, orderBy)) === pathText(path)
  return !isCoarse(to, path)
}

function narrowedQueries(
  queries: readonly EndpointQuery[],
  narrowing: Narrowing,
): { from: EndpointQuery; to: EndpointQuery }[] {
  return queries.flatMap((from) => {
    const own = narrowing.endpoints.get(from.endpoint)
    const links = narrowedQueries(from.links, narrowing).map(({ to }) => to)
    const to = own ? narrowedQuery({ ...from, links }, own) : { ...from, links }
    return to ? [{ from, to }] : []
  })
}

/** A query that would show nothing of its records is left out: that they are there is something too. */
function narrowedQuery(query: EndpointQuery, narrowing: EndpointNarrowing): EndpointQuery | undefined {
  if (narrowing.leaveOut) return undefined
  const { fields, filters } = narrowing
  for (const { path } of query.filters) checkFilter(path, narrowing)
  const mapping = fields
    ? narrowedMapping(
        query.mapping,
        fields.map(({ steps }) => steps),
      )
    : query.mapping
  if (fields && mapping?.length === 0) return undefined
  const coarse = [...(query.coarse ?? []), ...narrowing.coarse.map((one) => one.coarse)]
  return {
    ...query,
    ...(mapping && { mapping }),
    filters: [...query.filters, ...filters],
    ...(coarse.length > 0 && { coarse }),
  }
}

function checkFilter(path: Steps, { fields, coarse, at }: EndpointNarrowing): void {
  const tells =
    'which the request filters by: the records that leave would tell it; leave out the endpoint instead'
  if (fields && !isAmong(fields, path))
    throw new QueryError(memberPath(at, 'fields'), `leaves out a field, ${tells}`)
  for (const one of coarse)
    if (overlaps(one.coarse.path, path)) throw new QueryError(one.at, `makes a field coarser, ${tells}`)
}

const isAmong = (fields: readonly NamedField[], path: Steps) =>
  fields.some(({ steps }) => covers(steps, path))

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
function narrowedMapping(mapping: Mapping | undefined, fields: readonly Steps[]): Rule[] {
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
