import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { definition } from '../../test/definitions.ts'
import { routeEngines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'

const back = 'https://notes.example.org/back?from=hat'
const custom = 'notes://signed-in'

/** An application that is set up, with two addresses to go back to. */
async function withNotes(server: TestServer): Promise<void> {
  const { applications } = server.owner
  await applications.register(
    definition({ roles: ['namespaceread notes'], setup: { validRedirectUris: [back, custom] } }),
  )
  await applications.setUp('notes')
}

for (const engine of routeEngines) {
  test(`${engine.name}: the owner gets the registered address with a token in it that has the rights granted at set-up`, async (t) => {
    const server = await startServer(t, engine)
    await withNotes(server)
    const address = new URL(await server.owner.applications.hatLogin('notes', back))
    assert.equal(address.searchParams.get('from'), 'hat', 'what the address has already stays')
    const token = address.searchParams.get('token')!
    const { application, applicationVersion, accessScope } = decodeJwt(token)
    assert.deepEqual([application, applicationVersion, accessScope], ['notes', '1.0.0', undefined])
    assert.match(await server.owner.applications.hatLogin('notes', custom), /^notes:\/\/signed-in\?token=ey/)
    const wider = definition({
      version: '2.0.0',
      roles: ['namespaceread notes', 'namespacewrite notes'],
      setup: { validRedirectUris: [back] },
    })
    await server.owner.applications.register(wider)
    const later = new URL(await server.owner.applications.hatLogin('notes', back)).searchParams.get('token')!
    for (const each of [token, later]) {
      assert.deepEqual(await server.as(each).records.list('notes/all'), [])
      assert.equal((await refused(server.as(each).records.create('notes/all', {}))).code, 'forbidden')
    }
  })

  test(`${engine.name}: nobody but the owner in person gets one, and only for what is set up, enabled and registered to the letter`, async (t) => {
    const server = await startServer(t, engine)
    await withNotes(server)
    const { applications, accessTokens } = server.owner
    const before = (await accessTokens.list()).length
    const ways = [
      (id: string, address: string, pda = server.owner) => pda.applications.hatLogin(id, address),
      (id: string, address: string, pda = server.owner) => pda.applications.accessTokenFor(id, address),
    ]
    const almighty = server.as(
      await server.application('almighty', { roles: [{ role: 'owner', detail: '' }] }),
    )
    for (const way of ways) {
      assert.equal((await refused(way('notes', back, almighty))).code, 'forbidden')
      assert.equal((await refused(way('nobody', back))).status, 404)
      for (const address of [
        `${back}&x=1`,
        back.toUpperCase(),
        `${back}#`,
        '',
        'null',
        'https://evil.example.org',
      ])
        assert.equal((await refused(way('notes', address))).code, 'redirect_unregistered', address)
    }
    assert.equal((await refused(applications.hatLogin('notes', new URL(back).origin))).status, 400)
    const { accessToken } = await applications.accessTokenFor('notes', new URL(back).origin)
    await server.as(accessToken).accessTokens.validate()
    await applications.disable('notes')
    for (const way of ways) assert.equal((await refused(way('notes', back))).code, 'application_inactive')
    await applications.register(definition({ id: 'fresh', setup: { validRedirectUris: [back] } }))
    for (const way of ways) assert.equal((await refused(way('fresh', back))).code, 'application_inactive')
    assert.equal((await accessTokens.list()).length, before + 1, 'no refusal made a token')
  })
}

test('both parameters are needed, and no page of another origin may ask below /control', async (t) => {
  const server = await startServer(t)
  await withNotes(server)
  const headers = { 'x-auth-token': server.token, origin: 'https://evil.example.org' }
  for (const query of ['', '?name=notes', `?redirect=${encodeURIComponent(back)}`]) {
    const answer = await fetch(`${server.url}/control/v2/auth/hatlogin${query}`, { headers })
    assert.equal(answer.status, 400)
    assert.match(((await answer.json()) as { cause: string }).cause, /parameter (name|redirect) is missing/)
  }
  const query = `?name=notes&redirect=${encodeURIComponent(back)}`
  const control = await fetch(`${server.url}/control/v2/auth/hatlogin${query}`, { headers })
  assert.deepEqual([control.status, control.headers.get('access-control-allow-origin')], [200, null])
  const cookie = { cookie: `hatstand_session=${server.token}` }
  const unsigned = await fetch(`${server.url}/control/v2/auth/hatlogin${query}`, { headers: cookie })
  assert.equal(unsigned.status, 401, 'a cookie is no access token here')
})
