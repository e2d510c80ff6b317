import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  askFor,
  discover,
  exchange,
  introspect,
  play,
  type Play,
  redirect,
  refresh,
  refusedWith,
  tokensIn,
} from './oauth-application.ts'

/** The scope of the tokens an application gets when it asks like this, and the owner accepts. */
async function given({ browser, application }: Play, changed: Record<string, string | string[]>) {
  const asked = await askFor(application, '', changed)
  const shown = await browser.open(asked.url)
  const { sentTo } = await browser.send(shown, { decision: 'accept' })
  return tokensIn(await exchange(application, asked, sentTo!))
}

/** The error the browser brings back to the application, without anybody having been asked. */
async function refused({ browser, application }: Play, changed: Record<string, string | string[]>) {
  const { sentTo } = await browser.open((await askFor(application, '', changed)).url)
  assert.equal(sentTo?.href.startsWith(`${redirect}?`), true)
  assert.equal(sentTo?.searchParams.has('code'), false)
  return sentTo?.searchParams.get('error')
}

test('a request without scope asks for what the definition of the application asks for', async (t) => {
  const scene = await play(t)
  const all = 'read:notes read:shared write:notes'
  assert.equal((await given(scene, {})).scope, all)
  for (const scope of [' ', 'openid', 'profile email offline_access'])
    assert.equal((await given(scene, { scope })).scope, all, scope)
})

test('`read` and `write` are all the application itself reads and writes, and nothing beyond', async (t) => {
  const scene = await play(t)
  assert.equal((await given(scene, { scope: 'read write' })).scope, 'read:notes read:shared write:notes')
  const writing = await given(scene, { scope: 'write' })
  assert.equal(writing.scope, 'write:notes')
  const data = `${scene.server.url}/api/v2.6/data/notes/drafts`
  const headers = { authorization: `Bearer ${writing.access}` }
  assert.equal((await fetch(data, { headers })).status, 403)
  assert.equal((await given(scene, { scope: 'write read:shared' })).scope, 'write:notes read:shared')
})

test('unknown scopes and stray spaces count for nothing; a scope beyond the definition is refused', async (t) => {
  const scene = await play(t)
  for (const scope of [
    'openid read:notes',
    '  read:notes  ',
    'read:notes   read:notes',
    'read:notes\tad"min',
    'owner read:notes',
  ])
    assert.equal((await given(scene, { scope })).scope, 'read:notes', scope)
  // What belongs to OpenID Connect comes with `openid`, and means nothing here, either.
  assert.equal(
    (await given(scene, { scope: 'openid read:notes', nonce: 'x', max_age: '1' })).scope,
    'read:notes',
  )
  for (const scope of ['write:shared', 'read:notes write:shared', ' read:private ', 'openid write:shared'])
    assert.equal(await refused(scene, { scope }), 'invalid_scope', scope)
  assert.equal(await refused(scene, { scope: ['read:notes', 'write:notes'] }), 'invalid_request')
})

test('a renewal may name the scopes as they were asked for, and never more than was given', async (t) => {
  const scene = await play(t)
  const { application } = scene
  let { refresh: token } = await given(scene, { scope: 'openid read:notes write:notes' })
  const names: [asked: string, given: string][] = [
    ['openid read:notes write:notes', 'read:notes write:notes'],
    [' read:notes ', 'read:notes'],
    ['openid', 'read:notes write:notes'],
    ['read write', 'read:notes write:notes'],
    ['read', 'read:notes'],
  ]
  for (const [asked, scope] of names) {
    const renewed = tokensIn(await refresh(application, token, asked))
    assert.equal(renewed.scope, scope, asked)
    token = renewed.refresh
  }
  await refusedWith(refresh(application, token, 'read:shared'), 'invalid_scope')
  await refusedWith(refresh(application, token, 'read:notes read:shared'), 'invalid_scope')
  const { refresh: reading } = await given(scene, { scope: 'read:notes' })
  await refusedWith(refresh(application, reading, 'write'), 'invalid_scope')
})

test('every 401 names the scope the request needs, and what it names can be asked for', async (t) => {
  const scene = await play(t)
  const { server, origin } = scene
  const challenge = async (method: string, path: string, headers = {}) => {
    const answer = await fetch(`${server.url}${path}`, { method, headers })
    assert.equal(answer.status, 401)
    return answer.headers.get('www-authenticate') ?? ''
  }
  const data = '/api/v2.6/data/notes/drafts'
  const metadata = `Bearer resource_metadata="${origin}/.well-known/oauth-protected-resource"`
  assert.equal(await challenge('GET', data), `${metadata}, scope="read:notes"`)
  assert.equal(await challenge('QUERY', data), `${metadata}, scope="read:notes"`)
  for (const method of ['POST', 'DELETE'])
    assert.equal(await challenge(method, data), `${metadata}, scope="write:notes"`)
  assert.equal(await challenge('GET', '/api/v2.6/applications'), `${metadata}, scope="read write"`)
  assert.equal(await challenge('GET', '/api/v2.6/data/No"Name/x'), `${metadata}, scope="read write"`)
  const bad = await challenge('GET', data, { authorization: 'Bearer x' })
  assert.equal(bad, `${metadata}, scope="read:notes", error="invalid_token"`)
  const scope = /scope="([^"]+)"/.exec(bad)?.[1] ?? ''
  assert.equal((await given(scene, { scope })).scope, scope)
})

test('both metadata documents name the scopes, and an application that asks for them as they stand gets what is its own', async (t) => {
  const scene = await play(t)
  for (const document of ['oauth-authorization-server', 'oauth-protected-resource']) {
    const told = await fetch(`${scene.origin}/.well-known/${document}`)
    const { scopes_supported: scopes } = (await told.json()) as { scopes_supported: string[] }
    assert.deepEqual(scopes, ['read', 'write'])
    assert.equal(
      (await given(scene, { scope: scopes.join(' ') })).scope,
      'read:notes read:shared write:notes',
    )
  }
})

test('an application that says nowhere what it needs is told so on a page, with the way back', async (t) => {
  const { server, origin, browser } = await play(t)
  const { context } = server
  const { minimalDefinition } = await import('../src/domain/access/definition.ts')
  const { registerApplication } = await import('../src/store/access/applications.ts')
  const definition = minimalDefinition('silent', '1.0.0', [], '2026-11-20T00:00:00.000Z')
  definition.setup = { kind: 'External', validRedirectUris: [redirect] }
  const application = { id: 'silent', version: '1.0.0', definition: JSON.stringify(definition) }
  await context.database.of(1).write((unit) => registerApplication(unit, application, context.now()))
  const silent = await discover(origin, 'silent', redirect)
  for (const scope of ['', 'read write', 'openid']) {
    const asked = await askFor(silent, scope)
    const { status, sentTo, text } = await browser.open(asked.url)
    assert.deepEqual([status, sentTo], [400, undefined], scope)
    assert.match(text, /ask for 1 to 50 scopes such as read:notes and write:notes/)
    const back = /<a href="(https:\/\/notes[^"]+)">Back to the application/.exec(text)?.[1] ?? ''
    const { searchParams } = new URL(back.replaceAll('&amp;', '&'))
    assert.equal(searchParams.get('error'), 'invalid_scope')
    assert.equal(searchParams.get('state'), asked.state)
    assert.equal(searchParams.get('iss'), origin)
  }
  // No way back leads to an address that is not its own.
  const elsewhere = await browser.open(
    (await askFor(silent, '', { redirect_uri: 'https://evil.example/' })).url,
  )
  assert.equal(elsewhere.status, 400)
  assert.doesNotMatch(elsewhere.text, /evil\.example/)
})

test('the resource is the account, its scheme and host in any case, with or without the last slash', async (t) => {
  const scene = await play(t)
  const { origin, application, browser } = scene
  const spelt = [
    origin,
    `${origin}/`,
    origin.toUpperCase(),
    origin.replace('http', 'HTTP').replace('local', 'Local') + '/',
  ]
  for (const [index, resource] of spelt.entries()) {
    const asked = await askFor(application, 'read:notes', { resource })
    const { sentTo } = await browser.send(await browser.open(asked.url), { decision: 'accept' })
    // With the code, and when it renews, the application may well spell it another way.
    const again = spelt[(index + 1) % spelt.length]!
    const parameters = {
      grant_type: 'authorization_code',
      client_id: 'notes',
      code: sentTo!.searchParams.get('code')!,
      redirect_uri: redirect,
      code_verifier: asked.verifier,
    }
    const token = (body: Record<string, string>) =>
      fetch(application.server.token_endpoint!, { method: 'POST', body: new URLSearchParams(body) })
    const wrong = await token({ ...parameters, resource: 'https://other.example.org' })
    assert.equal(((await wrong.json()) as { error: string }).error, 'invalid_target')
    const second = await askFor(application, 'read:notes', { resource })
    const back = await browser.send(await browser.open(second.url), { decision: 'accept' })
    const code = back.sentTo!.searchParams.get('code')!
    const tokens = await token({ ...parameters, code, code_verifier: second.verifier, resource: again })
    const { refresh_token: renewing } = (await tokens.json()) as { refresh_token: string }
    const renewal = { grant_type: 'refresh_token', client_id: 'notes', refresh_token: renewing }
    const renewed = await token({ ...renewal, resource })
    assert.equal(renewed.status, 200)
    const { access_token: access } = (await renewed.json()) as { access_token: string }
    assert.equal((await introspect(application, access)).aud, origin)
  }
  const host = new URL(origin).host
  for (const resource of [
    'https://other.example.org',
    `https://${host}`,
    `${origin}/api`,
    `${origin}//`,
    `${origin}/?x=1`,
    `${origin}/#x`,
    `${origin}/.`,
    `http://me@${host}`,
    `${origin}.example.org`,
    host,
    'localhost',
  ])
    assert.equal(await refused(scene, { scope: 'read:notes', resource }), 'invalid_target', resource)
  assert.equal(await refused(scene, { resource: [origin, 'https://other.example.org'] }), 'invalid_target')
})
