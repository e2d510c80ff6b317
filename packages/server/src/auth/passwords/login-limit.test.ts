import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ApiError } from '../../errors.ts'
import { limitAttempts } from './login-limit.ts'

const limitLogins = () =>
  limitAttempts({ most: 10, milliseconds: 60_000, what: 'failed attempts in a minute for this name' })
const start = 1_700_000_000_000
const wrong = async () => undefined
const right = async () => 'signed in'
const broken = () => Promise.reject(new Error('the database is away'))

function isLimit(error: unknown): boolean {
  return error instanceof ApiError && error.code === 'too_many_attempts'
}

async function failTenTimes(attempt: ReturnType<typeof limitLogins>, name: string, address: string) {
  for (let count = 0; count < 10; count++)
    assert.equal(await attempt(name, address, start + count, wrong), undefined)
}

test('the eleventh attempt after ten failures in a minute is refused, whatever the password', async () => {
  const attempt = limitLogins()
  await failTenTimes(attempt, 'alice', '192.0.2.1')
  await assert.rejects(attempt('alice', '192.0.2.1', start + 1000, wrong), isLimit)
  await assert.rejects(attempt('alice', '192.0.2.1', start + 1000, right), isLimit)
})

test('the refusal says in how many seconds to try again, and then it works', async () => {
  const attempt = limitLogins()
  await failTenTimes(attempt, 'alice', '192.0.2.1')
  await assert.rejects(
    attempt('alice', '192.0.2.1', start + 15_000, wrong),
    (error: ApiError) => error.headers['retry-after'] === '45',
  )
  assert.equal(await attempt('alice', '192.0.2.1', start + 60_001, right), 'signed in')
})

test("a stranger's failures from another address never lock the owner out", async () => {
  const attempt = limitLogins()
  await failTenTimes(attempt, 'alice', '203.0.113.9')
  assert.equal(await attempt('alice', '192.0.2.1', start + 1000, right), 'signed in')
  assert.equal(await attempt('bob', '203.0.113.9', start + 1000, right), 'signed in')
})

test('only failures count: a client may sign in as often as it likes', async () => {
  const attempt = limitLogins()
  for (let count = 0; count < 50; count++)
    assert.equal(await attempt('alice', '::1', start, right), 'signed in')
})

test('a hundred guesses at once get ten tries', async () => {
  const attempt = limitLogins()
  let tried = 0
  const guess = async () => {
    tried++
    return undefined
  }
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, () => attempt('alice', '::1', start, guess)),
  )
  assert.equal(tried, 10)
  assert.equal(results.filter((result) => result.status === 'rejected' && isLimit(result.reason)).length, 90)
})

test('an attempt that breaks counts nothing and blocks nobody', async () => {
  const attempt = limitLogins()
  await assert.rejects(attempt('alice', '::1', start, broken), /away/)
  assert.equal(await attempt('alice', '::1', start, right), 'signed in')
})

test('memory stays bounded when a stranger tries endless names', async () => {
  const attempt = limitLogins()
  await failTenTimes(attempt, 'alice', '::1')
  const before = process.memoryUsage().heapUsed
  for (let count = 0; count < 30_000; count++) await attempt(`name-${count}`, '::1', start, wrong)
  assert.ok(process.memoryUsage().heapUsed - before < 60 * 2 ** 20)
})

test('who tries a thousand names at once waits for himself: another address has its turn at once', async () => {
  const attempt = limitLogins()
  let underWay = 0
  let most = 0
  const slow = async () => {
    most = Math.max(most, ++underWay)
    await new Promise((resolve) => setTimeout(resolve, 1))
    underWay--
    return undefined
  }
  let tried = 0
  const flood = Array.from({ length: 1000 }, async (_, number) => {
    await attempt(`name-${number}`, '203.0.113.9', start, slow)
    tried++
  })
  const ended = Promise.allSettled(flood)
  assert.equal(await attempt('alice', '192.0.2.1', start, right), 'signed in')
  assert.ok(tried < 10, `${tried} attempts went first`)
  const refused = (await ended).flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  assert.deepEqual([most, tried, refused.length], [1, 100, 900])
  for (const { code, headers } of refused)
    assert.deepEqual([code, headers], ['too_many_attempts', { 'retry-after': '5' }])
})

test('one IPv6 network is one place, others and IPv4 addresses are each their own', async () => {
  const attempt = limitLogins()
  for (let count = 0; count < 10; count++)
    await attempt('alice', `2001:db8:0:7:${count.toString(16)}::1`, start, wrong)
  await assert.rejects(attempt('alice', '2001:DB8::7:1:2:3:4', start, right), isLimit)
  for (const elsewhere of ['2001:db8:0:8::1', '::ffff:192.0.2.1', '::1', '2001:db8::7', 'fe80::1%eth0'])
    assert.equal(await attempt('alice', elsewhere, start, right), 'signed in')
})
