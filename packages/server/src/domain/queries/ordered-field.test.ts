import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderPathOf } from './ordering.ts'
import { readEndpointQueries } from './query.ts'
import { QueryError } from './text.ts'

const [mappedQuery, plainQuery] = readEndpointQueries(
  '[{"endpoint":"a/b","mapping":{"data.newField":"old.path[1]","x":"y","deep":{"source":"o","mappings":{"p":"q"}}}},{"endpoint":"a/b"}]',
)

test('a key of the mapping, as it is written, stands for where its value comes from', () => {
  assert.deepEqual(orderPathOf(mappedQuery!, 'data.newField'), ['old', 'path', '1'])
  assert.deepEqual(orderPathOf(mappedQuery!, 'x'), ['y'])
})

test('anything else is a path in the data', () => {
  assert.deepEqual(orderPathOf(mappedQuery!, 'old.path'), ['old', 'path'])
  assert.deepEqual(orderPathOf(mappedQuery!, 'data'), ['data'])
  assert.deepEqual(orderPathOf(plainQuery!, 'data.newField'), ['data', 'newField'])
  assert.deepEqual(orderPathOf(plainQuery!, 'a\\.b'), ['a.b'])
})

test('what is made of several values, and what is no path, orders nothing', () => {
  assert.throws(() => orderPathOf(mappedQuery!, 'deep'), QueryError)
  assert.throws(() => orderPathOf(plainQuery!, 'a..b'), QueryError)
})
