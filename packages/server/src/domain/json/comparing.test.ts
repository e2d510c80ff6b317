import assert from 'node:assert/strict'
import { test } from 'node:test'
import { members } from '@hatstand/api/json.ts'
import fc from 'fast-check'
import { models, scalars, spell } from '../../../test/spellings.ts'
import { megabytesInTimeOf } from '../../../test/work.ts'
import { compareValues, orderKey, orderKeyLimit, valueAt } from './comparing.ts'
import { canonical } from './fingerprint.ts'

/** Each comes before the next; the values of one row tie. */
const ascending = [
  ['null'],
  ['""'],
  ['"\\u0000"'],
  ['"A"', '"\\u0041"'],
  ['"a"'],
  ['"a\\u0000"'],
  ['"aa"'],
  ['"é"', '"\\u00E9"'],
  ['"\ud7ff"'],
  ['"\\ud800"', '"\ud800"'],
  ['"\\ud800\uffff"'],
  ['"\\udc00"'],
  ['"\ue000"'],
  ['"\uffff"'],
  ['"😀"', '"\\ud83d\\ude00"'],
  [`-1e1${'0'.repeat(30)}`],
  [`-1e${'9'.repeat(30)}`],
  ['-1e400'],
  ['-9007199254740993'],
  ['-9007199254740992'],
  ['-1.25'],
  ['-1.2'],
  ['-1', '-1.0', '-10e-1'],
  ['-1e-61'],
  ['-1e-400'],
  [`-1e-${'9'.repeat(30)}`],
  ['0', '-0', '0.0', '-0e99'],
  [`1e-1${'0'.repeat(30)}`],
  [`1e-${'9'.repeat(30)}`],
  ['1e-400', '0.01e-398'],
  ['1e-62'],
  ['1e-61'],
  ['1e-60'],
  ['0.001'],
  ['0.01'],
  ['0.1'],
  ['0.12', '0.120', '12e-2'],
  ['0.1200000000000000000000001'],
  ['0.123'],
  ['1', '1.0', '100e-2'],
  ['2'],
  ['10', '1E1'],
  ['9007199254740992'],
  ['9007199254740993', '9007199254740993.0'],
  ['1e58'],
  ['1e59'],
  ['1e60'],
  ['1e61'],
  ['9e61'],
  ['1e400', '10e399'],
  ['1e999999999'],
  [`1e${'9'.repeat(30)}`],
  [`1e1${'0'.repeat(30)}`],
  ['false'],
  ['true'],
  ['[]', '[1]', '[2,3]'],
  ['{}', '{"a":1}'],
]

function keyOf(text: string): Uint8Array {
  return orderKey(text, 0, text.length)
}

function byKey(a: string, b: string): number {
  return Buffer.compare(keyOf(a), keyOf(b))
}

function textAt(text: string, ...path: string[]): string | undefined {
  const span = valueAt(text, path)
  return span && text.slice(span.start, span.end)
}

test('null, strings by code points, numbers exactly, booleans, arrays, objects: in this order', () => {
  const ranked = ascending.flatMap((row, rank) => row.map((text) => ({ text, rank })))
  for (const a of ranked) {
    for (const b of ranked) {
      const expected = Math.sign(a.rank - b.rank)
      assert.equal(Math.sign(compareValues(a.text, b.text)), expected, `${a.text} and ${b.text}`)
      assert.equal(byKey(a.text, b.text), expected, `keys of ${a.text} and ${b.text}`)
    }
  }
})

test('keys order any two values as comparing them does', () => {
  const value = fc.oneof({ weight: 5, arbitrary: scalars }, models)
  fc.assert(
    fc.property(value, value, fc.nat(), (a, b, seed) => {
      const [first, second] = [spell(a, seed), spell(b, seed + 1)]
      assert.equal(byKey(first, second), Math.sign(compareValues(first, second)), `${first} and ${second}`)
    }),
    { numRuns: 10_000 },
  )
})

test('numbers compare as big integers do', () => {
  const number = fc.record({
    digits: fc.bigInt(-(10n ** 20n), 10n ** 20n),
    exponent: fc.integer({ min: -90, max: 90 }),
  })
  fc.assert(
    fc.property(number, number, fc.nat(), (a, b, seed) => {
      const [first, second] = [a, b].map(({ digits, exponent }) => digits * 10n ** BigInt(exponent + 90))
      const expected = first === second ? 0 : (first ?? 0n) < (second ?? 0n) ? -1 : 1
      assert.equal(byKey(spell(a, seed), spell(b, seed + 1)), expected)
    }),
    { numRuns: 3000 },
  )
})

test('comparing takes no notice of how a value is spelt', () => {
  fc.assert(
    fc.property(scalars, fc.nat(), (value, seed) => {
      const text = spell(value, seed)
      assert.deepEqual(keyOf(text), keyOf(canonical(text).text))
      assert.equal(compareValues(` ${text}\n`, canonical(text).text), 0)
    }),
  )
})

test('a key is never longer than its limit, and values that agree so far tie', () => {
  const same = 'x'.repeat(orderKeyLimit)
  assert.equal(byKey(`"${same}a"`, `"${same}b"`), 0)
  assert.equal(byKey(`"${same.slice(2)}a"`, `"${same.slice(2)}b"`), -1)
  for (const text of [
    `"${same}"`,
    `"${'é'.repeat(2000)}"`,
    `"${'\\ud800'.repeat(2000)}"`,
    '9'.repeat(9000),
  ]) {
    assert.equal(keyOf(text).length, orderKeyLimit)
  }
  assert.equal(keyOf(`-1e${'9'.repeat(9000)}`).length, orderKeyLimit)
  assert.equal(byKey(`"${'a'.repeat(1022)}😀"`, `"${'a'.repeat(1022)}\uffff"`), 1)
})

test('a value of any size has its key at once', () => {
  const read = megabytesInTimeOf(() => {
    const huge = ['9'.repeat(5_000_000), `1e${'9'.repeat(5_000_000)}`, `"${'\\n'.repeat(5_000_000)}"`]
    for (const text of huge) assert.equal(keyOf(text).length, orderKeyLimit)
  })
  assert.ok(read < 100, `the time it takes to read ${read} MB`)
})

test('a path leads through objects and arrays to the value', () => {
  const text = ' { "a" : { "b" : [ 10 , {"c":null} ] , "0" : "zero" } , "x.y": 1, "" : true } '
  assert.equal(textAt(text, 'a', 'b', '0'), '10')
  assert.equal(textAt(text, 'a', 'b', '1', 'c'), 'null')
  assert.equal(textAt(text, 'a', '0'), '"zero"')
  assert.equal(textAt(text, 'x.y'), '1')
  assert.equal(textAt(text, ''), 'true')
  assert.equal(textAt(text, 'a', 'b'), '[ 10 , {"c":null} ]')
  assert.equal(textAt(' 1 '), '1')
  assert.equal(textAt('[[[7]]]', '0', '0', '0'), '7')
})

test('nothing is found where nothing is', () => {
  const text = '{"a":{"b":[10]},"s":"text","n":null}'
  for (const path of [
    'b',
    'a.c',
    'a.b.1',
    'a.b.-1',
    'a.b.00',
    'a.b.x',
    'a.b.1e0',
    's.0',
    's.length',
    'n.a',
    '__proto__',
  ]) {
    assert.equal(textAt(text, ...path.split('.')), undefined, path)
  }
  assert.equal(textAt('[]', '0'), undefined)
  assert.equal(textAt('{}', 'a'), undefined)
  assert.equal(textAt('1', 'a'), undefined)
})

test('of repeated keys the last counts, however they are escaped', () => {
  assert.equal(textAt('{"a":1,"b":0,"\\u0061":2}', 'a'), '2')
  assert.equal(textAt('{"a":{"b":1},"a":{"c":2}}', 'a', 'b'), undefined)
  assert.equal(textAt('{"a\\\\":1}', 'a\\'), '1')
  assert.equal(textAt('{"a\\n":1}', 'a\\n'), undefined)
  assert.equal(textAt('{"\\"":1}', '"'), '1')
  assert.equal(textAt('{"😀":1}', '\ud83d\ude00'), '1')
})

test('what a path finds is what reading the whole object finds', () => {
  const object = fc.array(fc.tuple(fc.constantFrom('a', 'b', '"', '\\', 'é'), models), {
    minLength: 1,
    maxLength: 5,
  })
  fc.assert(
    fc.property(object, fc.nat(), (entries, seed) => {
      const text = spell({ members: entries }, seed)
      for (const key of ['a', 'b', '"', '\\', 'é', 'absent']) {
        const last = [...members(text)].findLast((member) => member.key === key)
        assert.deepEqual(valueAt(text, [key]), last && { start: last.start, end: last.end })
      }
    }),
  )
})
