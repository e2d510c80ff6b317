import assert from 'node:assert/strict'
import { test } from 'node:test'
import { skipValue } from '@hatstand/api/json.ts'
import fc from 'fast-check'
import { models, spell } from '../../../test/spellings.ts'
import { compareValues } from '../json/comparing.ts'
import { type Coarse, coarsened, type Coarseness, roundedTo } from './coarsening.ts'

const step = (size: string) => ({ to: 'step', step: size }) as const
const coarseValue = (to: Coarseness, value: string) => coarsened([{ path: [], ...to }], value)
const day = { to: 'day' } as const
const month = { to: 'month' } as const
const year = { to: 'year' } as const

test('a number becomes the nearest multiple of the step, exactly, of two the even one', () => {
  const examples: [size: string, number: string, expected: string][] = [
    ['0.01', '51.507351', '51.51'],
    ['0.01', '-0.127758', '-0.13'],
    ['0.01', '-0.0049', '0'],
    ['0.010', '51.50', '51.5'],
    ['1000', '12499.99', '12000'],
    ['1000', '12500', '12000'],
    ['1000', '13500', '14000'],
    ['1000', '-13500', '-14000'],
    ['25', '37.5', '50'],
    ['25', '12.5', '0'],
    ['0.25', '1e400', `1${'0'.repeat(400)}`.replace(/0{22,}$/, (zeros) => `e${zeros.length}`)],
    ['1', '9007199254740993.4', '9007199254740993'],
    ['1', `0.5${'0'.repeat(5000)}1`, '1'],
    ['1', `0.5${'0'.repeat(5000)}`, '0'],
    ['1e30', '1e29', '0'],
    ['1', '1e-999999999', '0'],
    ['1', `-1e-${'9'.repeat(5000)}`, '0'],
  ]
  for (const [size, number, expected] of examples) assert.equal(roundedTo(size, number), expected, number)
})

test('a number too large to work with leaves as nothing, at once', () => {
  for (const huge of ['1e999999999', `-1e${'9'.repeat(100_000)}`, '9'.repeat(1_000_000)])
    assert.equal(coarseValue(step('10'), huge), 'null')
})

test('a text of a number or of coordinates stays one, any other text leaves as nothing', () => {
  assert.equal(coarseValue(step('0.1'), '" 51.5074 "'), '"51.5"')
  assert.equal(coarseValue(step('0.1'), '"51.5074, -0.1278"'), '"51.5,-0.1"')
  assert.equal(coarseValue(step('0.1'), '"+51.5074 -0.1278"'), '"51.5 -0.1"')
  assert.equal(coarseValue(step('0.1'), '[-0.1278,[51.5074],{"a":1},true]'), '[-0.1,[51.5],null,null]')
  for (const text of [
    '"about 51.5074"',
    '""',
    '"51.5074,"',
    '"51.5074 north"',
    '"1,2,3"',
    'true',
    'null',
    '{"lat":51.5074}',
  ])
    assert.equal(coarseValue(step('0.1'), text), 'null', text)
})

test('a date becomes its day, month or year as it was written', () => {
  const texts = [
    '2017-04-10T14:19:59.123Z',
    '2017-04-10T23:59:59:-05:00',
    '2017-04-10T00:00:00+0000',
    '2017-04-10',
    '2017-04-10 10:11',
  ]
  for (const text of texts) {
    assert.equal(coarseValue(day, `"${text}"`), '"2017-04-10"', text)
    assert.equal(coarseValue(month, `"${text}"`), '"2017-04"', text)
    assert.equal(coarseValue(year, `"${text}"`), '"2017"', text)
  }
  assert.equal(coarseValue(day, '"Mon, 10 Apr 2017 14:19:59 +0100"'), '"2017-04-10"')
  assert.equal(coarseValue(day, '"20170410T141959Z"'), '"2017-04-10"')
  assert.equal(coarseValue(day, '"2017-04"'), '"2017-04"')
  for (const none of ['"soon"', '"2017-04-10T14:19:59Z (at home)!"', '"2017-13-40"', 'true', '{}'])
    assert.equal(coarseValue(day, none), 'null', none)
})

test('a unix time becomes the beginning of its day, in the unit it was in', () => {
  assert.equal(coarseValue(day, '1492699047.25'), '1492646400')
  assert.equal(coarseValue(month, '1492699047'), '1491004800')
  assert.equal(coarseValue(year, '1492699047123'), '1483228800000')
  assert.equal(coarseValue(day, '1492699047123456'), '1492646400000000')
  assert.equal(coarseValue(day, '"1492699047"'), '"1492646400"')
  assert.equal(coarseValue(day, '-1'), '-86400')
  for (const none of ['1e300', '-1e999999999', '1e25']) assert.equal(coarseValue(day, none), 'null')
})

test('a path means all of it: every element of an array, and every repeated key', () => {
  const coarse: Coarse[] = [
    { path: ['at', 'lat'], ...step('1') },
    { path: ['list', '1'], ...step('10') },
    { path: ['dates'], ...day },
  ]
  const data =
    ' {"at" : {"lat":1.7, "lat":2.2,"lon":3.3}, "at":[{"lat":5.1},[{"l\\u0061t":6.1}],7.1], "list":[11,12,{"1":27}],' +
    '"dates":["2017-04-10T01:02:03Z", 1], "lat":8.8 } '
  assert.equal(
    coarsened(coarse, data),
    ' {"at" : {"lat":2, "lat":2,"lon":3.3}, "at":[{"lat":5},[{"l\\u0061t":6}],7.1], "list":[11,10,{"1":30}],' +
      '"dates":["2017-04-10", 0], "lat":8.8 } ',
  )
  assert.equal(coarsened([{ path: [], ...step('1') }], ' 1.7 '), ' 2 ')
})

test('hundreds of levels of arrays are no trouble', () => {
  const data = `${'['.repeat(500)}{"a":1.5}${']'.repeat(500)}`
  assert.equal(coarsened([{ path: ['a'], ...step('1') }], data), data.replace('1.5', '2'))
  const wide = `${'['.repeat(500)}${'1.5,'.repeat(200_000)}1.5${']'.repeat(500)}`
  assert.equal(coarseValue(step('1'), wide).length, wide.length - 2 * 200_001)
})

test('whatever the number and the step: the result is a multiple, and none is nearer', () => {
  const parts = fc.record({
    digits: fc.bigInt(-(10n ** 12n), 10n ** 12n),
    exponent: fc.integer({ min: -15, max: 15 }),
  })
  const property = fc.property(
    parts,
    fc.bigInt(1n, 5000n),
    fc.integer({ min: -9, max: 9 }),
    (value, size, power) => {
      // All in units of ten to the power of -15.
      const scaled = value.digits * 10n ** BigInt(value.exponent + 15)
      const unit = size * 10n ** BigInt(power + 15)
      const given = roundedTo(`${size}e${power}`, `${value.digits}e${value.exponent}`) ?? ''
      const [, whole = '', decimals = '', shift = '0'] = /^(-?\d+)(?:\.(\d+))?(?:e(\d+))?$/.exec(given) ?? []
      const result = BigInt(whole + decimals.padEnd(15, '0')) * 10n ** BigInt(shift)
      assert.equal(result % unit, 0n)
      const error = result > scaled ? result - scaled : scaled - result
      assert.ok(error * 2n <= unit)
      if (error * 2n === unit) assert.equal((result / unit) % 2n, 0n)
    },
  )
  fc.assert(property, { numRuns: 500 })
})

test('whatever the data: it stays valid, coarse data stays as it is, and only what a path means changes', () => {
  const paths = fc.array(fc.array(fc.constantFrom('a', 'b', '0', ''), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 3,
  })
  const property = fc.property(
    models,
    fc.nat(),
    paths,
    fc.constantFrom(step('2'), day),
    (model, seed, list, to) => {
      const data = spell(model, seed)
      const coarse = list.map((path) => ({ path, ...to }))
      const once = coarsened(coarse, data)
      assert.equal(skipValue(once, 0, Infinity), once.trimEnd().length)
      assert.equal(coarsened(coarse, once), once)
      assert.equal(coarsened([{ path: ['not there'], ...to }], data), data)
      if (list.some((path) => path.length === 0)) assert.equal(compareValues(once, coarseValue(to, data)), 0)
    },
  )
  fc.assert(property, { numRuns: 500 })
})
