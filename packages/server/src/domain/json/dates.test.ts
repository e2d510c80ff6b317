import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type DatePart, datePart, dateParts, instantOfDate, instantOfSeconds } from './dates.ts'

const asDate = (value: unknown) => instantOfDate(JSON.stringify(value))
const asSeconds = (value: unknown) => instantOfSeconds(JSON.stringify(value))

const parts = (text: string, ...names: DatePart[]) => names.map((name) => datePart(text, name))

test('the hour of 2017-04-20T14:37:27+00:00 is 14, and so is that of 1492699047', () => {
  assert.equal(datePart(asDate('2017-04-20T14:37:27+00:00'), 'hour'), 14)
  assert.equal(datePart(asSeconds(1492699047), 'hour'), 14)
  assert.equal(datePart('2017-04-20T14:37:27+00:00', 'hour'), 14)
})

test('a moment is read in every spelling that clients send', () => {
  const moment = Date.UTC(2017, 3, 10, 13, 19, 59)
  for (const text of [
    '2017-04-10T13:19:59Z',
    '2017-04-10T13:19:59.000Z',
    '2017-04-10t13:19:59z',
    '2017-04-10 13:19:59',
    '2017-04-10T13:19:59',
    '2017-04-10T14:19:59:+01:00',
    '2017-04-10T14:19:59+01:00',
    '2017-04-10T14:19:59+0100',
    '2017-04-10T14:19:59+01',
    '2017-04-10 14:19:59 +0100',
    '2017-04-10T13:19:59+0000',
    '2017-04-10T08:49:59-04:30',
    '2017-04-10T13:19:59 UTC',
    '2017-04-10T13:19:59,000GMT',
    '2017-04-10T14:19:59+01:00[Europe/London]',
    '+002017-04-10T13:19:59Z',
    '20170410T131959Z',
    '2017/04/10 13:19:59',
    'Mon, 10 Apr 2017 14:19:59 +0100',
    'Monday, 10 April 2017 14:19:59 +0100',
    '10 Apr 2017 13:19:59 GMT',
    'Mon Apr 10 13:19:59 +0000 2017',
    'Mon Apr 10 2017 14:19:59 GMT+0100 (British Summer Time)',
    ' 2017-04-10T13:19:59Z\n',
    '1491830399',
    '1491830399.0',
  ])
    assert.equal(asDate(text), moment, text)
  assert.equal(asDate(1491830399), moment)
  assert.equal(instantOfDate('1.491830399e9'), moment)
})

test('what is left out of a date is its beginning, and 24:00 the next day', () => {
  assert.equal(asDate('2017-04-10'), Date.UTC(2017, 3, 10))
  assert.equal(asDate('20170410'), Date.UTC(2017, 3, 10))
  assert.equal(asDate('2017-04'), Date.UTC(2017, 3))
  assert.equal(asDate('2017'), Date.UTC(2017))
  assert.equal(asDate('2017-04-10T13:19Z'), Date.UTC(2017, 3, 10, 13, 19))
  assert.equal(asDate('10 Apr 2017'), Date.UTC(2017, 3, 10))
  assert.equal(asDate('April 10, 2017'), Date.UTC(2017, 3, 10))
  assert.equal(asDate('2017-04-10T24:00:00'), Date.UTC(2017, 3, 11))
  assert.equal(asDate('2016-12-31T23:59:60Z'), Date.UTC(2017))
})

test('digits are seconds where seconds are asked for, and a date where a date is', () => {
  assert.equal(asSeconds('20170410'), 20_170_410_000)
  assert.equal(asSeconds('2017'), 2_017_000)
  assert.equal(asSeconds('2017-04-10'), Date.UTC(2017, 3, 10))
  assert.equal(asSeconds('-1.5'), -1500)
  assert.equal(asSeconds('1e3'), 1_000_000)
})

test('fractions of a second are exact to the microsecond', () => {
  assert.equal(datePart('2017-04-20T14:37:27.123456789Z', 'second'), 27.123456)
  assert.equal(datePart(instantOfSeconds('1492699047.123456789'), 'second'), 27.123456)
  assert.equal(datePart('2017-04-20T14:37:27.123456Z', 'epoch'), 1492699047.123456)
  assert.equal(datePart('2017-04-20T14:37:27.5Z', 'milliseconds'), 27_500)
  assert.equal(datePart('2017-04-20T14:37:27.5Z', 'microseconds'), 27_500_000)
  assert.equal(asSeconds('0.0000001'), 0)
  assert.equal(instantOfSeconds('1e-400'), 0)
})

test('what is no date is none, however odd or long, and never an error', () => {
  for (const value of [
    '',
    ' ',
    'tomorrow',
    'Maybe 10, 2017',
    '2017-02-30',
    '2017-13-01',
    '2017-00-10',
    '2017-04-10T25:00',
    '2017-04-10T24:00:01',
    '2017-04-10T12:61',
    '2017-04-10T12:00:61',
    '2017-04-10T12:00+99:00',
    '2017-0410',
    '04/10/2017',
    '1e99',
    '١٤٩٢٦٩٩٠٤٧',
    `2017-04-10${' '.repeat(1000)}`,
    '9'.repeat(1_000_000),
    '+275999-01-01',
    null,
    true,
    [],
    [1492699047],
    {},
  ]) {
    assert.equal(asDate(value), undefined, JSON.stringify(value)?.slice(0, 50))
    assert.equal(asSeconds(value), undefined)
  }
  assert.equal(instantOfSeconds(`1e${'9'.repeat(100)}`), undefined)
  for (const when of [undefined, NaN, Infinity, 1e300, 'soon'])
    assert.equal(datePart(when, 'hour'), undefined)
  fc.assert(
    fc.property(fc.string(), fc.constantFrom(...dateParts), (text, part) => {
      const value = datePart(text, part)
      assert.ok(value === undefined || Number.isFinite(value))
    }),
  )
})

test('parts are counted as PostgreSQL counts them', () => {
  assert.deepEqual(
    parts('2001-02-16T20:38:40Z', ...dateParts),
    [40_000_000, 40_000, 40, 38, 20, 16, 7, 2, 1, 2001, 2001, 200, 21, 3, 5, 5, 47, 982_355_920],
  )
  assert.deepEqual(
    parts('2000-12-31', 'century', 'millennium', 'decade', 'dow', 'isodow'),
    [20, 2, 200, 0, 7],
  )
  assert.deepEqual(parts('2006-01-01', 'week', 'isoyear', 'doy'), [52, 2005, 1])
  assert.deepEqual(parts('2012-12-31', 'week', 'isoyear', 'doy', 'quarter'), [1, 2013, 366, 4])
  assert.deepEqual(parts('1969-12-31T23:59:59.5Z', 'second', 'epoch', 'hour'), [59.5, -0.5, 23])
  assert.deepEqual(parts('0000-03-01', 'year', 'century', 'millennium', 'decade'), [-1, -1, -1, 0])
})

test('every moment that a date reaches has all its parts', () => {
  const moment = fc.double({ min: -8.6e15, max: 8.6e15, noNaN: true })
  fc.assert(
    fc.property(moment, (instant) => {
      for (const part of dateParts) assert.ok(Number.isFinite(datePart(instant, part)), part)
    }),
  )
})
