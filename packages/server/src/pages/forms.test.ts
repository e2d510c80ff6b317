import assert from 'node:assert/strict'
import { test } from 'node:test'
import { browse } from '../../test/browsing.ts'
import { routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer } from '../../test/harness.ts'
import { createApp } from '../app.ts'
import type { App } from '../context.ts'
import { markup, page, sendPage } from '../http/page.ts'
import { hiddenFields, pages } from './forms.ts'

const good = { name: ownerName, password: ownerPassword }
const form = { 'content-type': 'application/x-www-form-urlencoded' }
const home = { HATSTAND_DOMAIN: 'me.example.org' }

/** A browser that looks at the sign-in page of a server with its own domain, behind something that speaks HTTPS. */
async function atSignIn(t: { after: (fn: () => unknown) => void }, settings: Record<string, string> = home) {
  const server = await startServer(t, undefined, { settings })
  const person = browse(server.app, settings['HATSTAND_DOMAIN'] ?? new URL(server.url).host)
  assert.equal((await person.open('/sign-in')).statusCode, 200)
  return { server, person, app: server.app }
}

test('a form is taken from the browser that was given it', async (t) => {
  const { person } = await atSignIn(t)
  const headers = { origin: 'https://me.example.org', 'sec-fetch-site': 'same-origin' }
  assert.equal((await person.submit('/sign-in', good, headers)).statusCode, 303)
})

test('a form without its key, with an empty one or with that of another browser is refused, as a page', async (t) => {
  const { person, app } = await atSignIn(t)
  const other = browse(app, 'me.example.org')
  await other.open('/sign-in')
  for (const key of ['', 'x', 'ü'.repeat(43), other.hidden['form_key']!, `${person.hidden['form_key']}=`]) {
    const answer = await person.submit('/sign-in', { ...good, form_key: key })
    assert.equal(answer.statusCode, 403, key)
    assert.match(answer.body, /<h1>Please send the form again<\/h1>/)
    assert.equal(answer.headers['set-cookie'], undefined)
  }
  person.hidden = {}
  assert.equal((await person.submit('/sign-in', good)).statusCode, 403)
})

test('a form without the cookie is refused, although its key is right', async (t) => {
  const { person } = await atSignIn(t)
  person.cookies.clear()
  assert.equal((await person.submit('/sign-in', good)).statusCode, 403)
})

test('all forms of a page share one key, in a browser that has no cookie yet', async (t) => {
  const { context } = await startServer(t)
  const app = await createApp(context)
  t.after(() => app.close())
  pages(app, context, (scope) => {
    scope.get('/two-forms', (request, reply) => {
      const forms = [1, 2].map(() => markup`<form>${hiddenFields(context, request, reply)}</form>`)
      return sendPage(reply, 200, page('Two', markup`${forms}`))
    })
  })
  const answer = await app.inject('/two-forms')
  assert.equal([answer.headers['set-cookie']].flat().length, 1)
  const keys = [...answer.body.matchAll(/name="form_key" value="([^"]+)"/g)].map(([, key]) => key)
  assert.equal(keys.length, 2)
  assert.equal(new Set(keys).size, 1)
})

test('over HTTPS the cookie is one that no neighbouring domain can set', async (t) => {
  const { person, app } = await atSignIn(t)
  const { headers } = await app.inject({ url: '/sign-in', headers: { host: 'me.example.org' } })
  assert.match(
    String(headers['set-cookie']),
    /^__Host-hatstand_form=[\w-]{32}; Path=\/; HttpOnly; SameSite=Lax; Secure$/,
  )
  const value = person.cookies.get('__Host-hatstand_form')!
  person.cookies.clear()
  person.cookies.set('hatstand_form', value)
  assert.equal((await person.submit('/sign-in', good)).statusCode, 403)
})

test('a form sent from a page of another origin is refused', async (t) => {
  const { person } = await atSignIn(t)
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'http://me.example.org' },
    { origin: 'https://me.example.org:8443' },
    { origin: 'https://me.example.org.evil.example' },
    { origin: 'null' },
    { origin: '' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { origin: 'https://me.example.org', 'sec-fetch-site': 'cross-site' },
  ] as Record<string, string>[])
    assert.equal((await person.submit('/sign-in', good, headers)).statusCode, 403, JSON.stringify(headers))
})

test('signing in makes the forms of before useless: what a page asked the stranger it does not ask the owner', async (t) => {
  const { person } = await atSignIn(t)
  const { form_key: before = '' } = person.hidden
  await person.submit('/sign-in', good)
  assert.equal((await person.submit('/sign-out', { form_key: before })).statusCode, 403)
  await person.open('/account')
  assert.equal((await person.submit('/sign-out', {})).statusCode, 303)
})

const ownNames: [host: string, settings: Record<string, string>][] = [
  ['me.example.org', home],
  ['ME.example.org', home],
  ['localhost:8080', home],
  ['127.0.0.1:9000', home],
  ['[::1]:8080', home],
  ['me.example.org:8080', { HATSTAND_DOMAIN: 'me.example.org:8080' }],
]

for (const [host, settings] of ownNames)
  test(`pages are given at ${host} of a local server with the domain ${settings['HATSTAND_DOMAIN']}`, async (t) => {
    const { app } = await startServer(t, undefined, { settings })
    assert.equal((await signInAt(app, host)).statusCode, 200)
  })

const foreign = [
  'evil.example',
  'me.example.org.evil.example',
  'me.example.org:8080',
  'evil.example:8080',
  'localhost.evil.example',
  '127.0.0.1.evil.example',
  '128.0.0.1',
  '127.1.evil.example:80',
  '[::2]',
  '0.0.0.0',
  '169.254.169.254',
]

for (const host of foreign)
  test(`under the foreign host ${host} there is no page, and nothing is told`, async (t) => {
    const { app } = await startServer(t, undefined, { settings: home })
    const answer = await signInAt(app, host)
    assert.equal(answer.statusCode, 421)
    assert.match(answer.body, /<h1>Nothing here<\/h1>/)
    assert.ok(!answer.body.includes('me.example.org'))
    assert.equal(answer.headers['set-cookie'], undefined)
    const sent = await app.inject({
      method: 'POST',
      url: '/sign-in',
      headers: { host, ...form },
      payload: 'name=x',
    })
    assert.equal(sent.json().code, 'host_refused')
  })

test('a server on every network gives its pages at its own domain only', async (t) => {
  const { app, context } = await startServer(t, undefined, { settings: home })
  Object.assign(context, { config: { ...context.config, host: '0.0.0.0' } })
  assert.equal((await signInAt(app, 'me.example.org')).statusCode, 200)
  assert.equal((await signInAt(app, 'localhost:8080')).statusCode, 421)
  assert.equal((await signInAt(app, '127.0.0.1')).statusCode, 421)
})

test('pages may be framed, kept or read by nobody else, and run and load nothing', async (t) => {
  const { app } = await startServer(t)
  const headers = { accept: 'text/html', origin: 'https://evil.example' }
  for (const url of ['/', '/sign-in', '/sign-out', '/setup?code=x', '/hatlogin', '/account']) {
    const answer = await app.inject({ url, headers })
    assert.equal(answer.headers['access-control-allow-origin'], undefined, url)
    assert.equal(answer.headers['cache-control'], 'no-store', url)
    if (answer.statusCode === 303) continue
    const policy = String(answer.headers['content-security-policy'])
    for (const part of [
      "default-src 'none'",
      "base-uri 'none'",
      "frame-ancestors 'none'",
      "form-action 'self'",
    ])
      assert.ok(policy.split('; ').includes(part), `${url}: ${part}`)
    assert.ok(!/unsafe|\*/.test(policy), url)
    assert.equal(answer.headers['x-frame-options'], 'DENY')
    assert.equal(answer.headers['x-content-type-options'], 'nosniff')
    assert.match(answer.body, /^<!doctype html>\n<html lang="en">/)
  }
})

test('people get a page where programs get the one error shape', async (t) => {
  const { app } = await startServer(t)
  const person = browse(app)
  const large = await person.submit('/sign-in', { name: 'x'.repeat(20_000) })
  assert.equal(large.statusCode, 413)
  assert.match(large.body, /<h1>That was too much<\/h1>/)
  const json = { ...form, accept: 'application/json' }
  const program = await app.inject({ method: 'POST', url: '/sign-in', headers: json, payload: 'x' })
  assert.equal(program.json().code, 'form_refused')
  const wrongType = await person.submit('/sign-in', {}, { 'content-type': 'text/plain' })
  assert.equal(wrongType.statusCode, 415)
  assert.match(String(wrongType.headers['content-type']), /^text\/html/)
})

test('an address where nothing is gets people a page, and programs the one error shape', async (t) => {
  const { app } = await startServer(t)
  const nowhere = await browse(app).open('/nowhere?<b>')
  assert.equal(nowhere.statusCode, 404)
  assert.match(nowhere.body, /<h1>Nothing here<\/h1>/)
  const sdk = await app.inject({ url: '/nowhere', headers: { accept: 'application/json' } })
  assert.equal(sdk.json().code, 'route_unknown')
  const api = await browse(app).open('/api/v2.6/nowhere')
  assert.equal(api.json().code, 'route_unknown')
})

test('HEAD is answered like GET, without a body', async (t) => {
  const { app } = await startServer(t)
  const answer = await app.inject({ method: 'HEAD', url: '/sign-in', headers: { accept: 'text/html' } })
  assert.equal(answer.statusCode, 200)
  assert.equal(answer.body, '')
})

function signInAt(app: App, host: string) {
  return app.inject({ url: '/sign-in', headers: { host, accept: 'text/html' } })
}

for (const engine of routeEngines)
  test(`a NUL in what a browser sends is refused, and never an error of ours, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const person = browse(server.app, new URL(server.url).host)
    await person.open('/sign-in')
    await person.submit('/sign-in', good)
    for (const [path, name] of [
      ['/account/access', 'end'],
      ['/account/applications', 'disable'],
      ['/account/second-factors/remove', 'remove'],
    ] as const) {
      await person.open('/account')
      assert.equal((await person.submit(path, { [name]: 'a\0b' })).statusCode, 400, path)
    }
    const id = 'application_id=a%00b&redirect_uri=https%3A%2F%2Fapp.example.org'
    assert.equal((await person.open(`/hatlogin?${id}`)).statusCode, 404)
    const headers = { 'x-auth-token': server.token, 'content-type': 'application/json' }
    for (const url of [
      '/control/v2/auth/hatlogin?name=a%00b&redirect=https://app.example.org',
      '/users/application_token?name=a%00b&resource=https://app.example.org',
    ])
      assert.equal((await server.app.inject({ url, headers })).statusCode, 404, url)
    // What no schema refuses: SQLite finds nothing, PostgreSQL refuses.
    const url = '/api/v2.6/ledger?holder=a%00b'
    assert.equal((await server.app.inject({ url, headers })).statusCode, engine.name === 'SQLite' ? 200 : 400)
    const user = { email: 'anna', name: 'a\0b', password: 'correct horse battery' }
    const added = await server.app.inject({ method: 'POST', url: '/users/user', headers, payload: user })
    assert.equal(added.statusCode, 400)
  })
