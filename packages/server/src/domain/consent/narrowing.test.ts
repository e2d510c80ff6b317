import assert from 'node:assert/strict'
import { test } from 'node:test'
import { elements, members } from '@hatstand/api/json.ts'
import { exampleNarrowing } from '@hatstand/api/narrowing.ts'
import fc from 'fast-check'
import { matches } from '../queries/filters.ts'
import { type EndpointQuery, type PropertyQuery, readBundle } from '../queries/query.ts'
import { QueryError } from '../queries/text.ts'
import { coarsened } from './coarsening.ts'
import { mayFilterBy, mayOrderBy, shown } from './disclosure.ts'
import { readNarrowing } from './narrowing-reading.ts'
import { narrowed, narrowedConditions } from './narrowing.ts'

const ep = 'rumpel/locations'

/** A bundle of one property `p` that asks for one endpoint, narrowed there. */
function narrowOne(query: object, taken: object, property: object = {}): PropertyQuery {
  const bundle = readBundle(JSON.stringify({ p: { endpoints: [{ endpoint: ep, ...query }], ...property } }))
  return narrowed(bundle, readNarrowing(JSON.stringify({ endpoints: { [ep]: taken } }))).get('p')!
}

function showing(query: object, taken: object, data: string): string {
  return shown(narrowOne(query, taken).endpoints[0]!, data)
}

function refused(
  bundle: object,
  narrowing: object | string,
  path: string,
  reason: RegExp,
  conditions?: object,
): void {
  assert.throws(
    () => {
      const taken = readNarrowing(typeof narrowing === 'string' ? narrowing : JSON.stringify(narrowing))
      if (conditions) narrowedConditions(readBundle(JSON.stringify(conditions)), taken)
      narrowed(readBundle(JSON.stringify(bundle)), taken)
    },
    (error) => {
      assert.ok(error instanceof QueryError, String(error))
      assert.equal(error.path, path)
      assert.match(error.reason, reason)
      return true
    },
  )
}

const at = (member: string) => `endpoints.${ep}${member}`
const between = (field: string) => ({ field, operator: { operator: 'between', lower: 1, upper: 2 } })
const person = '{"name":{"first":"Ada","last":"L"},"born":"1815-12-10T12:00:00Z","pay":1234.50,"pay":9.99}'

test('of data that is shown as it is, only the chosen fields leave, exactly as they are spelt', () => {
  assert.equal(showing({}, { fields: ['name.first', 'pay'] }, person), '{"name":{"first":"Ada"},"pay":9.99}')
  assert.equal(showing({}, { fields: ['x'] }, person), '{}')
})

test('of a mapping, only what comes from the chosen fields leaves, where it was shown before', () => {
  const mapping = { who: 'name', 'money.monthly': 'pay', birthday: 'born' }
  assert.equal(
    showing({ mapping }, { fields: ['name.last', 'pay'] }, person),
    '{"who":{"last":"L"},"money":{"monthly":9.99}}',
  )
})

test('fields within the elements of a list can be chosen, mapped or not', () => {
  const data = '{"items":[{"price":1.50,"what":"tea"},{"what":"gin"},7],"shop":"x"}'
  assert.equal(showing({}, { fields: ['items[].price'] }, data), '{"items":[{"price":1.50},{}]}')
  assert.equal(
    showing({}, { fields: ['items[]'] }, data),
    '{"items":[{"price":1.50,"what":"tea"},{"what":"gin"},7]}',
  )
  const mapping = { 'list[]': { source: 'items[]', mappings: { cost: 'price', name: 'what' } } }
  assert.equal(showing({ mapping }, { fields: ['items[].price'] }, data), '{"list":[{"cost":1.50},{}]}')
  assert.equal(
    showing({ mapping: { all: 'items' } }, { fields: ['items[].what'] }, data),
    '{"all":[{"what":"tea"},{"what":"gin"}]}',
  )
})

test('a value is coarse in every copy of it that leaves, and in every one of repeated keys', () => {
  const taken = {
    coarse: [
      { field: 'pay', to: 'step', step: 500 },
      { field: 'born', to: 'year' },
    ],
  }
  assert.equal(
    showing({}, taken, person),
    '{"name":{"first":"Ada","last":"L"},"born":"1815","pay":1000,"pay":0}',
  )
  const mapping = { a: 'born', b: 'born' }
  assert.equal(
    showing({ mapping }, { coarse: [{ field: 'born', to: 'month' }] }, person),
    '{"a":"1815-12","b":"1815-12"}',
  )
  const place = '{"at":{"lat":51.507351,"list":[{"lat":1.2345}]}}'
  const decimals = {
    coarse: [
      { field: 'at.lat', to: 'decimals', decimals: 2 },
      { field: 'at.list[].lat', to: 'decimals', decimals: 1 },
    ],
  }
  assert.equal(
    showing({ mapping: { here: 'at' } }, decimals, place),
    '{"here":{"lat":51.51,"list":[{"lat":1.2}]}}',
  )
})

test('what is withheld of an endpoint is withheld in every property of the bundle, and in links', () => {
  const bundle = readBundle(
    JSON.stringify({
      one: { endpoints: [{ endpoint: ep }, { endpoint: 'a/b' }] },
      two: { endpoints: [{ endpoint: 'a/b', links: [{ endpoint: ep }] }], limit: 9 },
    }),
  )
  const before = structuredClone(bundle)
  const result = narrowed(
    bundle,
    readNarrowing(`{"endpoints":{"${ep}":{"fields":["a"]}},"properties":{"two":{"limit":3}}}`),
  )
  assert.equal(shown(result.get('one')!.endpoints[0]!, '{"a":1,"b":2}'), '{"a":1}')
  assert.equal(shown(result.get('one')!.endpoints[1]!, '{"a":1,"b":2}'), '{"a":1,"b":2}')
  assert.equal(shown(result.get('two')!.endpoints[0]!.links[0]!, '{"a":1,"b":2}'), '{"a":1}')
  assert.equal(result.get('two')!.limit, 3)
  assert.deepEqual(bundle, before, 'what was proposed stays as it was')
})

test('an endpoint or a property that is left out answers as if there were no records', () => {
  const bundle = readBundle(
    JSON.stringify({ one: { endpoints: [{ endpoint: ep }] }, two: { endpoints: [{ endpoint: 'a/b' }] } }),
  )
  const left = (text: string) =>
    Array.from(narrowed(bundle, readNarrowing(text)), ([name, { endpoints }]) => [name, endpoints.length])
  assert.deepEqual(left(`{"endpoints":{"${ep}":{"leaveOut":true}}}`), [
    ['one', 0],
    ['two', 1],
  ])
  assert.deepEqual(left('{"properties":{"two":{"leaveOut":true}}}'), [
    ['one', 1],
    ['two', 0],
  ])
  const nothing = { properties: { one: { leaveOut: true } }, endpoints: { 'a/b': { leaveOut: true } } }
  refused(
    { one: { endpoints: [{ endpoint: ep }] }, two: { endpoints: [{ endpoint: 'a/b' }] } },
    nothing,
    '',
    /nothing/,
  )
})

test('the owner adds filters, of any field, to those that were there', () => {
  const query = narrowOne({ filters: [between('pay')] }, { filters: [between('hidden')] }).endpoints[0]!
  assert.ok(matches(query.filters, '{"pay":1,"hidden":2}'))
  assert.ok(
    !matches(query.filters, '{"pay":1,"hidden":3}') && !matches(query.filters, '{"pay":3,"hidden":2}'),
  )
})

test('a field that the request filters by cannot be withheld or made coarser: the records that leave would tell it', () => {
  const bundle = (query: object) => ({ p: { endpoints: [{ endpoint: ep, ...query }] } })
  const taken = (narrowing: object) => ({ endpoints: { [ep]: narrowing } })
  for (const field of ['pay', 'name.first', 'list.0', ''])
    refused(bundle({ filters: [between(field)] }), taken({ fields: ['born'] }), at('.fields'), /filters by/)
  refused(
    bundle({ mapping: { n: 'name' }, filters: [between('pay')] }),
    taken({ fields: ['name'] }),
    at('.fields'),
    /filters by/,
  )
  for (const field of ['at', 'at.lat', 'at.0.lat', 'at.lat.x', ''])
    refused(
      bundle({ filters: [between(field)] }),
      taken({ coarse: [{ field: 'at.lat', to: 'day' }] }),
      at('.coarse[0]'),
      /filters by/,
    )
  const linked = {
    p: { endpoints: [{ endpoint: 'a/b', links: [{ endpoint: ep, filters: [between('pay')] }] }] },
  }
  refused(linked, taken({ fields: ['born'] }), at('.fields'), /filters by/)
  assert.ok(narrowOne({ filters: [between('pay')] }, { fields: ['born', 'pay'] }))
})

test('a condition cannot tell what is withheld, and is about the records that are left', () => {
  const bundle = { p: { endpoints: [{ endpoint: ep }] }, q: { endpoints: [{ endpoint: 'a/b' }] } }
  const condition = { rich: { endpoints: [{ endpoint: ep, filters: [between('pay')] }] } }
  refused(bundle, { endpoints: { [ep]: { fields: ['born'] } } }, at('.fields'), /filters by/, condition)
  refused(bundle, { endpoints: { [ep]: { leaveOut: true } } }, at(''), /condition/, condition)
  const taken = readNarrowing(
    JSON.stringify({ endpoints: { [ep]: { fields: ['pay'], filters: [between('born')] } } }),
  )
  const [query] = narrowedConditions(readBundle(JSON.stringify(condition)), taken).get('rich')!.endpoints
  assert.ok(!matches(query!.filters, '{"pay":1,"born":3}') && matches(query!.filters, '{"pay":1,"born":2}'))
})

test('an order by what is withheld or coarser is dropped, any other is kept', () => {
  const order = { orderBy: 'when', ordering: 'descending', limit: 5 }
  const mapping = { when: 'born', who: 'name' }
  const kept = narrowOne({ mapping }, { fields: ['born'] }, order)
  assert.deepEqual([kept.orderBy, kept.ordering, kept.limit], ['when', 'descending', 5])
  for (const taken of [{ fields: ['name'] }, { coarse: [{ field: 'born', to: 'day' }] }]) {
    const { orderBy, ordering, limit } = narrowOne({ mapping }, taken, order)
    assert.deepEqual([orderBy, ordering, limit], [undefined, undefined, 5])
  }
  // Its rule is gone, and the data may have a field of the rule's name.
  assert.equal(
    narrowOne({ mapping: { ...mapping, x: 'when' } }, { fields: ['when', 'name'] }, order).orderBy,
    undefined,
  )
  assert.equal(narrowOne({}, { filters: [between('x')] }, order).orderBy, 'when')
})

test('only what leaves exactly may be ordered or filtered by', () => {
  const mapping = {
    lat: 'at.lat',
    'list[]': { source: 'items[]', mappings: { cost: 'price' } },
    twice: 'a',
    'twice.b': 'c',
  }
  const taken = { coarse: [{ field: 'at.lon', to: 'day' }] }
  const query = narrowOne({ mapping: { ...mapping, lon: 'at.lon' } }, taken).endpoints[0]!
  assert.ok(mayOrderBy(query, 'lat') && mayOrderBy(query, 'at.lat'))
  // `0` may be the key of an object, which does not leave.
  assert.ok(!mayFilterBy(query, ['items', '0', 'price']))
  for (const field of [
    'lon',
    'at',
    'at.lon',
    'secret',
    'list[]',
    'items',
    'items.0',
    'items.0.what',
    'twice',
    'a',
    'bad..path',
  ])
    assert.ok(!mayOrderBy(query, field), field)
  assert.ok(!mayFilterBy(query, []) && mayFilterBy(narrowOne({}, {}).endpoints[0]!, []))
})

test('what would not narrow, or is misspelt, is refused with its place', () => {
  const bundle = { p: { endpoints: [{ endpoint: ep, mapping: { a: 'b.c' } }], limit: 5 } }
  refused(bundle, { properties: { p: { limit: 6 } } }, 'properties.p.limit', /not be more than 5/)
  refused(bundle, { properties: { p: { limit: 0 } } }, 'properties.p.limit', /1 or more/)
  refused(bundle, { properties: { q: { leaveOut: true } } }, 'properties.q', /property of the bundle/)
  refused(
    bundle,
    { endpoints: { 'rumpel/location': {} } },
    'endpoints.rumpel/location',
    /endpoint of the bundle/,
  )
  refused(bundle, { endpoints: { [ep]: { fields: ['b.d'] } } }, at('.fields[0]'), /field that leaves/)
  refused(
    bundle,
    { endpoints: { [ep]: { coarse: [{ field: 'a', to: 'day' }] } } },
    at('.coarse[0]'),
    /field that leaves/,
  )
  refused(bundle, { endpoints: { [ep]: { fields: [] } } }, at('.fields'), /must have an element/)
  refused(bundle, { endpoints: { [ep]: { field: ['b'] } } }, at('.field'), /must be one of/)
  refused(bundle, { endpoints: { [ep]: { leaveOut: 'true' } } }, at('.leaveOut'), /true or false/)
  refused(bundle, '{"endpoint":{}}', 'endpoint', /must be one of/)
  const steps = ['0', '-1', '1e101', '1e-101', '"1"', `1e${'9'.repeat(50)}`, '0e5', 'null']
  for (const step of steps)
    refused(
      bundle,
      `{"endpoints":{"${ep}":{"coarse":[{"field":"b","to":"step","step":${step}}]}}}`,
      at('.coarse[0].step'),
      /number greater than 0/,
    )
  refused(
    bundle,
    { endpoints: { [ep]: { coarse: [{ field: 'b', to: 'decimals', decimals: 16 }] } } },
    at('.coarse[0].decimals'),
    /0 to 15/,
  )
  refused(
    bundle,
    { endpoints: { [ep]: { coarse: [{ field: 'b', to: 'day', step: 1 }] } } },
    at('.coarse[0].step'),
    /left out with day/,
  )
  refused(
    bundle,
    { endpoints: { [ep]: { coarse: [{ field: 'b', to: 'week' }] } } },
    at('.coarse[0].to'),
    /step, decimals/,
  )
})

test('the example in the documentation narrows as it says there', () => {
  const bundle = readBundle(JSON.stringify({ places: { endpoints: [{ endpoint: ep }] } }))
  const { endpoints, limit } = narrowed(bundle, readNarrowing(JSON.stringify(exampleNarrowing))).get(
    'places',
  )!
  const data = '{"latitude":51.507351,"longitude":"-0.127758","date":"2017-04-10T14:19:59:+01:00","speed":3}'
  assert.equal(shown(endpoints[0]!, data), '{"latitude":51.51,"longitude":"-0.13","date":"2017-04-10"}')
  assert.equal(limit, 100)
})

/** Every scalar of a value, at its path; elements of a list under one name. */
function leaves(text: string, path = ''): string[] {
  if (text.startsWith('{'))
    return [...members(text)].flatMap((m) => leaves(text.slice(m.start, m.end), `${path}.${m.key}`))
  if (text.startsWith('['))
    return [...elements(text)].flatMap((e) => leaves(text.slice(e.start, e.end), `${path}[]`))
  return [`${path}=${text}`]
}

const names = fc.constantFrom('a', 'b', 'c')
const data = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.integer({ min: 100, max: 999 }),
    fc.dictionary(names, tie('value'), { maxKeys: 3 }),
    fc.array(tie('value'), { maxLength: 2 }),
  ),
})).value
const paths = fc.array(names, { minLength: 1, maxLength: 3 }).map((steps) => steps.join('.'))
const fields = fc.array(
  fc.oneof(
    paths,
    fc.tuple(names, paths).map(([list, path]) => `${list}[].${path}`),
  ),
  { minLength: 1, maxLength: 3 },
)
// Rules that do not overwrite one another: an owner who withholds the later one agrees to the earlier.
const mappings = fc.option(
  fc.dictionary(
    fc.constantFrom('x', 'y', 'z.a', 'z.b'),
    fc.oneof(
      paths,
      names.map((source) => ({ source, mappings: { m: 'a', n: 'b.c' } })),
    ),
    { minKeys: 1 },
  ),
  { nil: undefined },
)

const tests = fc.array(
  paths.map((field) => ({ field, operator: { operator: 'between', lower: 200, upper: 700 } })),
  { maxLength: 2 },
)

/** The query before and after; undefined where the narrowing is refused. */
function attempt(query: object, taken: object): { before: EndpointQuery; after: EndpointQuery } | undefined {
  const bundle = readBundle(JSON.stringify({ p: { endpoints: [{ endpoint: ep, ...query }] } }))
  try {
    return { before: bundle.get('p')!.endpoints[0]!, after: narrowOne(query, taken).endpoints[0]! }
  } catch (error) {
    assert.ok(error instanceof QueryError)
    return undefined
  }
}

/** A record with nought for every scalar that was not chosen. */
function blank(value: unknown, chosen: readonly string[], path = ''): unknown {
  const isChosen = (field: string) =>
    path === `.${field}` || path.startsWith(`.${field}.`) || path.startsWith(`.${field}[]`)
  if (chosen.some(isChosen)) return value
  if (Array.isArray(value)) return value.map((inner) => blank(inner, chosen, `${path}[]`))
  if (typeof value !== 'object' || value === null) return 0
  const inside = Object.entries(value).map(([key, inner]) => [key, blank(inner, chosen, `${path}.${key}`)])
  return Object.fromEntries(inside)
}

test('whatever is narrowed: nothing leaves that would not have left, and what was not chosen changes nothing', () => {
  const records = fc.dictionary(names, data)
  const property = fc.property(records, mappings, tests, fields, (record, mapping, filters, chosen) => {
    const queries = attempt({ mapping, filters }, { fields: chosen })
    if (!queries) return
    const { before, after } = queries
    const text = JSON.stringify(record)
    const [then, now] = [leaves(shown(before, text)), leaves(shown(after, text))]
    for (const leaf of now) assert.ok(then.includes(leaf), leaf)
    const other = JSON.stringify(blank(record, chosen))
    assert.deepEqual(leaves(shown(after, other)), now)
    assert.equal(matches(after.filters, other), matches(after.filters, text))
  })
  fc.assert(property, { numRuns: 500 })
})

test('whatever is made coarser: what lies below the step changes nothing', () => {
  const records = fc.dictionary(names, data)
  const property = fc.property(records, mappings, tests, paths, (record, mapping, filters, field) => {
    const queries = attempt({ mapping, filters }, { coarse: [{ field, to: 'step', step: 100 }] })
    if (!queries) return
    const { after } = queries
    const text = JSON.stringify(record)
    const other = coarsened(after.coarse!, text)
    assert.equal(shown(after, other), shown(after, text))
    assert.equal(matches(after.filters, other), matches(after.filters, text))
  })
  fc.assert(property, { numRuns: 500 })
})
