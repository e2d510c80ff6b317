import assert from 'node:assert/strict'
import { test } from 'node:test'
import { orderKey } from '../json/comparing.ts'
import { readEndpointQueries } from './query.ts'
import { keyRanges } from './ranges.ts'

function rangesOf(operator: string, transformation = 'null', field = 'a.b') {
  const filter = `{"field":"${field}","operator":${operator},"transformation":${transformation}}`
  return keyRanges(readEndpointQueries(`[{"endpoint":"a/b","filters":[${filter}]}]`)[0]!.filters[0]!)
}
const key = (text: string) => orderKey(text, 0, text.length)
const point = (text: string) => ({ low: key(text), high: key(text) })

test('between is one range of keys', () => {
  const range = rangesOf('{"operator":"between","lower":1,"upper":2.50}')
  assert.deepEqual(range, { path: ['a', 'b'], ranges: [{ low: key('1'), high: key('2.5') }] })
})

test('a value is looked for itself and in lists, which have one key', () => {
  assert.deepEqual(rangesOf('{"operator":"contains","value":"x"}')?.ranges, [point('"x"'), point('[]')])
  assert.deepEqual(rangesOf('{"operator":"in","value":"x"}')?.ranges, [point('"x"')])
})

test('a list of values is a range for each, in order and once', () => {
  const range = rangesOf('{"operator":"in","value":[2, 1, "b", 1.0, null, {"c":1}, true]}')
  assert.deepEqual(range?.ranges, ['null', '"b"', '1', '2', 'true', '[]'].map(point))
})

test('what keys do not narrow down has no ranges', () => {
  assert.equal(rangesOf('{"operator":"contains","value":{"c":1}}'), undefined)
  assert.equal(rangesOf('{"operator":"contains","value":[1]}'), undefined)
  assert.equal(rangesOf('{"operator":"in","value":{"c":1}}'), undefined)
  assert.equal(rangesOf('{"operator":"find","search":"x"}', '{"transformation":"searchable"}'), undefined)
  assert.equal(
    rangesOf('{"operator":"in","value":[1]}', '{"transformation":"datetimeExtract","part":"hour"}'),
    undefined,
  )
  assert.equal(rangesOf('{"operator":"in","value":[1]}', 'null', ''), undefined)
})
