import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readMoment, readPeriod, writtenCreation, writtenMoment } from './data-debit.ts'

const start = Date.UTC(2018, 1, 15, 3, 52, 37)

test('a date is read as clients of data debits write it', () => {
  for (const text of [
    '2018-02-15T03:52:37.000Z',
    '2018-02-15T03:52:37Z',
    '2018-02-15T03:52:37+0000',
    '2018-02-15T04:52:37+01:00',
    '2018-02-15T04:52:37:+01:00',
    ' 2018-02-15 03:52:37 ',
    start,
  ])
    assert.equal(readMoment(text), start, String(text))
  assert.equal(readMoment('2018-02-15'), Date.UTC(2018, 1, 15))
})

test('what is no date, or one of absurd times, is none', () => {
  for (const value of [
    '',
    'soon',
    '2018-02-30',
    '1899-12-31T23:59:59.999Z',
    '3000-01-01',
    '1518666757',
    null,
    true,
    {},
    [],
    undefined,
    NaN,
    Infinity,
    1e30,
  ])
    assert.equal(readMoment(value), undefined, JSON.stringify(value))
})

test('a period is milliseconds or an ISO 8601 duration', () => {
  for (const value of [
    2_592_000_000,
    'PT2592000S',
    'P30D',
    'PT720H',
    'PT43200M',
    'P29DT23H59M60S',
    'p30d',
    'PT2592000.000S',
  ])
    assert.equal(readPeriod(value), 2_592_000_000, JSON.stringify(value))
  assert.equal(readPeriod('P1W'), 604_800_000)
  assert.equal(readPeriod('PT0.5S'), 500)
  assert.equal(readPeriod('PT0,5S'), 500)
  assert.equal(readPeriod(1.9), 1)
})

test('a period of no certain length, of none, or of a thousand years is none', () => {
  for (const value of [
    'P1M',
    'P1Y',
    'P',
    'PT',
    'P1DT',
    '',
    '1000',
    0,
    0.5,
    -1,
    'PT0S',
    '-PT5S',
    'P400000D',
    1e300,
    NaN,
    null,
    true,
    {},
    undefined,
  ])
    assert.equal(readPeriod(value), undefined, JSON.stringify(value))
})

test('what is written is read again, to the millisecond or the second', () => {
  const moments = fc.integer({ min: Date.UTC(1900, 0, 1), max: Date.UTC(3000, 0, 1) - 1 })
  fc.assert(
    fc.property(moments, (moment) => {
      assert.equal(readMoment(writtenMoment(moment)), moment)
      assert.equal(readMoment(writtenCreation(moment)), Math.floor(moment / 1000) * 1000)
      assert.match(writtenCreation(moment), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/)
    }),
  )
})

test('a period in seconds is the same in milliseconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 31_000_000_000 }), (seconds) => {
      assert.equal(readPeriod(`PT${seconds}S`), seconds * 1000)
      assert.equal(readPeriod(seconds * 1000), seconds * 1000)
    }),
  )
})

test('nothing that is sent as a date or period makes reading it fail', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.double(), fc.anything()), (value) => {
      const [moment = 0, period = 1] = [readMoment(value), readPeriod(value)]
      assert.ok(Number.isInteger(moment) && Number.isInteger(period) && period > 0)
    }),
  )
})
