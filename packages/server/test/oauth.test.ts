import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findApplication } from '../src/store/access/applications.ts'
import { findDebit } from '../src/store/consent/data-debits.ts'
import { definition } from './definitions.ts'
import { routeEngines } from './engines.ts'
import {
  askFor,
  discover,
  exchange,
  getTokens,
  introspect,
  play,
  redirect,
  refresh,
  refusedWith,
  register,
  tokensIn,
} from './oauth-application.ts'

const asks = (url: string, token: string, header = 'authorization') =>
  fetch(url, { headers: { [header]: header === 'authorization' ? `Bearer ${token}` : token } })

for (const engine of routeEngines) {
  test(`an application gets what the owner accepted, and no more (${engine.name})`, async (t) => {
    const { server, getTokens: get } = await play(t, engine)
    const tokens = await get('read:notes write:notes')
    assert.equal(tokens.scope, 'read:notes write:notes')
    const notes = server.as(tokens.access).records
    await notes.create('notes/drafts', { text: 'by OAuth' })
    const [record] = await server.owner.records.list('notes/drafts', { meta: true })
    assert.equal(record?.writer, 'notes')
    await server.owner.records.create('shared/all', { a: 1 })
    const data = `${server.url}/api/v2.6/data`
    for (const header of ['authorization', 'x-auth-token']) {
      assert.equal((await asks(`${data}/notes/drafts`, tokens.access, header)).status, 200)
      const refused = await asks(`${data}/shared/all`, tokens.access, header)
      assert.equal(refused.status, 403)
      // It is not renewed as a token by HAT login is: the application renews it itself.
      assert.equal(refused.headers.get('x-auth-token'), null)
    }
    assert.equal((await asks(`${data}/notes/drafts`, tokens.refresh)).status, 401)
  })

  test(`a token says who asks: introspection tells it to its own application only (${engine.name})`, async (t) => {
    const { server, origin, browser, application, getTokens: get } = await play(t, engine)
    const { access, refresh: renewing } = await get('read:notes')
    for (const token of [access, renewing]) {
      const known = await introspect(application, token)
      assert.equal(known.active, true)
      assert.equal(known.client_id, 'notes')
      assert.equal(known.scope, 'read:notes')
      assert.equal(known.iss, origin)
    }
    assert.equal((await introspect(application, access)).aud, origin)
    await register(server, 'other', [redirect])
    const other = await discover(origin, 'other', redirect)
    for (const token of [access, renewing, 'nothing'])
      assert.deepEqual(await introspect(other, token), { active: false })
    assert.equal((await getTokens(browser, other, 'read:notes')).scope, 'read:notes')
  })

  test(`a code needs the verifier it was asked with, the same redirect, and its own application (${engine.name})`, async (t) => {
    const { server, origin, browser, application } = await play(t, engine)
    await register(server, 'other', [redirect])
    const other = await discover(origin, 'other', redirect)
    const asked = await askFor(application, 'read:notes')
    const { sentTo } = await browser.send(await browser.open(asked.url), { decision: 'accept' })
    const stranger = await askFor(application, 'read:notes')
    await refusedWith(
      exchange(application, { ...asked, verifier: stranger.verifier }, sentTo!),
      'invalid_grant',
    )
    await refusedWith(exchange({ ...application, redirect: `${redirect}/` }, asked, sentTo!), 'invalid_grant')
    await refusedWith(exchange(other, asked, sentTo!), 'invalid_grant')
    // Whoever tried, the application itself has not lost its code.
    assert.ok(await exchange(application, asked, sentTo!))
  })

  test(`a code counts once: coming again ends what it gave (${engine.name})`, async (t) => {
    const { server, browser, application } = await play(t, engine)
    const asked = await askFor(application, 'read:notes')
    const { sentTo } = await browser.send(await browser.open(asked.url), { decision: 'accept' })
    const tokens = tokensIn(await exchange(application, asked, sentTo!))
    await refusedWith(exchange(application, asked, sentTo!), 'invalid_grant')
    assert.equal((await asks(`${server.url}/api/v2.6/data/notes/drafts`, tokens.access)).status, 401)
    await refusedWith(refresh(application, tokens.refresh), 'invalid_grant')
  })

  test(`a consent adds to what an application has, and an earlier one stays (${engine.name})`, async (t) => {
    const { server, browser, application, getTokens: get } = await play(t, engine)
    const first = await get('read:notes')
    const asked = await askFor(application, 'read:shared')
    const shown = await browser.open(asked.url)
    assert.match(shown.text, /New: it asks to/)
    await browser.send(shown, { decision: 'accept' })
    const known = await server.context.database.of(1).read((unit) => findApplication(unit, 'notes'))
    assert.deepEqual(
      known?.roles.map(({ detail }) => detail),
      ['notes', 'shared'],
    )
    // The earlier token is confined to its own scope all the same.
    assert.equal((await asks(`${server.url}/api/v2.6/data/notes/drafts`, first.access)).status, 200)
    assert.equal((await asks(`${server.url}/api/v2.6/data/shared/all`, first.access)).status, 403)
  })
}

test('who declines gives nothing, and the application hears of it', async (t) => {
  const { server, browser, application } = await play(t)
  const asked = await askFor(application, 'read:notes')
  const { sentTo } = await browser.send(await browser.open(asked.url), { decision: 'decline' })
  assert.equal(sentTo?.searchParams.get('error'), 'access_denied')
  assert.equal(sentTo?.searchParams.get('iss'), application.server.issuer)
  assert.equal(sentTo?.searchParams.get('state'), asked.state)
  const known = await server.context.database.of(1).read((unit) => findApplication(unit, 'notes'))
  assert.deepEqual(known?.roles, [])
  assert.equal(known?.enabled, false)
})

test('every request asks the owner, who has to be signed in', async (t) => {
  const { browser, application, getTokens: get } = await play(t)
  await get('read:notes')
  const again = await browser.open((await askFor(application, 'read:notes')).url)
  assert.match(again.text, /nothing new is asked for/)
  // Signed out, an open page gives nothing any more.
  await browser.send(await browser.open(`${application.server.issuer}/sign-out`), {})
  const late = await browser.send(again, { decision: 'accept' })
  assert.equal(late.sentTo, undefined)
  const asked = await askFor(application, 'read:notes')
  const shown = await browser.open(asked.url)
  assert.match(shown.url, /\/sign-in\?return=/)
  const consent = await browser.send(shown, { name: 'phil', password: 'a password only for tests' })
  assert.match(consent.url, /\/oauth\/consent\//)
})

test('a question is answered once, by the browser it was asked in', async (t) => {
  const { origin, browser, application } = await play(t)
  const asked = await askFor(application, 'read:notes')
  const shown = await browser.open(asked.url)
  const stranger = (await import('./oauth-application.ts')).openBrowser(origin)
  await stranger.signIn()
  assert.equal((await stranger.open(shown.url)).status, 400)
  await browser.send(shown, { decision: 'accept' })
  const twice = await browser.send(shown, { decision: 'accept' })
  assert.equal(twice.status, 400)
  assert.equal(twice.sentTo, undefined)
})

test('what is accepted is what was shown: a definition that changed meanwhile has to be shown again', async (t) => {
  const { server, browser, application } = await play(t)
  const shown = await browser.open((await askFor(application, 'read:notes')).url)
  await register(server, 'notes', [redirect], '1.1.0')
  assert.equal((await browser.send(shown, { decision: 'accept' })).status, 400)
  const known = await server.context.database.of(1).read((unit) => findApplication(unit, 'notes'))
  assert.deepEqual(known?.roles, [])
})

/** A definition that wants an endpoint's records handed over. */
const wanting = (version: string, endpoint: string) => {
  const bundle = { all: { endpoints: [{ endpoint }] } }
  const setup = { validRedirectUris: [redirect] }
  const roles = ['namespaceread notes']
  return definition({ version, roles, setup, dataRetrieved: { name: 'handed', bundle } })
}

test('who accepts scopes accepts nothing of what a changed definition wants handed', async (t) => {
  const { server, browser, application } = await play(t)
  const { applications } = server.owner
  const inForce = async () => {
    const debit = await server.context.database.of(1).read((unit) => findDebit(unit, 'app-notes'))
    return debit?.permissions.filter((one) => one.acceptedAt !== undefined).map((one) => one.bundle.text)
  }
  await applications.register(wanting('1.0.0', 'notes/drafts'))
  await applications.setUp('notes')
  const accepted = await inForce()
  assert.match(String(accepted), /notes\/drafts/)
  await applications.register(wanting('2.0.0', 'health/everything'))
  assert.ok(await getTokens(browser, application, 'read:notes'))
  assert.deepEqual(await inForce(), accepted)
})

test('a registered application may come back to this machine on any port, and to no other path or machine', async (t) => {
  const { server, origin, browser } = await play(t)
  await register(server, 'local', ['http://127.0.0.1/back', 'https://notes.example.org/back'])
  const local = await discover(origin, 'local', 'http://127.0.0.1:53111/back')
  assert.equal((await getTokens(browser, local, 'read:notes')).scope, 'read:notes')
  for (const redirect_uri of [
    'http://127.0.0.1:53111/other',
    'http://localhost:53111/back',
    'http://10.0.0.1:53111/back',
    'https://notes.example.org:444/back',
  ]) {
    const { status, sentTo } = await browser.open((await askFor(local, 'read:notes', { redirect_uri })).url)
    assert.deepEqual([status, sentTo], [400, undefined], redirect_uri)
  }
})

test('an application of a device comes back by its own scheme, or to this machine on any port', async (t) => {
  const { server, origin, browser } = await play(t)
  await register(server, 'native', ['com.example.notes:/back', 'http://127.0.0.1/back'])
  for (const address of ['com.example.notes:/back', 'http://127.0.0.1:53111/back']) {
    const application = await discover(origin, 'native', address)
    const asked = await askFor(application, 'read:notes')
    const shown = await browser.open(asked.url)
    const { sentTo } = await browser.send(shown, { decision: 'accept' })
    assert.ok(sentTo?.href.startsWith(address), sentTo?.href)
    assert.ok(await exchange(application, asked, sentTo!))
    const policy = shown.headers.get('content-security-policy') ?? ''
    assert.match(
      policy,
      address.startsWith('http') ? /http:\/\/127.0.0.1:53111/ : /'self' com\.example\.notes:/,
    )
  }
})
