import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exact, textOf } from './exact.ts'

test('an exact text is sent as it is, a value as JSON', () => {
  assert.equal(textOf(exact('{"price": 1.0}')), '{"price": 1.0}')
  assert.equal(textOf({ price: 1, name: 'tea' }), '{"price":1,"name":"tea"}')
  assert.equal(textOf(null), 'null')
})

test('an exact text inside a value is refused, rather than sent as something else', () => {
  assert.throws(() => textOf({ price: exact('1.0') }), /whole data of a record/)
})

test('what has no JSON form is refused before anything is sent', () => {
  assert.throws(() => textOf(undefined), /A undefined has no JSON form/)
  assert.throws(() => textOf(() => 1), /A function has no JSON form/)
})
