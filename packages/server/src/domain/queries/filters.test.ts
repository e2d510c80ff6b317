import assert from 'node:assert/strict'
import { test } from 'node:test'
import { megabytesInTimeOf } from '../../../test/work.ts'
import { matches } from './filters.ts'
import { readEndpointQueries } from './query.ts'

/** Whether data passes one filter, all given as JSON text. */
function passes(data: string, field: string, operator: string, transformation = 'null'): boolean {
  const filter = `{"field":${JSON.stringify(field)},"operator":${operator},"transformation":${transformation}}`
  const [query] = readEndpointQueries(`[{"endpoint":"rumpel/locations","filters":[${filter}]}]`)
  return matches(query!.filters, data)
}
const contains = (data: string, value: string) =>
  passes(`{"f":${data}}`, 'f', `{"operator":"contains","value":${value}}`)
const isIn = (data: string, value: string) =>
  passes(`{"f":${data}}`, 'f', `{"operator":"in","value":${value}}`)
const between = (data: string, lower: string, upper: string) =>
  passes(`{"f":${data}}`, 'f', `{"operator":"between","lower":${lower},"upper":${upper}}`)
const date = (part: string, kind = 'datetimeExtract') => `{"transformation":"${kind}","part":"${part}"}`
const find = (search: string) => `{"operator":"find","search":${JSON.stringify(search)}}`
const searchable = '{"transformation":"searchable"}'

const at = (time: string) => `{"t":"2017-04-20T${time}"}`
const deep = (depth: number) => '{"a":'.repeat(depth) + '1' + '}'.repeat(depth)

test('contains on a single value is equality, not a search in the text', () => {
  assert.equal(contains('"value"', '"value"'), true)
  assert.equal(contains('"value2"', '"value"'), false)
  assert.equal(contains('"value"', '"value2"'), false)
  assert.equal(contains('true', '"true"'), false)
  assert.equal(contains('null', 'null'), true)
  assert.equal(contains('1', '"1"'), false)
  assert.equal(contains('1', '[1]'), false)
})

test('contains on a list finds one value, or all values of a list in any order', () => {
  assert.equal(contains('["a","b"]', '"b"'), true)
  assert.equal(contains('["a","b"]', '"c"'), false)
  assert.equal(contains('["a","b","c"]', '["c","a","c"]'), true)
  assert.equal(contains('["a","b"]', '["a","c"]'), false)
  assert.equal(contains('[["a"]]', '"a"'), false)
  assert.equal(contains('[["a","b"],1]', '[["b"]]'), true)
  assert.equal(contains('[["a"],"b"]', '[["a","b"]]'), false)
  assert.equal(contains('[1,{"a":1,"b":2}]', '[{"b":2}]'), true)
  assert.equal(contains('[{"a":1,"b":2}]', '{"a":1}'), false)
  assert.equal(contains('[]', '[]'), true)
  assert.equal(contains('{}', '[]'), false)
})

test('contains on an object finds a fragment of it, however deep', () => {
  const object = '{"a":{"b":[1,2,{"c":3,"d":4}],"x":0},"e":null}'
  assert.equal(contains(object, '{"a":{"b":[{"c":3},2]}}'), true)
  assert.equal(contains(object, '{"a":{"x":0},"e":null}'), true)
  assert.equal(contains(object, '{"a":{}}'), true)
  assert.equal(contains(object, '{}'), true)
  assert.equal(contains(object, '{"a":{"b":2}}'), false)
  assert.equal(contains(object, '{"a":{"0":1}}'), false)
  assert.equal(contains('{"a":[5]}', '{"a":{"0":5}}'), false)
  assert.equal(contains(object, '{"e":{}}'), false)
  assert.equal(contains(object, '{"absent":null}'), false)
})

test('in finds a value of a list, a part of a list and a part of an object', () => {
  assert.equal(isIn('"b"', '["a","b"]'), true)
  assert.equal(isIn('"c"', '["a","b"]'), false)
  assert.equal(isIn('["a","a"]', '["b","a"]'), true)
  assert.equal(isIn('["a","c"]', '["b","a"]'), false)
  assert.equal(isIn('[]', '["a"]'), true)
  assert.equal(isIn('{"a":1}', '{"a":1,"b":2}'), true)
  assert.equal(isIn('{"a":1,"c":2}', '{"a":1,"b":2}'), false)
  assert.equal(isIn('{"a":1}', '[{"a":1}]'), false)
  assert.equal(isIn('[{"a":1}]', '[{"a":1,"b":2}]'), true)
  assert.equal(isIn('1', '1.0'), true)
  assert.equal(isIn('[1]', '1'), false)
})

test('numbers are compared exactly and texts by code units, however they are spelt', () => {
  assert.equal(contains('1.0', '10e-1'), true)
  assert.equal(contains('-0', '0'), true)
  assert.equal(contains('9007199254740993', '9007199254740992'), false)
  assert.equal(isIn('1e400', '[10e399]'), true)
  assert.equal(contains('1e999999999', '1e999999999'), true)
  assert.equal(contains('"\\u00e9"', '"é"'), true)
  assert.equal(contains('"e\u0301"', '"é"'), false)
  assert.equal(contains('"\\ud800"', '"\\ud800"'), true)
  assert.equal(contains('"\\ud800"', '"\\ufffd"'), false)
  assert.equal(contains('["\\u0000"]', '"\\u0000"'), true)
  assert.equal(contains('{"\\u0061":1}', '{"a":1}'), true)
  assert.equal(between('9007199254740993', '9007199254740992', '9007199254740992'), false)
  assert.equal(between('123456789.123456789123456789', '123456789', '123456790'), true)
})

test('of repeated keys the last counts, on both sides', () => {
  assert.equal(contains('{"a":1,"a":2}', '{"a":1}'), false)
  assert.equal(contains('{"a":{"b":1},"a":{"c":1}}', '{"a":{"b":1}}'), false)
  assert.equal(contains('{"a":2}', '{"a":1,"\\u0061":2}'), true)
  assert.equal(isIn('{"a":9,"a":1}', '{"a":1}'), true)
  assert.equal(isIn('{"a":1,"a":9}', '{"a":1}'), false)
  assert.equal(passes('{"f":1,"f":2}', 'f', '{"operator":"contains","value":1}'), false)
  assert.equal(passes('{"f":{"g":1},"f":{}}', 'f.g', '{"operator":"contains","value":1}'), false)
})

test('between includes both ends, and compares only what is of one kind', () => {
  const day = ['"2017-01-01"', '"2017-12-31T"'] as const
  for (const [data, passed] of [
    ['1', true],
    ['5.0', true],
    ['3', true],
    ['0.999', false],
    ['5.001', false],
  ] as const)
    assert.equal(between(data, '1', '5'), passed, data)
  for (const data of ['"3"', 'null', 'true', '[3]', '{}']) assert.equal(between(data, '1', '5'), false, data)
  assert.equal(between('"2017-06-15T10:00:00Z"', ...day), true)
  assert.equal(between('"2018"', ...day), false)
  assert.equal(between('20170615', ...day), false)
  assert.equal(between('true', 'false', 'true'), true)
  assert.equal(between('1492699047', '1492699047', '1492699047'), true)
  assert.equal(between('"😀"', '"\uffff"', '"😂"'), true)
})

test('a part of a date is a number in UTC', () => {
  const seven = '{"operator":"between","lower":7,"upper":9}'
  assert.equal(passes(at('08:30:00Z'), 't', seven, date('hour')), true)
  assert.equal(passes(at('09:59:59Z'), 't', seven, date('hour')), true)
  assert.equal(passes(at('10:00:00Z'), 't', seven, date('hour')), false)
  assert.equal(passes(at('10:00:00+02:00'), 't', seven, date('hour')), true)
  const isTwo = '{"operator":"contains","value":14.0}'
  assert.equal(passes(at('14:37:27+00:00'), 't', isTwo, date('hour')), true)
  assert.equal(passes('{"t":1492699047}', 't', isTwo, date('hour', 'timestampExtract')), true)
  assert.equal(passes('{"t":"1492699047"}', 't', isTwo, date('hour', 'timestampExtract')), true)
  assert.equal(passes(at('14:00:00Z'), 't', '{"operator":"in","value":[13,14]}', date('hour')), true)
  assert.equal(
    passes(at('14:00:27.5Z'), 't', '{"operator":"between","lower":27.5,"upper":27.5}', date('second')),
    true,
  )
})

test('what is no date passes no filter on a part of it, and is no error', () => {
  const any = '{"operator":"between","lower":-1e99,"upper":1e99}'
  for (const value of ['"soon"', 'null', '{}', '[]', 'true', '1e99', '"2017-02-30"'])
    for (const kind of ['datetimeExtract', 'timestampExtract'])
      assert.equal(passes(`{"t":${value}}`, 't', any, date('hour', kind)), false, value)
})

test('find passes what has all the words, in any order and spelling', () => {
  const text = '{"note":{"title":"Café in the morning","lines":["two cups"]},"other":"tea"}'
  assert.equal(passes(text, 'note', find('MORNING cafe'), searchable), true)
  assert.equal(passes(text, 'note', find('cups morning'), searchable), true)
  assert.equal(passes(text, 'note', find('tea'), searchable), false)
  assert.equal(passes(text, '', find('tea cups'), searchable), true)
  assert.equal(passes(text, 'note', find('morn'), searchable), false)
  assert.equal(passes(text, 'absent', find('tea'), searchable), false)
})

test('a record without the field passes no filter, and all filters must pass', () => {
  for (const operator of [
    '{"operator":"contains","value":{}}',
    '{"operator":"in","value":[null]}',
    '{"operator":"between","lower":null,"upper":null}',
  ])
    assert.equal(passes('{"a":{}}', 'b', operator), false, operator)
  const [query] = readEndpointQueries(
    '[{"endpoint":"a/b","filters":[{"field":"a","operator":{"operator":"contains","value":1}},{"field":"b","operator":{"operator":"contains","value":2}}]}]',
  )
  assert.equal(matches(query!.filters, '{"a":1,"b":2}'), true)
  assert.equal(matches(query!.filters, '{"a":1}'), false)
  assert.equal(matches([], 'null'), true)
})

test('fields are found by names of any kind, in lists by number, and the empty path is all of the data', () => {
  const is = '{"operator":"contains","value":1}'
  assert.equal(passes('{"a.b":{"c d":[0,{"größe":1}]}}', 'a\\.b.c d.1.größe', is), true)
  assert.equal(passes(' [0,1] ', '', is), true)
  assert.equal(passes('{"a":1}', '', '{"operator":"contains","value":{"a":1}}'), true)
})

test('ten megabytes are filtered in the time it takes to read them a few times', () => {
  const read = megabytesInTimeOf(() => {
    const long = `"${'x'.repeat(10_000_000)}"`
    assert.equal(contains(long, '"x"'), false)
    assert.equal(isIn(long, '["x"]'), false)
    assert.equal(between(long, '"a"', '"z"'), true)
    assert.equal(passes(`{"f":${long}}`, 'f', '{"operator":"contains","value":1}', date('hour')), false)
    assert.equal(contains('9'.repeat(5_000_000), '9'), false)
    const many = `[${'{"a":[1,{"b":2}]},'.repeat(150_000)}0]`
    const wanted = Array.from({ length: 2 }, (_, index) => `{"a":[{"b":${index}}]}`).join(',')
    assert.equal(contains(many, `[${wanted}]`), false)
    assert.equal(isIn(many, `[0,${wanted}]`), false)
    const wide = '{"a":'.repeat(750) + `[${'1,'.repeat(3_000_000)}1]` + '}'.repeat(750)
    assert.equal(contains(wide, deep(50)), false)
    assert.equal(isIn(wide, deep(50)), false)
    assert.equal(isIn(deep(50), deep(50)), true)
  })
  assert.ok(read < 1000, `the time it takes to read ${read} MB`)
})

function filters(length: number, value: string) {
  const one = `{"field":"f","operator":{"operator":"contains","value":${value}}}`
  const list = Array.from({ length }, () => one).join(',')
  return readEndpointQueries(`[{"endpoint":"rumpel/locations","filters":[${list}]}]`)[0]!.filters
}

test('many filters that each go through a large value are refused, so that nobody else waits for them', () => {
  const large = `{"f":[${'{"x":0},'.repeat(200_000)}{"x":1},2]}`
  const read = megabytesInTimeOf(() => {
    assert.equal(matches(filters(8, '2'), large), true)
    assert.throws(
      () => matches(filters(100, '2'), large),
      /^QueryError: filters look at the same large value/,
    )
    assert.throws(
      () => matches(filters(1, `[${'{"x":1},'.repeat(19)}{"x":1}]`), large),
      /look at the same large/,
    )
    assert.equal(matches(filters(1, '[{"x":1},{"x":1}]'), large), true)
  })
  assert.ok(read < 600, `the time it takes to read ${read} MB`)
  assert.throws(() => filters(11, '[{"x":1},{"y":1}]'), /filters\[10\]\.operator\.value must have at most 20/)
})
