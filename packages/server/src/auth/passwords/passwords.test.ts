import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, isPassword, maxWaiting } from './passwords.ts'

test('a password is recognised by its hash, and no other is', async () => {
  const stored = await hashPassword('correct horse ä☂')
  assert.equal(await isPassword('correct horse ä☂', stored), true)
  for (const wrong of ['correct horse ä☂ ', 'Correct horse ä☂', 'correct horse', ''])
    assert.equal(await isPassword(wrong, stored), false)
})

test('a hash is argon2id with 46 MiB, one pass and a salt of its own', async () => {
  const [one, other] = await Promise.all([hashPassword('the same one'), hashPassword('the same one')])
  assert.match(one, /^\$argon2id\$v=19\$m=47104,t=1,p=1\$[\w+/]{22}\$[\w+/]{43}$/)
  assert.notEqual(one, other)
})

test('a hash made with other costs, as by other programs, is checked with those', async () => {
  // Made by the reference implementation: argon2id, m=256, t=2, p=1, salt "somesalt", password "password".
  const foreign = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
  assert.equal(await isPassword('password', foreign), true)
  assert.equal(await isPassword('passwort', foreign), false)
})

test('when too many wait for their turn, others are sent away for some seconds and wait for nothing', async () => {
  const cheap = '$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4'
  const all = await Promise.allSettled(Array.from({ length: 500 }, () => isPassword('password', cheap)))
  const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []))
  assert.equal(all.length - refused.length, maxWaiting + 2)
  for (const { code, headers } of refused)
    assert.deepEqual([code, headers], ['too_many_attempts', { 'retry-after': '5' }])
  assert.equal(await isPassword('password', cheap), true)
})

test('what is no such hash fits no password', async () => {
  for (const stored of ['', 'password', '$argon2i$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65', '$2a$12$abc'])
    assert.equal(await isPassword('password', stored), false)
})
