import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { disabled, endOf, isActive, nextPeriod, periodAt, statusOf, type Times } from './data-debit.ts'

const times = (said: Partial<Times> = {}): Times => ({
  start: 1000,
  period: 100,
  cancelAtPeriodEnd: false,
  until: undefined,
  acceptedAt: 900,
  canceledAt: undefined,
  canceledAtPeriodEnd: false,
  usedUpAt: undefined,
  ...said,
})

test('a permission that rolls on has no end, and one that does not ends with its period', () => {
  assert.equal(endOf(times()), undefined)
  assert.equal(endOf(times({ cancelAtPeriodEnd: true })), 1100)
})

test('a disabled permission ends at once, or at the end of the period it is in', () => {
  assert.equal(endOf(times({ canceledAt: 1250 })), 1250)
  assert.equal(endOf(times({ canceledAt: 1250, canceledAtPeriodEnd: true })), 1300)
  assert.equal(endOf(times({ canceledAt: 1300, canceledAtPeriodEnd: true })), 1300)
})

test('a permission that is disabled before it begins never begins', () => {
  const early = times({ canceledAt: 500, canceledAtPeriodEnd: true })
  assert.equal(endOf(early), 1000)
  assert.equal(isActive(early, 1000), false)
})

test('of several ends the first counts', () => {
  assert.equal(endOf(times({ until: 1500, canceledAt: 1250, canceledAtPeriodEnd: true })), 1300)
  assert.equal(endOf(times({ until: 1200, canceledAt: 1250, canceledAtPeriodEnd: true })), 1200)
  assert.equal(endOf(times({ cancelAtPeriodEnd: true, canceledAt: 1250, canceledAtPeriodEnd: true })), 1100)
  assert.equal(endOf(times({ usedUpAt: 1050 })), 1050)
})

test('a permission is active from its start up to its end, if it was accepted', () => {
  const one = times({ cancelAtPeriodEnd: true })
  const active = [999, 1000, 1099, 1100].map((now) => isActive(one, now))
  assert.deepEqual(active, [false, true, true, false])
  assert.equal(isActive({ ...one, acceptedAt: undefined }, 1050), false)
})

test('a permission is proposed, declined, accepted, active and ended', () => {
  const asked = { ...times({ acceptedAt: undefined }), rejectedAt: undefined }
  const accepted = { ...times({ cancelAtPeriodEnd: true }), rejectedAt: undefined }
  assert.equal(statusOf(asked, 1050), 'proposed')
  assert.equal(statusOf({ ...asked, rejectedAt: 1000 }, 1050), 'declined')
  assert.deepEqual(
    [950, 1050, 1100].map((now) => statusOf(accepted, now)),
    ['accepted', 'active', 'ended'],
  )
})

test('a period begins where the one before ends', () => {
  assert.deepEqual(
    [1000, 1099, 1100, 999].map((now) => periodAt(times(), now)),
    [0, 0, 1, -1],
  )
  assert.equal(nextPeriod(times(), 1050), 1100)
})

const anyTimes: fc.Arbitrary<Times> = fc.record({
  start: fc.integer({ min: -1000, max: 1000 }),
  period: fc.integer({ min: 1, max: 500 }),
  cancelAtPeriodEnd: fc.boolean(),
  until: fc.option(fc.integer({ min: -1000, max: 3000 }), { nil: undefined }),
  acceptedAt: fc.option(fc.constant(0), { nil: undefined }),
  canceledAt: fc.option(fc.integer({ min: -1000, max: 3000 }), { nil: undefined }),
  canceledAtPeriodEnd: fc.boolean(),
  usedUpAt: fc.option(fc.integer({ min: -1000, max: 3000 }), { nil: undefined }),
})

test('disabling, however often and whenever, never lets a permission last longer', () => {
  fc.assert(
    fc.property(
      anyTimes,
      fc.array(fc.tuple(fc.integer({ min: -1000, max: 3000 }), fc.boolean()), { maxLength: 5 }),
      fc.integer({ min: -1000, max: 4000 }),
      (one, tries, now) => {
        const after = tries.reduce((before, [at, atPeriodEnd]) => {
          const next = disabled(before, at, atPeriodEnd)
          assert.ok((endOf(next) ?? Infinity) <= (endOf(before) ?? Infinity))
          return next
        }, one)
        assert.ok(isActive(one, now) || !isActive(after, now))
      },
    ),
  )
})

test('disabling at once ends a permission at that moment, and at the period’s end less than a period later', () => {
  fc.assert(
    fc.property(anyTimes, fc.integer({ min: -1000, max: 3000 }), (one, now) => {
      assert.equal(isActive(disabled(one, now, false), now), false)
      assert.equal(isActive(disabled(one, now, true), now + one.period), false)
    }),
  )
})

test('a permission is never active outside of its start and its ends', () => {
  fc.assert(
    fc.property(anyTimes, fc.integer({ min: -1000, max: 4000 }), (one, now) => {
      if (!isActive(one, now)) return
      assert.ok(one.acceptedAt !== undefined && now >= one.start)
      assert.ok(now < (one.until ?? Infinity) && now < (one.usedUpAt ?? Infinity))
      if (one.cancelAtPeriodEnd) assert.ok(now < one.start + one.period)
    }),
  )
})
