import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Interval, intervals, intervalStart, instantOfLocal, localTime, timeZone } from './time-zone.ts'

function zoneOf(name: string) {
  const zone = timeZone(name)
  assert.ok(zone, name)
  return zone
}

function startIn(name: string, text: string, interval: Interval): string {
  const zone = zoneOf(name)
  return localTime(zone, intervalStart(zone, Date.parse(text), interval))
}

test('without a change of the clocks, intervals begin as a calendar says', () => {
  const starts = intervals.map((interval) => startIn('UTC', '2017-05-20T14:37:27Z', interval))
  assert.deepEqual(starts, [
    '2017-01-01T00:00:00Z',
    '2017-04-01T00:00:00Z',
    '2017-05-01T00:00:00Z',
    '2017-05-15T00:00:00Z',
    '2017-05-20T00:00:00Z',
    '2017-05-20T14:00:00Z',
  ])
  assert.equal(startIn('UTC', '1969-12-31T23:59:59.999Z', 'hour'), '1969-12-31T23:00:00Z')
  assert.equal(startIn('UTC', '1969-12-31T00:00:00Z', 'week'), '1969-12-29T00:00:00Z')
  assert.equal(startIn('UTC', '0050-06-01T00:00:00Z', 'year'), '0050-01-01T00:00:00Z')
})

test('an interval is of its time zone: what is still yesterday in New York is today in Kolkata', () => {
  assert.equal(startIn('America/New_York', '2026-01-01T03:00:00Z', 'year'), '2025-01-01T00:00:00-05:00')
  assert.equal(startIn('Asia/Kolkata', '2025-12-31T18:30:00Z', 'year'), '2026-01-01T00:00:00+05:30')
  assert.equal(startIn('+05:30', '2025-12-31T18:30:00Z', 'day'), '2026-01-01T00:00:00+05:30')
})

test('a month with a change of the clocks begins with the offset it began with', () => {
  assert.equal(startIn('Europe/Berlin', '2026-03-30T12:00:00Z', 'month'), '2026-03-01T00:00:00+01:00')
  assert.equal(startIn('Europe/Berlin', '2026-10-25T12:00:00Z', 'day'), '2026-10-25T00:00:00+02:00')
})

test('an hour that comes twice is two, and one that is skipped has nothing', () => {
  assert.equal(startIn('Europe/Berlin', '2026-10-25T00:30:00Z', 'hour'), '2026-10-25T02:00:00+02:00')
  assert.equal(startIn('Europe/Berlin', '2026-10-25T01:30:00Z', 'hour'), '2026-10-25T02:00:00+01:00')
  assert.equal(startIn('Europe/Berlin', '2026-03-29T00:59:59Z', 'hour'), '2026-03-29T01:00:00+01:00')
  assert.equal(startIn('Europe/Berlin', '2026-03-29T01:00:00Z', 'hour'), '2026-03-29T03:00:00+02:00')
})

test('a day whose midnight is skipped begins when it begins, one whose midnight comes twice with the first', () => {
  assert.equal(startIn('America/Sao_Paulo', '2018-11-04T12:00:00Z', 'day'), '2018-11-04T01:00:00-02:00')
  assert.equal(startIn('America/Havana', '2026-11-01T12:00:00Z', 'day'), '2026-11-01T00:00:00-04:00')
  assert.equal(startIn('America/Sao_Paulo', '2018-02-18T12:00:00Z', 'day'), '2018-02-18T00:00:00-03:00')
})

test('a day that a country left out, and offsets of seconds, are no trouble', () => {
  const apia = zoneOf('Pacific/Apia')
  assert.equal(localTime(apia, instantOfLocal(apia, Date.UTC(2011, 11, 30))), '2011-12-31T00:00:00+14:00')
  assert.equal(startIn('Europe/Berlin', '1850-01-01T12:00:00Z', 'day'), '1850-01-01T00:00:00+00:53:28')
})

test('what is no time zone is none', () => {
  for (const name of ['', 'Mars/Phobos', 'Europe/Berlin ', '../etc', 'x'.repeat(100), '+99:99', '\u0000'])
    assert.equal(timeZone(name), undefined, name)
  assert.ok(timeZone('Etc/GMT-14') && timeZone('-03:00'))
})

const names = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Pacific/Apia',
  'Africa/Casablanca',
  'Asia/Kathmandu',
  'Asia/Gaza',
  'Africa/Monrovia',
  'America/Caracas',
]
const instants = fc.oneof(
  fc.integer({ min: Date.UTC(1950, 0), max: Date.UTC(2040, 0) }),
  fc.integer({ min: -62_100_000_000_000, max: 253_402_000_000_000 }),
)

test('whatever the zone and the instant: the clock shows what Intl shows, and an interval holds its instant', () => {
  const property = fc.property(
    fc.constantFrom(...names),
    instants,
    fc.constantFrom(...intervals),
    (name, at, interval) => {
      const zone = zoneOf(name)
      const shown = new Date(Math.floor((at + zone.offsetAt(at)) / 1000) * 1000).toISOString().slice(11, 19)
      assert.equal(shown, new Date(at).toLocaleTimeString('en-GB', { timeZone: name }))
      const start = intervalStart(zone, at, interval)
      assert.ok(start <= at)
      assert.ok(
        at - start <
          { year: 367, quarter: 93, month: 32, week: 8, day: 1.1, hour: 0.0625 }[interval] * 86_400_000,
      )
      if (interval === 'hour') return
      assert.equal(intervalStart(zone, start, interval), start)
      const before = intervalStart(zone, start - 1, interval)
      assert.ok(before < start, 'the instant before belongs to the interval before')
    },
  )
  fc.assert(property, { numRuns: 1000 })
})

test('a million instants of fifty years take no million formatters', () => {
  const zone = zoneOf('Europe/Berlin')
  let sum = 0
  for (let at = 0; at < 1_500_000_000_000; at += 15_000_000) sum += intervalStart(zone, at, 'month')
  assert.ok(sum > 0)
})
