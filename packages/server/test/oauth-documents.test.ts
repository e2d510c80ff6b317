import assert from 'node:assert/strict'
import type { RequestListener } from 'node:http'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { after, test, type TestContext } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { disableApplication, findApplication } from '../src/store/access/applications.ts'
import { ask } from './asking.ts'
import { certificateForLocalhost } from './certificate.ts'
import {
  askFor,
  discover,
  exchange,
  getTokens,
  openBrowser,
  play,
  type Play,
  refresh,
  refusedWith,
  tokensIn,
} from './oauth-application.ts'

const certificate = certificateForLocalhost()
setDefaultCACertificates([...getCACertificates('default'), certificate.cert])

/** A web site of an application, which shows documents by path and counts who asks for them. */
async function webSite(documents: Record<string, object | RequestListener>) {
  const asked: string[] = []
  const server = createServer(certificate, (request, response) => {
    asked.push(request.url ?? '')
    const document = documents[request.url ?? '']
    if (typeof document === 'function') {
      document(request, response)
      return
    }
    response.writeHead(document ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(document ?? {}))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const host = `localhost:${(server.address() as AddressInfo).port}`
  return { host, origin: `https://${host}`, asked, documents }
}

/** A site with one application, and a server that may ask it. */
async function withSite(t: TestContext, document: object = {}, private_ = true) {
  const site = await webSite({})
  const clientId = `${site.origin}/app.json`
  const redirect = `${site.origin}/back`
  site.documents['/app.json'] = {
    client_id: clientId,
    client_name: 'Walks',
    client_uri: site.origin,
    redirect_uris: [redirect],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'none',
    ...document,
  }
  const settings = private_ ? { HATSTAND_PRIVATE_HOSTS: site.host } : {}
  const scene = await play(t, undefined, { settings })
  const walks = await discover(scene.origin, clientId, redirect)
  return { scene, site, clientId, redirect, walks }
}

const registered = ({ server }: Play, id: string) =>
  server.context.database.of(1).read((unit) => findApplication(unit, id))

test('an application that nobody registered introduces itself by a document, and the owner registers it by accepting', async (t) => {
  const { scene, site, clientId, walks } = await withSite(t)
  const { browser, server } = scene
  const asked = await askFor(walks, 'read:walks write:walks')
  const shown = await browser.open(asked.url)
  assert.match(shown.text, /Give <bdi>Walks<\/bdi> access to your data\?/)
  assert.match(shown.text, /from <strong>localhost<\/strong>/)
  assert.equal(await registered(scene, clientId), undefined)
  const { sentTo } = await browser.send(shown, { decision: 'accept' })
  const tokens = tokensIn(await exchange(walks, asked, sentTo!))
  const record = await server.as(tokens.access).records.create('walks/log', { km: 4 })
  const [seen] = await server.owner.records.list('walks/log', { meta: true })
  assert.equal(seen?.recordId, record.recordId)
  assert.equal(seen?.writer, clientId)
  const known = await registered(scene, clientId)
  const definition = JSON.parse(known!.definition)
  assert.equal(definition.info.name, 'Walks')
  assert.deepEqual(definition.setup.validRedirectUris, [])
  assert.deepEqual(known?.roles, [
    { role: 'namespaceread', detail: 'walks' },
    { role: 'namespacewrite', detail: 'walks' },
  ])
  assert.ok(await refresh(walks, tokens.refresh))
  assert.deepEqual(site.asked, ['/app.json'])
})

test('a second consent adds to the first, and an application that was disabled has to ask again', async (t) => {
  const { scene, clientId, walks } = await withSite(t)
  const first = await getTokens(scene.browser, walks, 'read:walks')
  await getTokens(scene.browser, walks, 'read:notes')
  assert.equal((await registered(scene, clientId))?.roles.length, 2)
  await scene.server.context.database.of(1).write((unit) => disableApplication(unit, clientId, Date.now()))
  await refusedWith(refresh(walks, first.refresh), 'invalid_grant')
  const shown = await scene.browser.open((await askFor(walks, 'read:walks')).url)
  assert.doesNotMatch(shown.text, /It may already/)
})

test('a document is taken only if it is one, of this address, of a public client, and safe', async (t) => {
  const cases: [what: string, document: object][] = [
    ['another id', { client_id: 'https://other.example/app.json' }],
    ['no redirects', { redirect_uris: [] }],
    ['a script as redirect', { redirect_uris: ['javascript:alert(1)'] }],
    ['a secret', { client_secret: 'x' }],
    ['client authentication', { token_endpoint_auth_method: 'client_secret_basic' }],
  ]
  const { scene, site, clientId, walks } = await withSite(t)
  const sound = site.documents['/app.json'] as object
  for (const [what, document] of cases) {
    site.documents['/app.json'] = { ...sound, ...document }
    const { status, sentTo } = await scene.browser.open((await askFor(walks, 'read:walks')).url)
    assert.ok(status >= 400, `${what}: ${status}`)
    assert.equal(sentTo, undefined, what)
  }
  const answers: [what: string, answer: RequestListener][] = [
    ['a redirect', (_request, response) => response.writeHead(302, { location: '/sound.json' }).end()],
    ['no JSON', (_request, response) => response.end('<html>')],
    ['an array', (_request, response) => response.end('[]')],
    ['too much', (_request, response) => response.end(JSON.stringify({ ...sound, x: 'x'.repeat(10_000) }))],
    ['an error', (_request, response) => response.writeHead(500).end(JSON.stringify(sound))],
    ['nothing', (request) => request.socket.destroy()],
  ]
  site.documents['/sound.json'] = sound
  for (const [what, answer] of answers) {
    site.documents['/app.json'] = answer
    const { status, sentTo } = await scene.browser.open((await askFor(walks, 'read:walks')).url)
    assert.ok(status >= 400, `${what}: ${status}`)
    assert.equal(sentTo, undefined, what)
  }
  assert.equal(site.asked.includes('/sound.json'), false)
  site.documents['/app.json'] = sound
  const { url } = await askFor(walks, 'read:walks')
  assert.equal((await scene.browser.open(url)).text.includes('Give Walks access'), true)
  assert.equal(await registered(scene, clientId), undefined)
})

test('a program of a device, known by its document, comes back to this machine on any port, and nowhere else', async (t) => {
  const redirects = ['http://127.0.0.1/callback', 'http://localhost/callback', 'http://[::1]/callback']
  const { scene, walks } = await withSite(t, { redirect_uris: redirects })
  const { browser } = scene
  for (const address of redirects) {
    const redirect = address.replace('/callback', ':53111/callback')
    const asked = await askFor({ ...walks, redirect }, 'read:walks')
    const { sentTo } = await browser.send(await browser.open(asked.url), { decision: 'accept' })
    assert.ok(sentTo?.href.startsWith(redirect), sentTo?.href)
    // A code is for the address it went to, with its port.
    await refusedWith(exchange({ ...walks, redirect: address }, asked, sentTo!), 'invalid_grant')
    assert.ok(await exchange({ ...walks, redirect }, asked, sentTo!))
  }
  for (const redirect_uri of [
    'http://127.0.0.1:53111/other',
    'http://127.0.0.1:53111/callback?x=1',
    'https://127.0.0.1:53111/callback',
    'http://192.168.0.2:53111/callback',
    'http://walks.example.org/callback',
    'https://walks.example.org/callback',
  ]) {
    const { status, sentTo } = await browser.open((await askFor(walks, 'read:walks', { redirect_uri })).url)
    assert.deepEqual([status, sentTo], [400, undefined], redirect_uri)
  }
})

test('an own scheme in a document needs no further word, whatever kind of application it says it is', async (t) => {
  const redirect = 'org.example.walks:/back'
  const { scene, walks } = await withSite(t, { redirect_uris: [redirect], application_type: 'web' })
  const tokens = await getTokens(scene.browser, { ...walks, redirect }, 'read:walks')
  assert.equal(tokens.scope, 'read:walks')
})

test('the scope of a document is what it asks for when it names none, and scopes of other servers in it count for nothing', async (t) => {
  const { scene, clientId, walks } = await withSite(t, {
    scope: ' openid  read:walks write:walks offline_access',
  })
  for (const scope of ['', 'read write', 'openid']) {
    const tokens = await getTokens(scene.browser, walks, scope)
    assert.equal(tokens.scope, 'read:walks write:walks')
  }
  // It may ask for something else, as the owner sees what.
  assert.equal((await getTokens(scene.browser, walks, 'read:notes')).scope, 'read:notes')
  assert.equal((await registered(scene, clientId))?.roles.length, 3)
})

test('a document without a scope, of an application that names none, is told so on a page; once accepted it asks for what it was given', async (t) => {
  const { scene, site, walks } = await withSite(t)
  for (const scope of ['', 'read write', 'openid']) {
    const { status, sentTo, text } = await scene.browser.open((await askFor(walks, scope)).url)
    assert.deepEqual([status, sentTo], [400, undefined], scope)
    assert.match(text, /ask for 1 to 50 scopes such as read:notes and write:notes/)
    assert.ok(text.includes(`<a href="${site.origin}/back?error=invalid_scope`))
  }
  await getTokens(scene.browser, walks, 'read:walks')
  assert.equal((await getTokens(scene.browser, walks, '')).scope, 'read:walks')
})

test('a document that lists `none` beside another way of authentication is one of a public client', async (t) => {
  const lists = { token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'] }
  const { scene, site, walks } = await withSite(t, {
    ...lists,
    token_endpoint_auth_method: 'private_key_jwt',
    jwks_uri: 'https://walks.example.org/keys',
    id_token_signed_response_alg: 'RS256',
    logo_uri: 'http://walks.example.org/logo.png',
    tos_uri: null,
  })
  const tokens = await getTokens(scene.browser, walks, 'read:walks')
  assert.ok(await refresh(walks, tokens.refresh))
  const sound = site.documents['/app.json'] as object
  const others: [what: string, document: object][] = [
    ['without none', { token_endpoint_auth_methods_supported: ['private_key_jwt'] }],
    ['without a list', { token_endpoint_auth_methods_supported: undefined }],
    ['with a secret', { client_secret: 'x' }],
  ]
  for (const [index, [what, document]] of others.entries()) {
    const path = `/other-${index}.json`
    const clientId = `${site.origin}${path}`
    site.documents[path] = { ...sound, client_id: clientId, ...document }
    const other = await discover(scene.origin, clientId, walks.redirect)
    const { status, sentTo } = await scene.browser.open((await askFor(other, 'read:walks')).url)
    assert.ok(status >= 400, what)
    assert.equal(sentTo, undefined, what)
  }
})

test('codes do not travel unencrypted: a document with such a redirect is refused', async (t) => {
  const { scene, walks } = await withSite(t, { redirect_uris: ['http://other.example/back'] })
  const { status, sentTo } = await scene.browser.open((await askFor(walks, 'read:walks')).url)
  assert.deepEqual([status, sentTo], [400, undefined])
})

test('the server asks for a document for the signed-in owner only, and never inside the network', async (t) => {
  const { scene, site, clientId, walks, redirect } = await withSite(t)
  const asked = await askFor(walks, 'read:walks')
  const stranger = openBrowser(scene.origin)
  assert.match((await stranger.open(asked.url)).url, /\/sign-in/)
  await stranger.open((await askFor(walks, 'read:walks', { prompt: 'none' })).url)
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    refresh_token: 'x',
  }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded', host: new URL(scene.origin).host }
  for (const path of ['/oauth/token', '/oauth/revoke', '/oauth/introspect'])
    assert.ok((await ask(scene.server.url, { method: 'POST', path, headers, body })).status >= 400)
  assert.deepEqual(site.asked, [])
  const inside = await withSite(t, {}, false)
  const refused = await inside.scene.browser.open((await askFor(inside.walks, 'read:walks')).url)
  assert.equal(refused.status, 400)
  assert.deepEqual(inside.site.asked, [])
  for (const id of [
    'https://169.254.169.254/latest',
    'https://[::1]/x',
    'https://2130706433/',
    'https://localhost/x',
  ]) {
    const there = await discover(inside.scene.origin, id, redirect)
    assert.ok((await inside.scene.browser.open((await askFor(there, 'read:walks')).url)).status >= 400, id)
  }
})

test('what a document says is text: a name that would deceive is replaced by the host, and no markup is shown', async (t) => {
  const { scene, clientId, walks } = await withSite(t, {
    client_name: '<b>Your bank</b>\u202e',
    policy_uri: 'https://x.example/p',
  })
  const asked = await askFor(walks, 'read:walks')
  const shown = await scene.browser.open(asked.url)
  assert.equal(/<b>Your bank|\u202e/.test(shown.text), false)
  await scene.browser.send(shown, { decision: 'accept' })
  const definition = JSON.parse((await registered(scene, clientId))!.definition)
  assert.equal(definition.info.name, 'localhost')
})
