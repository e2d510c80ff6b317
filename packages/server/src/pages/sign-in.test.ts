import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browse } from '../../test/browsing.ts'
import { ownerName, ownerPassword, startServer } from '../../test/harness.ts'

const good = { name: ownerName, password: ownerPassword }

async function stranger(t: { after: (fn: () => unknown) => void }, now?: () => number) {
  const server = await startServer(t, undefined, now ? { now } : {})
  return { server, person: browse(server.app) }
}

test('who signs in goes back to the page that asked for it', async (t) => {
  const { person } = await stranger(t)
  const asked = await person.open('/account?tab=1')
  assert.equal(asked.statusCode, 303)
  assert.equal(asked.headers.location, '/sign-in?return=%2Faccount%3Ftab%3D1')
  await person.open(asked.headers.location)
  const done = await person.submit('/sign-in', good)
  assert.deepEqual([done.statusCode, done.headers.location], [303, '/account?tab=1'])
  const page = await person.open('/account')
  assert.match(page.body, new RegExp(`signed in as <strong>${ownerName}</strong>`))
})

test('who is signed in already is not asked again', async (t) => {
  const { person } = await stranger(t)
  await person.open('/sign-in')
  await person.submit('/sign-in', good)
  assert.equal((await person.open('/sign-in')).headers.location, '/account')
  assert.equal((await person.open('/sign-in?return=/docs')).headers.location, '/docs')
})

test('a wrong password and an unknown name are answered alike', async (t) => {
  const { person } = await stranger(t)
  const page = await person.open('/sign-in')
  assert.match(page.body, /id="name" name="name" .*autocomplete="username"/)
  assert.match(page.body, /id="password" name="password" type="password" .*autocomplete="current-password"/)
  const wrong = await person.submit('/sign-in', { ...good, password: 'not the password' })
  const unknown = await person.submit('/sign-in', { ...good, name: 'mallory' })
  for (const answer of [wrong, unknown]) {
    assert.equal(answer.statusCode, 403)
    assert.match(answer.body, /role="alert"><p>The name or the password is wrong\.</)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  assert.equal(wrong.body.replaceAll(ownerName, ''), unknown.body.replaceAll('mallory', ''))
  assert.ok(!wrong.body.includes('not the password'), 'the password is not sent back')
})

test('of a name too many guesses are refused with a page that says so; the owner elsewhere still gets in', async (t) => {
  const { server, person } = await stranger(t)
  await person.open('/sign-in')
  for (let guess = 0; guess < 10; guess++)
    assert.equal((await person.submit('/sign-in', { ...good, password: `guess ${guess}` })).statusCode, 403)
  const refused = await person.submit('/sign-in', good)
  assert.equal(refused.statusCode, 429)
  assert.match(refused.body, /Too many attempts/)
  assert.ok(Number(refused.headers['retry-after']) > 0)
  const headers = { username: ownerName, password: ownerPassword }
  const byHeader = await server.app.inject({ url: '/users/access_token', headers })
  assert.equal(byHeader.statusCode, 429, 'the header login counts the same guesses')
  const elsewhere = await server.app.inject({
    url: '/users/access_token',
    headers,
    remoteAddress: '10.1.2.3',
  })
  assert.equal(elsewhere.statusCode, 200)
})

const elsewhere = [
  'https://evil.example/',
  '//evil.example',
  '/\\evil.example',
  '/.//evil.example',
  '\\\\evil.example',
  'javascript:alert(1)',
  '/%0d%0aset-cookie:x=1/../../\\evil.example',
]

for (const target of elsewhere)
  test(`signing in leads nowhere else: return=${target}`, async (t) => {
    const { person } = await stranger(t)
    const page = await person.open(`/sign-in?return=${encodeURIComponent(target)}`)
    assert.equal(page.statusCode, 200)
    assert.equal(person.hidden['return'], undefined)
    const done = await person.submit('/sign-in', { ...good, return: target })
    assert.deepEqual([done.statusCode, done.headers.location], [303, '/account'])
    const again = await person.open(`/sign-in?return=${encodeURIComponent(target)}`)
    assert.equal(again.headers.location, '/account')
  })

test('signing out takes a form; a link or an image of another site signs nobody out', async (t) => {
  const { person } = await stranger(t)
  await person.open('/sign-in')
  await person.submit('/sign-in', good)
  const asked = await person.open('/sign-out')
  assert.match(asked.body, /<h1>Sign out\?<\/h1>/)
  assert.equal((await person.open('/account')).statusCode, 200)
  const done = await person.submit('/sign-out', {})
  assert.deepEqual([done.statusCode, done.headers.location], [303, '/sign-out'])
  assert.equal(person.cookies.get('hatstand_session'), undefined)
  assert.match((await person.open('/sign-out')).body, /<h1>You are signed out<\/h1>/)
})

test('the second step is for who gave the password, in this browser and for a short while', async (t) => {
  const clock = { now: Date.now() }
  const { person } = await stranger(t, () => clock.now)
  for (const cookie of [undefined, 'x', `${Math.floor(clock.now / 1000) + 60}.${'A'.repeat(43)}`]) {
    if (cookie) person.cookies.set('hatstand_second_step', cookie)
    const answer = await person.open('/sign-in/second-factor?return=/docs')
    assert.deepEqual([answer.statusCode, answer.headers.location], [303, '/sign-in?return=%2Fdocs'])
  }
})
