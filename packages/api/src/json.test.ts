import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { elements, JsonError, maxDepth, members, skipSpace, skipValue } from './json.ts'

const accepted = [
  [
    '0',
    '-0',
    '0.0',
    '-0.0',
    '1E2',
    '1e+2',
    '1e-2',
    '0e0',
    '1e400',
    '-1e-400',
    '1e999999999',
    '9007199254740993',
  ],
  [
    'null',
    'true',
    'false',
    ' \t\r\n1\t\r\n ',
    '[]',
    '{}',
    ' [ ] ',
    ' { } ',
    '[[],{}]',
    '{"a":{"b":[]}}',
    '""',
  ],
  [
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\\u0000"',
    '"\\uD800"',
    '"\\ud83d\\ude00"',
    '"\ud800"',
    '"\u007f"',
    '"\u2028"',
  ],
  [
    '{"":0}',
    '{"a":1,"a":2}',
    '{"__proto__":1}',
    '{"2":1,"1":2}',
    '{"a" : 1 , "b" :\n2}',
    '["\ufeff"]',
    '"é😀"',
  ],
].flat()

const refused: [text: string, reason: string, position: number][] = [
  ['[1,]', 'expected a value', 3],
  ['[,1]', 'expected a value', 1],
  ['[1 2]', 'expected a comma or ]', 3],
  ['[1}', 'expected a comma or ]', 2],
  ['{"a":1,}', 'expected a key', 7],
  ['{a:1}', 'expected a key', 1],
  ["{'a':1}", 'expected a key', 1],
  ['{"a" 1}', 'expected a colon', 5],
  ['{"a":}', 'expected a value', 5],
  ['{"a":1 "b":2}', 'expected a comma or }', 7],
  ['{"a":1]', 'expected a comma or }', 6],
  ['{1:1}', 'expected a key', 1],
  ['01', 'invalid number', 0],
  ['-01', 'invalid number', 1],
  ['-a', 'invalid number', 1],
  ['1.x', 'invalid number', 2],
  ['[1.]', 'invalid number', 3],
  ['[1e]', 'invalid number', 3],
  ['[1e+]', 'invalid number', 4],
  ['.5', 'expected a value', 0],
  ['+1', 'expected a value', 0],
  ['NaN', 'expected a value', 0],
  ['Infinity', 'expected a value', 0],
  ['-Infinity', 'invalid number', 1],
  ['nul1', 'expected a value', 0],
  ['True', 'expected a value', 0],
  ['undefined', 'expected a value', 0],
  ["'a'", 'expected a value', 0],
  ['"\t"', 'control character in a string', 1],
  ['"a\u0000"', 'control character in a string', 2],
  ['"\\x41"', 'invalid escape', 1],
  ['"\\u12g4"', 'invalid escape', 1],
  ['"\\U0041"', 'invalid escape', 1],
  ['\ufeff1', 'expected a value', 0],
  ['\u00a01', 'expected a value', 0],
  ['\u000b1', 'expected a value', 0],
  ['/**/1', 'expected a value', 0],
]

const unfinished = [
  [
    '',
    ' ',
    '-',
    '1.',
    '1e',
    '1e-',
    't',
    'nul',
    '"',
    '"abc',
    '"\\',
    '"\\u',
    '"\\u00',
    '"\\u00a',
    '"\\ud83d\\',
  ],
  ['[', '[1', '[1,', '[1 ', '[[]', '{', '{"a', '{"a"', '{"a":', '{"a":1', '{"a":1,', '{"a":1,"b', '{"a":{}'],
].flat()

/** The refusal of a text, or `undefined`. */
function refusal(text: string, limit = maxDepth): JsonError | undefined {
  try {
    const end = skipSpace(text, skipValue(text, 0, limit))
    return end === text.length ? undefined : new JsonError('more', end)
  } catch (error) {
    assert.ok(error instanceof JsonError, String(error))
    return error
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

function agrees(json: string): void {
  assert.equal(refusal(json) === undefined, parses(json), JSON.stringify(json))
}

/** A value as it is written inside of another. */
function written(value: unknown, spaces: number): string {
  return JSON.stringify(value, null, spaces).replaceAll('\n', '\n  ')
}

test('every valid JSON text is accepted', () => {
  for (const text of accepted) {
    assert.equal(refusal(text), undefined, text)
    assert.ok(parses(text), text)
  }
})

test('a malformed text is refused with the reason and the position', () => {
  for (const [text, reason, position] of refused) {
    const error = refusal(text)
    assert.deepEqual([error?.reason, error?.position, error?.kind], [reason, position, 'syntax'], text)
    assert.ok(!parses(text), text)
  }
})

test('a text that ends too early is told apart from a wrong one', () => {
  for (const text of unfinished) {
    const error = refusal(text)
    assert.deepEqual([error?.kind, error?.position], ['end', text.length], text)
  }
})

test('whatever is cut off a valid text, the reader is told to fetch more or that a number may go on', () => {
  for (const text of accepted) {
    const value = text.trim()
    for (let length = 0; length < value.length; length += 1) {
      const error = refusal(value.slice(0, length))
      assert.ok(error === undefined ? /^[-\d]/.test(value) : error.kind === 'end', value.slice(0, length))
    }
  }
})

test('nesting is limited to 512 by default', () => {
  assert.equal(refusal('['.repeat(512) + ']'.repeat(512)), undefined)
  const error = refusal('['.repeat(513) + ']'.repeat(513))
  assert.deepEqual([error?.kind, error?.position], ['depth', 512])
  assert.match(error?.message ?? '', /512/)
})

test('no depth overflows the stack', () => {
  const deep = '{"a":['.repeat(500_000)
  for (const limit of [1, 5000, 900_000]) assert.equal(refusal(deep, limit)?.kind, 'depth')
  assert.equal(refusal(deep + '1' + ']}'.repeat(500_000), 1_000_000), undefined)
})

test('a string of 10 MB is read like any other', () => {
  assert.equal(refusal(`"${'x'.repeat(10_000_000)}"`), undefined)
  assert.equal(refusal(`"${'\\u00e9\\n'.repeat(1_000_000)}"`), undefined)
  assert.equal(refusal('9'.repeat(10_000_000)), undefined)
})

test('acceptance agrees with JSON.parse on random pieces', () => {
  const pieces = [
    '{',
    '}',
    '[',
    ']',
    ',',
    ':',
    '"',
    '\\',
    'u',
    '0',
    '1',
    '-',
    '+',
    '.',
    'e',
    'E',
    '"a"',
    '\\u00',
    '\\ud8',
  ]
  const piece = fc.constantFrom(
    ...pieces,
    'true',
    'null',
    ' ',
    '\n',
    '\t',
    '\u00a0',
    '\ufeff',
    '\u0000',
    '\ud800',
  )
  const text = fc.array(piece, { maxLength: 12 }).map((chosen) => chosen.join(''))
  fc.assert(fc.property(text, agrees), { numRuns: 20_000 })
})

test('acceptance agrees with JSON.parse on valid texts with one character changed', () => {
  const changed = fc
    .tuple(fc.json(), fc.nat(), fc.constantFrom('', '"', ',', ']', '}', '{', '0', 'e', '\\', '\n', '\u0001'))
    .map(([json, at, by]) => json.slice(0, at % json.length) + by + json.slice((at % json.length) + 1))
  fc.assert(fc.property(changed, agrees), { numRuns: 5000 })
})

test('elements and members are cut out exactly, without the white space around them', () => {
  const array = ' [ 1 ,"a,]",\n[ 2 ], {"b" : 3}\t] '
  const pieces = [...elements(array)].map(({ start, end }) => array.slice(start, end))
  assert.deepEqual(pieces, ['1', '"a,]"', '[ 2 ]', '{"b" : 3}'])
  const object = '{ "a" : 1.0 , "\\u0061":[ ] ,"__proto__": -0 }'
  const found = [...members(object)].map(({ key, start, end }) => [key, object.slice(start, end)])
  assert.deepEqual(found, [
    ['a', '1.0'],
    ['a', '[ ]'],
    ['__proto__', '-0'],
  ])
  assert.deepEqual([...elements('[ ]')], [])
  assert.deepEqual([...members('{ }')], [])
})

test('elements and members are what was written, and the end of what they read is given', () => {
  const indent = fc.constantFrom(0, 2)
  fc.assert(
    fc.property(fc.array(fc.jsonValue()), indent, (values, spaces) => {
      const text = `x ${JSON.stringify(values, null, spaces)} x`
      const spans = [...elements(text, 1)]
      assert.deepEqual(
        spans.map(({ start, end }) => text.slice(start, end)),
        values.map((value) => written(value, spaces)),
      )
      const gaps = [...spans, undefined].map((span, i) => text.slice(spans[i - 1]?.end ?? 2, span?.start))
      assert.ok(gaps.every((gap) => /^[[,]?\s*\]?( x)?$/.test(gap)))
      const reading = elements(text, 1)
      let last = reading.next()
      while (last.done !== true) last = reading.next()
      assert.equal(last.value, text.length - 2)
    }),
  )
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), indent, (values, spaces) => {
      const text = JSON.stringify(values, null, spaces)
      assert.deepEqual(
        [...members(text)].map(({ key, start, end }) => [key, text.slice(start, end)]),
        Object.entries(values).map(([key, value]) => [key, written(value, spaces)]),
      )
    }),
  )
})

test('elements and members refuse what is no array or object, or too deep, itself counted', () => {
  assert.throws(() => [...elements('{}')], { reason: 'expected an array', position: 0 })
  assert.throws(() => [...members(' []')], { reason: 'expected an object', position: 1 })
  assert.throws(() => [...elements('[1 2]')], { reason: 'expected a comma or ]', position: 3 })
  assert.throws(() => [...elements('[1,')], { kind: 'end' })
  assert.throws(() => [...members('{"a":1,}')], { reason: 'expected a key', position: 7 })
  assert.throws(() => [...elements('[[1]]', 0, 1)], { kind: 'depth', position: 1 })
  assert.equal([...elements('[[1]]', 0, 2)].length, 1)
})
