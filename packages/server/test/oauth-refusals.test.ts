import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { test } from 'node:test'
import { ask } from './asking.ts'
import { askFor, openBrowser, play, redirect } from './oauth-application.ts'

test('what is asked wrongly is answered to the application, with what was wrong', async (t) => {
  const { browser, application } = await play(t)
  const cases: [what: string, changed: Record<string, string | string[]>, error: string][] = [
    ['without PKCE', { code_challenge: '', code_challenge_method: '' }, 'invalid_request'],
    ['with a plain challenge', { code_challenge_method: 'plain' }, 'invalid_request'],
    ['for nothing', { response_type: 'none' }, 'unsupported_response_type'],
    ['for what its definition does not ask for', { scope: 'write:shared' }, 'invalid_scope'],
    ['for another resource', { resource: 'https://other.example.org' }, 'invalid_target'],
    ['for part of the resource', { resource: `${application.server.issuer}/api` }, 'invalid_target'],
    [
      'for two resources',
      { resource: [application.server.issuer, 'https://other.example.org'] },
      'invalid_target',
    ],
    ['without asking the owner', { prompt: 'none' }, 'consent_required'],
    ['with parameters inside a token', { request: 'x.y.z' }, 'request_not_supported'],
    [
      'with parameters elsewhere',
      { request_uri: 'https://notes.example.org/r' },
      'request_uri_not_supported',
    ],
  ]
  for (const [what, changed, error] of cases) {
    const asked = await askFor(application, 'read:notes', changed)
    const { sentTo, text } = await browser.open(asked.url)
    assert.equal(sentTo?.searchParams.get('error') ?? text, error, what)
    assert.equal(sentTo?.href.startsWith(`${redirect}?`), true, what)
    assert.equal(sentTo?.searchParams.get('iss'), application.server.issuer, what)
    assert.equal(sentTo?.searchParams.get('state'), asked.state, what)
    assert.equal(sentTo?.searchParams.has('code'), false, what)
  }
})

test('nobody gets a token or an ID token from the authorization endpoint', async (t) => {
  const { browser, application } = await play(t)
  for (const response_type of ['token', 'id_token', 'code token', 'code id_token', 'code id_token token']) {
    const { sentTo } = await browser.open((await askFor(application, 'read:notes', { response_type })).url)
    // Where such a request is answered: RFC 6749, section 4.2.2.1.
    const answer = new URLSearchParams(sentTo?.hash.slice(1))
    assert.match(answer.get('error') ?? '', /invalid_request|unsupported_response_type/, response_type)
    assert.equal(sentTo?.search, '', response_type)
  }
})

test('nobody is sent to an address that is not registered, to the letter', async (t) => {
  const { browser, application } = await play(t)
  const addresses = [
    'https://evil.example/',
    `${redirect}/`,
    `${redirect}?x=1`,
    `${redirect}#x`,
    redirect.toUpperCase(),
    redirect.replace('https', 'http'),
    redirect.replace('notes.', 'notes.example.org@evil.'),
    'javascript:alert(1)',
    '//evil.example/',
    'x',
  ]
  for (const address of addresses)
    for (const changed of [{}, { response_type: 'token' }, { prompt: 'none' }, { scope: 'owner' }] as const) {
      const asked = await askFor(application, 'read:notes', { redirect_uri: address, ...changed })
      const { sentTo, status, headers } = await browser.open(asked.url)
      assert.equal(sentTo, undefined, address)
      assert.equal(status, 400, address)
      assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
    }
})

test('an unknown application gets a page and nothing else, and a stranger does not learn which there are', async (t) => {
  const { origin, browser, application } = await play(t)
  const stranger = openBrowser(origin)
  for (const client_id of ['unknown', 'owner', '', 'x\0y', '__proto__', 'user:1', 'a'.repeat(3000)]) {
    const asked = await askFor(application, 'read:notes', { client_id })
    const { sentTo, status } = await browser.open(asked.url)
    assert.equal(sentTo, undefined, client_id)
    assert.ok(status === 400 || status === 401, `${client_id}: ${status}`)
    assert.match((await stranger.open(asked.url)).url, /\/sign-in/)
  }
  assert.match((await stranger.open((await askFor(application, 'read:notes')).url)).url, /\/sign-in/)
})

test('what comes back comes in the query alone: no page posts it on, no fragment shows it to scripts', async (t) => {
  const { browser, application } = await play(t)
  for (const response_mode of ['form_post', 'fragment', 'web_message', 'jwt', ['query', 'form_post']]) {
    const { url } = await askFor(application, 'read:notes', { response_mode })
    const { sentTo, text } = await browser.open(url)
    assert.equal(sentTo?.hash, '', response_mode.toString())
    assert.equal(sentTo?.searchParams.get('error'), 'unsupported_response_mode', response_mode.toString())
    assert.doesNotMatch(text, /<script/)
  }
  const { url } = await askFor(application, 'read:notes', { response_mode: 'query' })
  assert.match((await browser.open(url)).url, /consent/)
})

test('the token endpoint refuses what is no request for a token, in words for programs', async (t) => {
  const { server, application } = await play(t)
  const form = {
    'content-type': 'application/x-www-form-urlencoded',
    host: new URL(application.server.issuer).host,
  }
  const post = (path: string, body: string, headers: Record<string, string> = form) =>
    ask(server.url, { method: 'POST', path, headers, body })
  const cases: [body: string, error: string][] = [
    ['', 'invalid_request'],
    ['grant_type=password&client_id=notes&username=a&password=b', 'unsupported_grant_type'],
    ['grant_type=client_credentials&client_id=notes', 'unsupported_grant_type'],
    ['grant_type=implicit&client_id=notes', 'unsupported_grant_type'],
    ['grant_type=authorization_code&client_id=notes', 'invalid_request'],
    ['grant_type=authorization_code&client_id=notes&code=x&code_verifier=y&redirect_uri=z', 'invalid_grant'],
    ['grant_type=refresh_token&client_id=notes&refresh_token=x', 'invalid_grant'],
    ['grant_type=refresh_token&client_id=unknown&refresh_token=x', 'invalid_grant'],
    ['grant_type=refresh_token&client_id=notes&refresh_token=x&refresh_token=y', 'invalid_request'],
  ]
  for (const [body, error] of cases) {
    const answer = await post('/oauth/token', body)
    const told = JSON.parse(answer.text) as { error: string; message?: string }
    assert.ok(told.error === error || (body === '' && told.error), `${body}: ${answer.text}`)
    assert.match(String(answer.headers['cache-control']), /no-store/)
    assert.equal(answer.headers['access-control-allow-origin'], '*')
  }
  const json = await post('/oauth/token', '{}', { ...form, 'content-type': 'application/json' })
  assert.equal(json.status, 400)
  assert.equal((await post('/oauth/token', 'x'.repeat(20_000))).status, 413)
  const chunked = { ...form, 'transfer-encoding': 'chunked' }
  assert.equal(
    (await ask(server.url, { method: 'POST', path: '/oauth/token', headers: chunked })).status,
    413,
  )
  const elsewhere = await post('/oauth/token', 'grant_type=x', { ...form, host: 'evil.example' })
  assert.equal(elsewhere.status, 421)
})

test('guessing at the token endpoint is limited, and says for how long', async (t) => {
  const { server, application } = await play(t)
  const headers = {
    'content-type': 'application/x-www-form-urlencoded',
    host: new URL(application.server.issuer).host,
  }
  const body = 'grant_type=refresh_token&client_id=notes&refresh_token=guess'
  const guess = () => ask(server.url, { method: 'POST', path: '/oauth/token', headers, body })
  for (let count = 0; count < 20; count++) assert.equal((await guess()).status, 400)
  const limited = await guess()
  assert.equal(limited.status, 429)
  assert.ok(Number(limited.headers['retry-after']) > 0)
})

test('only what is said to be there is there', async (t) => {
  const { origin, application } = await play(t)
  for (const path of [
    '/.well-known/openid-configuration',
    '/oauth/userinfo',
    '/oauth/me',
    '/oauth/register',
    '/oauth/reg',
    '/oauth/session/end',
    '/oauth/request',
    '/oauth/device',
    '/oauth/jwks',
    '/interaction/x',
    '/me',
    '/auth',
    '/token',
    '/session/end/confirm',
  ])
    for (const method of ['GET', 'POST'])
      assert.ok([404, 415].includes((await fetch(origin + path, { method })).status), `${method} ${path}`)
  const { server } = application
  assert.deepEqual(server.scopes_supported, ['read', 'write'])
  assert.deepEqual(server.grant_types_supported, ['authorization_code', 'refresh_token'])
  assert.deepEqual(server.code_challenge_methods_supported, ['S256'])
  assert.deepEqual(server.token_endpoint_auth_methods_supported, ['none'])
  const metadata = await fetch(`${origin}/.well-known/oauth-authorization-server`, {
    headers: { origin: 'https://app.example' },
  })
  assert.equal(metadata.headers.get('access-control-allow-origin'), '*')
  const resource = await fetch(`${origin}/.well-known/oauth-protected-resource`)
  assert.deepEqual(await resource.json(), {
    resource: origin,
    authorization_servers: [origin],
    scopes_supported: ['read', 'write'],
    bearer_methods_supported: ['header'],
    resource_name: 'personal data account',
  })
})

test('pages of OAuth are for people: no other web origin reads them, and only the own host shows them', async (t) => {
  const { server, application } = await play(t)
  const { url } = await askFor(application, 'read:notes')
  const { pathname, search, host } = new URL(url)
  const answer = await ask(server.url, {
    method: 'GET',
    path: pathname + search,
    headers: { host, origin: 'https://x.example' },
  })
  assert.equal(answer.headers['access-control-allow-origin'], undefined)
  const elsewhere = await ask(server.url, {
    method: 'GET',
    path: pathname + search,
    headers: { host: 'evil.example' },
  })
  assert.equal(elsewhere.status, 421)
  // Cookies belong to a name: who comes by another one of this machine is sent to the account's own.
  const loopback = await ask(server.url, {
    method: 'GET',
    path: pathname + search,
    headers: { host: `127.0.0.1:${new URL(url).port}` },
  })
  assert.equal(loopback.headers['location'], url)
})

test('a browser of an application may ask for tokens from its page, with the headers it needs', async (t) => {
  const { application } = await play(t)
  const preflight = await fetch(application.server.token_endpoint!, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://notes.example.org',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type',
    },
  })
  assert.equal(preflight.status, 204)
  assert.match(preflight.headers.get('access-control-allow-methods') ?? '', /POST/)
})

test('nobody learns from the OAuth routes which applications a person has', async (t) => {
  const clock = { now: Date.now() }
  const { server, application } = await play(t, undefined, { now: () => clock.now })
  const host = new URL(application.server.issuer).host
  const form = { 'content-type': 'application/x-www-form-urlencoded', host }
  const told = async (id: string) => {
    // Past what the limit on guesses remembers.
    clock.now += 60_000
    const bodies = [
      'grant_type=refresh_token&refresh_token=x',
      'grant_type=authorization_code&code=x&code_verifier=y&redirect_uri=z',
      'grant_type=authorization_code',
      'grant_type=password',
      'token=x',
    ]
    const answers = []
    for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect'])
      for (const body of bodies) {
        const sent = { method: 'POST', path, headers: form, body: `${body}&client_id=${id}` }
        const { status, text } = await ask(server.url, sent)
        answers.push([path, body, status, text])
      }
    for (const prompt of ['none', 'none consent', 'login']) {
      const { url } = await askFor({ ...application, client: { client_id: id } }, 'read:notes', { prompt })
      const { status, headers } = await ask(server.url, {
        method: 'GET',
        path: url.slice(application.server.issuer.length),
        headers: { host },
      })
      answers.push([prompt, status, new URL(headers['location'] as string, url).pathname])
    }
    return answers
  }
  const known = await told('notes')
  assert.deepEqual(await told('unknown'), known)
  assert.deepEqual(await told(encodeURIComponent('https://nobody.example.org/app.json')), known)
})

test('who sends a request for a token slowly keeps nobody else waiting', async (t) => {
  const { server, application } = await play(t)
  const { host, port } = new URL(application.server.issuer)
  const slow = connect(Number(port), '127.0.0.1')
  const headers = { 'content-type': 'application/x-www-form-urlencoded', host }
  slow.write(
    `POST /oauth/token HTTP/1.1\r\nhost: ${host}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 99\r\n\r\nclient_id=`,
  )
  const body = 'client_id=notes&token=x'
  const waited: unknown[] = []
  for (let times = 0; times < 3; times++) {
    await new Promise((resolve) => setTimeout(resolve, 100))
    const asked = ask(server.url, { method: 'POST', path: '/oauth/introspect', headers, body })
    const late = new Promise((resolve) => setTimeout(resolve, 60_000, 'late').unref())
    waited.push(await Promise.race([asked, late]))
  }
  // Before anything can fail: a server that closes waits for it.
  slow.destroy()
  assert.equal(waited.includes('late'), false)
})
