import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { browse } from '../../test/browsing.ts'
import { routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer } from '../../test/harness.ts'
import { createApp } from '../app.ts'
import { listAccessTokens, removeAccessToken, removeTokensOf } from '../store/access/access-tokens.ts'
import { replaceOwner } from '../store/access/owners.ts'
import { browserIn } from './sessions.ts'

const day = 86_400_000
const good = { name: ownerName, password: ownerPassword }
const userAgent = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0' }

for (const engine of routeEngines) {
  async function signedIn(t: { after: (fn: () => unknown) => void }) {
    const clock = { now: Date.now() }
    const server = await startServer(t, engine, { now: () => clock.now })
    const person = browse(server.app)
    const signIn = async () => {
      await person.open('/sign-in')
      assert.equal((await person.submit('/sign-in', good, userAgent)).statusCode, 303)
    }
    await signIn()
    const isIn = async () => (await person.open('/account')).statusCode === 200
    assert.equal(await isIn(), true)
    const { database } = server.context
    const sessions = async () =>
      (await database.of(1).read((unit) => listAccessTokens(unit, clock.now))).filter(
        ({ kind }) => kind === 'session',
      )
    return { server, person, clock, database, isIn, signIn, sessions }
  }

  test(`a session is kept with what the owner knows it by, and its secret is not, on ${engine.name}`, async (t) => {
    const { person, sessions, clock } = await signedIn(t)
    const [session, ...more] = await sessions()
    assert.equal(more.length, 0)
    assert.deepEqual([session?.about, session?.holder], ['Firefox on Linux', 'owner'])
    assert.equal(session?.expiresAt, clock.now + 7 * day)
    assert.notEqual(session?.tokenId, person.cookies.get('hatstand_session'))
  })

  test(`a session ends for this browser on every server at once, whoever ends it, on ${engine.name}`, async (t) => {
    const { server, person, database, isIn, signIn, sessions } = await signedIn(t)
    const second = await createApp({ ...server.context })
    t.after(() => second.close())
    const elsewhere = browse(second)
    const isInElsewhere = async () => (await elsewhere.open('/account')).statusCode === 200
    const endings = [
      async () => void (await person.submit('/sign-out', {})),
      async () => {
        const [session] = await sessions()
        await database.of(1).write((unit) => removeAccessToken(unit, session!.tokenId))
      },
      async () => void (await database.of(1).write((unit) => removeTokensOf(unit, 'owner'))),
    ]
    for (const end of endings) {
      await signIn()
      elsewhere.cookies = new Map(person.cookies)
      assert.deepEqual([await isIn(), await isInElsewhere()], [true, true])
      await end()
      assert.deepEqual([await isIn(), await isInElsewhere()], [false, false])
    }
  })

  test(`a session ends after 30 days, and after 7 without use, on ${engine.name}`, async (t) => {
    const { clock, isIn, signIn, sessions } = await signedIn(t)
    clock.now += 7 * day + 61_000
    assert.equal(await isIn(), false)
    await signIn()
    for (let days = 0; days < 28; days += 4) {
      clock.now += 4 * day
      assert.equal(await isIn(), true, `after ${days + 4} days`)
      // That it was used is written beside the answer.
      while ((await sessions())[0]?.usedAt !== clock.now) await nextTurn()
    }
    clock.now += 2 * day
    assert.equal(await isIn(), false)
  })

  test(`a session ends with the owner it belongs to, on ${engine.name}`, async (t) => {
    const { clock, database, isIn } = await signedIn(t)
    const next = { name: 'somebody', passwordHash: 'x', subject: 'another subject' }
    await database.of(1).write((unit) => replaceOwner(unit, next, clock.now))
    assert.equal(await isIn(), false)
  })

  test(`each sign-in is a new session, and the one before is gone, on ${engine.name}`, async (t) => {
    const { person, server, sessions } = await signedIn(t)
    const fixed = person.cookies.get('hatstand_session')!
    // As if somebody had planted a cookie: the form is asked for with it.
    const victim = browse(server.app)
    victim.cookies.set('hatstand_session', 'planted')
    await victim.open('/sign-in')
    await victim.submit('/sign-in', good)
    assert.notEqual(victim.cookies.get('hatstand_session'), 'planted')
    assert.equal((await sessions()).length, 2)
    await person.open('/account')
    await person.submit('/sign-in', good)
    assert.notEqual(person.cookies.get('hatstand_session'), fixed)
    assert.equal((await sessions()).length, 2)
  })
}

test('a session is no access token, and an access token no session', async (t) => {
  const server = await startServer(t)
  const person = browse(server.app)
  await person.open('/sign-in')
  await person.submit('/sign-in', good)
  const secret = person.cookies.get('hatstand_session')!
  for (const headers of [
    { 'x-auth-token': secret },
    { authorization: `Bearer ${secret}` },
    { cookie: `hatstand_session=${secret}` },
  ]) {
    const answer = await server.app.inject({
      url: '/api/v2.6/data/sources',
      headers: headers as Record<string, string>,
    })
    assert.equal(answer.statusCode, 401)
  }
  person.cookies.set('hatstand_session', server.token)
  assert.equal((await person.open('/account')).statusCode, 303)
})

test('the owner knows a browser by its name and system', () => {
  const agents = {
    'Chrome on Windows':
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
    'Edge on Windows':
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0',
    'Safari on iPhone':
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1',
    'Safari on macOS':
      'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15',
    'Firefox on Android': 'Mozilla/5.0 (Android 16; Mobile; rv:145.0) Gecko/145.0 Firefox/145.0',
    'a browser': '<script>',
  }
  for (const [words, agent] of Object.entries(agents)) assert.equal(browserIn(agent), words)
})
