import assert from 'node:assert/strict'
import { test } from 'node:test'
import { megabytesInTimeOf } from '../../../test/work.ts'
import { mapped } from './mapping.ts'
import { readEndpointQueries } from './query.ts'
import { QueryError } from './text.ts'

const all = (count: number) => `{${Array.from({ length: count }, (_, index) => `"k${index}":"v"`).join(',')}}`

/** Data reshaped by a mapping, both JSON text. */
function map(mapping: string, data: string): string {
  const [query] = readEndpointQueries(`[{"endpoint":"a/b","mapping":${mapping}}]`)
  return mapped(query!.mapping!, data)
}

test('values are copied to where the mapping says, with the objects in between', () => {
  const data = '{"user":{"name":"Ann","tags":["x","y"]},"at":5}'
  assert.equal(map('{"data.newField":"user.name"}', data), '{"data":{"newField":"Ann"}}')
  assert.equal(
    map('{"a":"user","b.c.d":"at"}', data),
    '{"a":{"name":"Ann","tags":["x","y"]},"b":{"c":{"d":5}}}',
  )
  assert.equal(map('{"first":"user.tags[0]","second":"user.tags.1"}', data), '{"first":"x","second":"y"}')
})

test('what is not there is left out', () => {
  const data = '{"a":1,"arr":[1]}'
  assert.equal(
    map('{"x":"b","y":"arr[1]","z":"a.b","w[]":{"source":"none[]","mappings":{"q":"r"}}}', data),
    '{}',
  )
  assert.equal(map('{"x":"a","y":"b"}', data), '{"x":1}')
  assert.equal(map('{}', data), '{}')
  assert.equal(map('{"x":"a"}', '[1]'), '{}')
  assert.equal(map('{"x":"a"}', 'null'), '{}')
})

test('every element of a list is mapped, in order', () => {
  const data = '{"list":[{"id":1,"in":{"v":"a"}},{"id":2},{},3,null,[{"id":4}]]}'
  assert.equal(
    map('{"out[]":{"source":"list[]","mappings":{"n":"id","deep.v":"in.v"}}}', data),
    '{"out":[{"n":1,"deep":{"v":"a"}},{"n":2},{},{}]}',
  )
  assert.equal(map('{"out[]":{"source":"list","mappings":{"n":"id"}}}', '{"list":[]}'), '{"out":[]}')
  assert.equal(map('{"out[]":{"source":"list[]","mappings":{"n":"id"}}}', '{"list":{"id":1}}'), '{}')
})

test('an object is mapped on its own', () => {
  const data = '{"user":{"name":{"first":"Ann"},"age":7}}'
  assert.equal(map('{"who":{"source":"user","mappings":{"n":"name.first"}}}', data), '{"who":{"n":"Ann"}}')
  assert.equal(map('{"who":{"source":"user.age","mappings":{"n":"name"}}}', data), '{}')
})

test('a list in a list is mapped inside', () => {
  const mapping =
    '{"r[]":{"source":"rows[]","mappings":{"c[]":{"source":"cells[]","mappings":{"v":"value"}}}}}'
  assert.equal(
    map(mapping, '{"rows":[{"cells":[{"value":1},{"value":2}]},{"cells":[]},{}]}'),
    '{"r":[{"c":[{"v":1},{"v":2}]},{"c":[]},{}]}',
  )
})

test('objects that meet are merged, of anything else the later one stays', () => {
  const data = '{"a":{"x":1,"o":{"p":1}},"b":{"y":2,"o":{"q":2}},"c":3}'
  assert.equal(map('{"m":"a","m.z":"c"}', data), '{"m":{"x":1,"o":{"p":1},"z":3}}')
  assert.equal(
    map('{"m.n":"a","m":{"source":"b","mappings":{"n.o":"o"}}}', data),
    '{"m":{"n":{"x":1,"o":{"p":1,"q":2}}}}',
  )
  assert.equal(map('{"m.x":"a.x","m":"c"}', data), '{"m":3}')
  assert.equal(map('{"m":"c","m.x":"a.x"}', data), '{"m":{"x":1}}')
  assert.equal(map('{"m":"a.x","m":"b.y"}', data), '{"m":2}')
})

test('values leave as they are spelt: numbers, escapes, repeated keys', () => {
  const value = '{"n":[1.0,-0,1e999999999,9007199254740993],"s":"\\u00e9\\ud800","k":1,"k":2}'
  assert.equal(map('{"x":"v"}', `{"v": ${value} }`), `{"x":${value}}`)
  assert.equal(map('{"x":"a"}', '{"a":1,"\\u0061":2}'), '{"x":2}')
})

test('keys with dots, dashes, spaces, brackets and any Unicode are read and written', () => {
  const data = '{"a.b":1,"c-d e":2,"[x]":3,"größe":4,"\\ud800":5}'
  assert.equal(
    map(
      String.raw`{"p\\.q":"a\\.b","r s":"c-d e","\\[y\\]":"\\[x\\]","größe":"größe","\ud800":"\ud800"}`,
      data,
    ),
    '{"p.q":1,"r s":2,"[y]":3,"größe":4,"\\ud800":5}',
  )
  assert.equal(map('{"__proto__.x":"a"}', '{"a":1}'), '{"__proto__":{"x":1}}')
})

test('a mapping that would make many times the record of it is refused when it does', () => {
  const big = `{"v":[${'1,'.repeat(1_000_000)}1]}`
  assert.throws(() => map(all(1000), big), QueryError)
  assert.equal(map(all(3), '{"v":1}'), '{"k0":1,"k1":1,"k2":1}')
  assert.equal(map(all(1000), '{"v":1}').length, all(1000).length - 2000)
  const read = megabytesInTimeOf(() => {
    const nested = '{"a":'.repeat(700) + `"${'x'.repeat(1_000_000)}"` + '}'.repeat(700)
    assert.throws(() => map('{"m":"v","m.a.a":"v.a.a","m.a":"v.a"}', `{"v":${nested}}`), QueryError)
  })
  assert.ok(read < 100, `the time it takes to read ${read} MB`)
})
