import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DatePart } from '@hatstand/api/queries.ts'
import { dateParts } from '../json/dates.ts'
import { maxSearchLength, maxFilters, maxNestedParts } from './filters.ts'
import { maxRuleLevels, maxRules } from './mapping.ts'
import { maxNameLength, maxProperties, maxQueries, readBundle, readEndpointQueries } from './query.ts'
import { maxPathLength, maxNames, QueryError, maxLevels, maxText } from './text.ts'

type Members = Record<string, unknown>
const query = (members: Members = {}): Members => ({ endpoint: 'rumpel/locations', ...members })
const filter = (operator: unknown, transformation?: unknown, field: unknown = 'a') =>
  query({ filters: [{ field, operator, transformation }] })

/** Where, and why, a query is refused. */
function faultOf(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    assert.ok(error instanceof QueryError, String(error))
    return error.message
  }
  return 'accepted'
}
const queryFault = (one: unknown) => faultOf(() => readEndpointQueries(JSON.stringify([one])))
const bundleFault = (bundle: unknown) => faultOf(() => readBundle(JSON.stringify(bundle)))
function refused(fault: string, start: string): void {
  assert.ok(fault.startsWith(start), `${fault} does not begin with ${start}`)
}
const filterFault = (operator: unknown, transformation?: unknown) => {
  const fault = queryFault(filter(operator, transformation))
  return fault.replace('[0].filters[0].', '')
}

const between = (lower: unknown, upper: unknown, transformation?: unknown) =>
  filterFault({ operator: 'between', lower, upper }, transformation)
const mappingFault = (mapping: unknown) => queryFault(query({ mapping })).replace('[0].mapping', 'm')
const property = (members: Members, one: Members = {}) =>
  bundleFault({ p: { endpoints: [query(), query(one)], ...members } })
const many = (count: number, value: unknown) => Array(count).fill(value)

const deep = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

const object = (count: number) => Object.fromEntries(many(count, 0).map((_, index) => [`p${index}`, 'x']))

const hour = { transformation: 'datetimeExtract', part: 'hour' }
const searchable = { transformation: 'searchable' }

test('a query is read with its mapping, filters and links', () => {
  const [read] = readEndpointQueries(
    '[{"endpoint":"rumpel/locations","unknown":1,"mapping":{"to\\\\.x":"from[0].y"},"filters":[{"field":"data.at","transformation":{"transformation":"datetimeExtract","part":"hour"},"operator":{"operator":"between","lower":7.0,"upper":9}}],"links":[{"endpoint":"a/b"}]}]',
  )
  assert.deepEqual(read, {
    endpoint: 'rumpel/locations',
    mapping: [{ to: 'to\\.x', into: ['to.x'], from: ['from', '0', 'y'] }],
    filters: [
      {
        path: ['data', 'at'],
        transformation: hour,
        operator: { operator: 'between', lower: '7.0', upper: '9' },
      },
    ],
    links: [{ endpoint: 'a/b', filters: [], links: [] }],
  })
})

test('what may be left out may be null or empty', () => {
  const plain = { endpoint: 'rumpel/locations', filters: [], links: [] }
  for (const members of [{}, { filters: [], links: [] }, { mapping: null, filters: null, links: null }])
    assert.deepEqual(readEndpointQueries(JSON.stringify([query(members)])), [plain])
  assert.deepEqual(readEndpointQueries(JSON.stringify([query({ links: [query({ links: [] })] })])), [
    { ...plain, links: [plain] },
  ])
  assert.deepEqual(readEndpointQueries(JSON.stringify([query({ mapping: {} })])), [{ ...plain, mapping: [] }])
})

test('a bundle is read in its order, with orders and limits; of repeated keys the last counts', () => {
  const bundle = readBundle(
    '{"b":{"endpoints":[{"endpoint":"a/b"}],"limit":5.0,"orderBy":"t","ordering":"descending"},"a":{},"\\u0061":{"endpoints":[{"endpoint":"a/b"}],"limit":null}}',
  )
  const endpoints = [{ endpoint: 'a/b', filters: [], links: [] }]
  assert.deepEqual(
    [...bundle],
    [
      ['b', { endpoints, orderBy: 't', ordering: 'descending', limit: 5 }],
      ['a', { endpoints }],
    ],
  )
})

test('values are kept as they were spelt', () => {
  const [read] = readEndpointQueries(
    '[{"endpoint":"a/b","filters":[{"field":"a","operator":{"operator":"in","value": [ 9007199254740993 , "\\ud800" ] }}]}]',
  )
  assert.deepEqual(read?.filters[0]?.operator, { operator: 'in', value: '[ 9007199254740993 , "\\ud800" ]' })
})

test('what is no JSON, no list or empty is refused', () => {
  refused(
    faultOf(() => readEndpointQueries('[')),
    'the query must be JSON',
  )
  refused(
    faultOf(() => readEndpointQueries('[] x')),
    'the query must be JSON',
  )
  refused(
    faultOf(() => readEndpointQueries('{}')),
    'the query must be an array',
  )
  refused(
    faultOf(() => readEndpointQueries('[]')),
    'the query must have an element',
  )
  refused(
    faultOf(() => readBundle('[]')),
    'the query must be an object',
  )
  refused(bundleFault({}), 'the query must have 1 to 100 properties')
  refused(bundleFault({ p: { endpoints: [] } }), 'p.endpoints must have an element')
  refused(filterFault({ operator: 'in', value: [] }), 'operator.value must have an element')
  refused(queryFault([]), '[0] must be an object')
})

test('what is missing or of the wrong kind is named', () => {
  refused(queryFault({}), '[0].endpoint must be there')
  refused(queryFault({ endpoint: 1 }), '[0].endpoint must be a text')
  refused(queryFault(query({ filters: {} })), '[0].filters must be an array')
  refused(queryFault(query({ filters: [{}] })), '[0].filters[0].field must be there')
  refused(queryFault(query({ filters: [{ field: 'a' }] })), '[0].filters[0].operator must be there')
  refused(filterFault({}), 'operator.operator must be there')
  refused(filterFault({ operator: 'contains' }), 'operator.value must be there')
  refused(filterFault({ operator: 'between', lower: 1 }), 'operator.upper must be there')
  refused(filterFault({ operator: 'find' }, searchable), 'operator.search must be there')
  refused(filterFault({ operator: 'contains', value: 1 }, {}), 'transformation.transformation must be there')
  refused(
    filterFault({ operator: 'contains', value: 1 }, { transformation: 'datetimeExtract' }),
    'transformation.part must be there',
  )
  refused(bundleFault({ p: {} }), 'p.endpoints must be there')
  refused(bundleFault({ 'a.b': 1 }), 'a\\.b must be an object')
})

test('endpoints, operators, transformations and parts that there are not are refused', () => {
  for (const endpoint of ['', 'locations', 'a//b', 'A/b', 'a/b/', '/a', 'a/b c'])
    refused(queryFault(query({ endpoint })), '[0].endpoint must be an endpoint')
  refused(
    filterFault({ operator: 'like', value: 1 }),
    'operator.operator must be contains, in, between or find',
  )
  refused(filterFault({ operator: 'Contains', value: 1 }), 'operator.operator must be')
  refused(
    filterFault({ operator: 'in', value: [1] }, { transformation: 'lower' }),
    'transformation.transformation must be',
  )
  refused(
    filterFault({ operator: 'in', value: [1] }, { ...hour, part: 'moment' }),
    'transformation.part must be',
  )
})

test('paths that lead nowhere are refused', () => {
  for (const field of ['a..b', '.', 'a[0]', 'a\\'])
    refused(
      queryFault(filter({ operator: 'in', value: [1] }, null, field)),
      '[0].filters[0].field must be a path',
    )
  refused(queryFault(filter({ operator: 'in', value: [1] }, null, 5)), '[0].filters[0].field must be a text')
})

test('bounds must be of one kind, the lower one first, and single values', () => {
  refused(between(1, '2'), 'operator.upper must be of the same kind as lower, a number')
  refused(between(2, 1), 'operator.upper must not be less than lower')
  refused(between('b', 'a'), 'operator.upper must not be less')
  refused(between([1], [2]), 'operator.lower must be a text, number, boolean or null')
  refused(between(1, {}), 'operator.upper must be a text')
  assert.equal(between(1, 1), 'accepted')
})

test('a part of a date is compared with numbers', () => {
  refused(
    filterFault({ operator: 'between', lower: '7', upper: '9' }, hour),
    'operator.lower must be a number',
  )
  refused(filterFault({ operator: 'contains', value: '7' }, hour), 'operator.value must be a number')
  refused(filterFault({ operator: 'contains', value: [7] }, hour), 'operator.value must be a number')
  refused(filterFault({ operator: 'in', value: [7, '8'] }, hour), 'operator.value[1] must be a number')
  assert.equal(filterFault({ operator: 'in', value: [7, 8] }, hour), 'accepted')
})

test('find and searchable go together, with a word', () => {
  refused(
    filterFault({ operator: 'find', search: 'tea' }),
    'operator.operator must be with the transformation searchable',
  )
  refused(filterFault({ operator: 'in', value: ['tea'] }, searchable), 'operator.operator must be find')
  refused(filterFault({ operator: 'find', search: ' ... ' }, searchable), 'operator.search must have a word')
  assert.equal(filterFault({ operator: 'find', search: 2017 }, searchable), 'accepted')
})

test('mappings that cannot be followed are refused', () => {
  const inner = { b: 'c' }
  refused(mappingFault('text'), 'm must be an object')
  refused(mappingFault([]), 'm must be an object')
  refused(mappingFault({ a: true }), 'm.a must be a path')
  refused(mappingFault({ a: null }), 'm.a must be a path')
  refused(mappingFault({ a: '' }), 'm.a must be a path')
  refused(mappingFault({ a: 'b[x]' }), 'm.a must be a path')
  refused(mappingFault({ a: 'b[]' }), 'm.a must be a path')
  refused(mappingFault({ 'a[1]': 'b' }), 'm.a\\[1\\] must be a path')
  refused(mappingFault({ '': 'b' }), 'm. must be a path')
  refused(mappingFault({ 'a[]': 'b' }), 'm.a\\[\\] must be an object with source and mappings')
  refused(mappingFault({ a: { source: 'b' } }), 'm.a.mappings must be there')
  refused(mappingFault({ a: { mappings: inner } }), 'm.a.source must be there')
  refused(mappingFault({ a: { source: 'b[]', mappings: inner } }), 'm.a.source must not end with []')
  refused(
    mappingFault({ 'a[]': { source: 'b[]', mappings: { x: 'y..z' } } }),
    'm.a\\[\\].mappings.x must be a path',
  )
  assert.equal(
    mappingFault({ 'a[]': { source: 'b[]', mappings: inner }, c: { source: 'd[1]', mappings: {} } }),
    'accepted',
  )
})

test('links go one level', () => {
  refused(queryFault(query({ links: [query({ links: [query()] })] })), '[0].links[0].links must be left out')
  refused(
    queryFault(query({ links: [query({ endpoint: 'a' })] })),
    '[0].links[0].endpoint must be an endpoint',
  )
})

test('orders and limits that cannot be kept are refused', () => {
  refused(property({ orderBy: 'a..b' }), 'p.orderBy must be a path')
  refused(property({ orderBy: 5 }), 'p.orderBy must be a text')
  refused(
    property({ orderBy: 'x' }, { mapping: { x: { source: 'a', mappings: { b: 'c' } } } }),
    'p.orderBy must name a field that is copied',
  )
  refused(property({ ordering: 'up' }), 'p.ordering must be ascending or descending')
  for (const limit of [-1, 1.5, '5', 1e15, true])
    refused(property({ limit }), 'p.limit must be a whole number')
  assert.equal(property({ limit: 0, orderBy: 'a' }), 'accepted')
})

test('what is too large is refused, and the limit is named', () => {
  refused(
    faultOf(() => readBundle(' '.repeat(maxText + 1))),
    `the query must be no longer than ${maxText}`,
  )
  refused(
    faultOf(() => readEndpointQueries(deep(maxLevels + 1))),
    `the query must be JSON: nested deeper than ${maxLevels}`,
  )
  refused(
    faultOf(() => readEndpointQueries(JSON.stringify(many(maxQueries + 1, query())))),
    `the query must have at most ${maxQueries}`,
  )
  refused(
    queryFault(query({ links: many(maxQueries + 1, query()) })),
    `[0].links must have at most ${maxQueries}`,
  )
  refused(
    queryFault(query({ filters: many(maxFilters + 1, 0) })),
    `[0].filters must have at most ${maxFilters}`,
  )
  refused(
    queryFault(query({ endpoint: `a/${'b'.repeat(maxNameLength)}` })),
    '[0].endpoint must be an endpoint',
  )
  refused(queryFault(query({ mapping: object(maxRules + 1) })), `[0].mapping must have at most ${maxRules}`)
  let nested: unknown = { x: 'y' }
  for (let level = 0; level < maxRuleLevels; level += 1) nested = { a: { source: 'b', mappings: nested } }
  assert.match(
    queryFault(query({ mapping: nested })),
    new RegExp(`must be at most ${maxRuleLevels} mappings deep$`),
  )
  refused(bundleFault(object(maxProperties + 1)), `the query must have 1 to ${maxProperties}`)
  refused(bundleFault({ ['x'.repeat(maxNameLength + 1)]: {} }), 'xxx')
  refused(
    filterFault({ operator: 'contains', value: many(maxNestedParts + 1, {}) }),
    `operator.value must have at most ${maxNestedParts}`,
  )
  refused(
    filterFault({ operator: 'find', search: 'x'.repeat(maxSearchLength + 1) }, searchable),
    'operator.search must be no longer',
  )
  refused(
    queryFault(filter({}, null, 'x'.repeat(maxPathLength + 1))),
    '[0].filters[0].field must be a path of at most',
  )
  refused(
    queryFault(filter({}, null, `x${'.x'.repeat(maxNames)}`)),
    '[0].filters[0].field must be a path of at most',
  )
})

test('the documentation names the parts of a date that there are', () => {
  assert.deepEqual((DatePart as unknown as { enum: string[] }).enum, dateParts)
})
