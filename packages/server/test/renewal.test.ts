import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { HatClient } from '@dataswift/hat-js'
import { connect } from '@hatstand/sdk'
import { compactVerify, decodeJwt, importSPKI } from 'jose'
import { ask, type Reply } from './asking.ts'
import { type Engine, engines, routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'

const hour = 3_600_000
const day = 24 * hour

type Scene = { server: TestServer; clock: { now: number }; program: string }

/** A server whose clock begins two hours ago, when its tokens were issued. */
async function start(t: TestContext, engine: Engine): Promise<Scene> {
  const clock = { now: Date.now() - 2 * hour }
  const server = await startServer(t, engine, { now: () => clock.now })
  const program = await server.application('program', { reads: ['a'], writes: ['a'] })
  return { server, clock, program }
}

function send(server: TestServer, token: string, path = '/users/access_token/validate'): Promise<Reply> {
  return ask(server.url, { method: 'GET', path, headers: { 'x-auth-token': token } })
}

const renewalIn = (reply: Reply) => reply.headers['x-auth-token'] as string | undefined

for (const engine of routeEngines) {
  test(`${engine.name}: a renewed token keeps kind, claims, id and end, and is signed by the account's key`, async (t) => {
    const { server, clock, program } = await start(t, engine)
    for (const token of [server.token, program]) assert.equal(renewalIn(await send(server, token)), undefined)
    clock.now += 2 * hour
    const key = await importSPKI(await server.owner.publicKey(), 'RS256')
    for (const token of [server.token, program]) {
      const reply = await send(server, token)
      const renewed = renewalIn(reply)!
      assert.deepEqual(decodeJwt(renewed), { ...decodeJwt(token), iat: Math.floor(clock.now / 1000) })
      await compactVerify(renewed, key, { algorithms: ['RS256'] })
      assert.equal(reply.headers['cache-control'], 'no-store')
      assert.equal((await send(server, renewed)).status, 200)
      assert.equal(renewalIn(await send(server, renewed)), undefined, 'a young one is not renewed again')
    }
  })

  test(`${engine.name}: an application's renewed token is an application's, with no more rights`, async (t) => {
    const { server, clock, program } = await start(t, engine)
    clock.now += 2 * hour
    const renewed = renewalIn(await send(server, program, '/api/v2.6/data/a/notes'))!
    assert.equal(decodeJwt(renewed)['application'], 'program')
    assert.equal(decodeJwt(renewed)['accessScope'], undefined)
    assert.equal((await send(server, renewed, '/api/v2.6/data/a/notes')).status, 200)
    assert.equal((await send(server, renewed, '/api/v2.6/data/b/notes')).status, 403)
  })

  test(`${engine.name}: a token is renewed once, however many ask with it at once, and refusals carry it, too`, async (t) => {
    const { server, clock } = await start(t, engine)
    clock.now += 2 * hour
    const asked = Array.from({ length: 32 }, (_, index) =>
      send(server, server.token, index % 2 === 0 ? undefined : '/api/v2.6/data/NO/notes'),
    )
    const replies = await Promise.all(asked)
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200, 400]))
    const renewals = new Set(replies.map(renewalIn))
    assert.equal(renewals.size, 1)
    clock.now += day
    assert.ok(renewals.has(renewalIn(await send(server, server.token))), 'a day later the same')
  })

  test(`${engine.name}: renewing never moves the end, and what has ended is not renewed`, async (t) => {
    const { server, clock, program } = await start(t, engine)
    for (let token of [server.token, program]) {
      const began = clock.now
      const { exp } = decodeJwt(token)
      for (let days = 0; days < 30; days += 2) {
        clock.now = began + days * day + hour
        token = renewalIn(await send(server, token)) ?? token
        assert.equal(decodeJwt(token).exp, exp)
      }
      clock.now = exp! * 1000
      const reply = await send(server, token)
      assert.deepEqual([reply.status, renewalIn(reply)], [401, undefined])
      clock.now = began
    }
  })
}

test('the official SDK of the HAT and our own adopt a renewed token at once', async (t) => {
  const { server, clock } = await start(t, engines[0]!)
  clock.now += 2 * hour
  const tokens: string[] = []
  const onTokenChange = (token: string) => tokens.push(token)
  const hat = new HatClient({ token: server.token, apiVersion: 'v2.6', secure: false, onTokenChange })
  await hat.hatData().create('notes', 'drafts', { title: 'one' })
  const renewed = tokens.at(-1)!
  assert.notEqual(renewed, server.token)
  assert.equal(hat.auth().getToken(), renewed)
  await hat.hatData().create('notes', 'drafts', { title: 'two' })
  assert.equal(hat.auth().getToken(), renewed, 'which is young')

  const ours: string[] = []
  const pda = connect(server.url, server.token, { onToken: (token) => ours.push(token) })
  await assert.rejects(pda.records.list('NO/notes'), { code: 'invalid_namespace' })
  assert.deepEqual([pda.token, ours], [renewed, [renewed]], 'even with a refusal')
})
