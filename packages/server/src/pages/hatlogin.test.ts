import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import { connect } from '@hatstand/sdk'
import { type Browsing, browse } from '../../test/browsing.ts'
import { definition } from '../../test/definitions.ts'
import { engines, routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../test/harness.ts'
import { findApplication, registerApplication, removeApplication } from '../store/access/applications.ts'

const redirect = 'https://notes.example.org/signed-in'
const fallback = 'https://notes.example.org/declined?why=1'
const custom = 'org.example.notes:/back'
const setup = { validRedirectUris: [redirect, fallback, custom] }
const link = (parameters: Record<string, string>) => `/hatlogin?${new URLSearchParams(parameters).toString()}`
const notes = link({ name: 'notes', redirect })

async function signedIn(t: { after: (fn: () => unknown) => void }, engine = engines[0]) {
  const server = await startServer(t, engine)
  await register(server, definition({ setup }))
  const person = browse(server.app, new URL(server.url).host.replace('127.0.0.1', 'localhost'))
  await person.open('/sign-in')
  await person.submit('/sign-in', { name: ownerName, password: ownerPassword })
  return { server, person }
}

function register({ context: { database } }: TestServer, one: Definition) {
  const application = { id: one.id, version: one.info.version, definition: JSON.stringify(one) }
  return database.of(1).write((unit) => registerApplication(unit, application, Date.now()))
}

function kept({ context: { database } }: TestServer, id = 'notes') {
  return database.of(1).read((unit) => findApplication(unit, id))
}

async function accept(person: Browsing, where: string) {
  assert.equal((await person.open(where)).statusCode, 200, where)
  return person.submit('/hatlogin', { decision: 'accept' })
}

for (const engine of routeEngines) {
  test(`the owner accepts, and the application is set up and gets a token that works, on ${engine.name}`, async (t) => {
    const { server, person } = await signedIn(t, engine)
    await server.owner.records.create('notes/drafts', { title: 'one' })
    await server.owner.records.create('notes/drafts', { title: 'two' })
    const page = await person.open(notes)
    assert.match(
      page.body,
      /read what is in <strong>notes<\/strong> <span class="quiet">\(now 2 records at 1 endpoint\)/,
    )
    assert.match(page.body, /add, change and delete what is in <strong>notes<\/strong>/)
    assert.equal((await kept(server))?.enabled, false, 'looking gives nothing')

    const done = await person.submit('/hatlogin', { decision: 'accept' })
    assert.equal(done.statusCode, 303)
    const back = new URL(String(done.headers.location))
    assert.equal(back.origin + back.pathname, redirect)
    assert.equal(done.headers['referrer-policy'], 'no-referrer')
    const application = connect(server.url, back.searchParams.get('token')!)
    assert.equal((await application.records.list('notes/drafts')).length, 2)
    await assert.rejects(application.records.list('rumpel/locations'), { code: 'forbidden' })
    const granted = await kept(server)
    assert.deepEqual([granted?.enabled, granted?.setupVersion], [true, '1.0.0'])
  })

  test(`a definition that asks for more gets it when the owner was shown it, and only then, on ${engine.name}`, async (t) => {
    const { server, person } = await signedIn(t, engine)
    const first = await accept(person, notes)
    const token = new URL(String(first.headers.location)).searchParams.get('token')!
    const again = await person.open(notes)
    assert.match(again.body, /<h1>Sign in to <bdi>Notes<\/bdi>\?<\/h1>/)
    assert.match(again.body, /You gave <bdi>Notes<\/bdi> this before/)

    const more = ['namespaceread notes', 'namespacewrite notes', 'namespaceread rumpel']
    await register(server, definition({ setup, version: '1.1.0', roles: more }))
    const changed = await person.submit('/hatlogin', { decision: 'accept' })
    assert.equal(changed.statusCode, 409, 'what was decided on is not what is registered any more')
    assert.match(changed.body, /Please look again/)
    assert.match(changed.body, /New: it asks to[^]*rumpel[^]*It may already[^]*notes/)
    const application = connect(server.url, token)
    await assert.rejects(application.records.list('rumpel/locations'), { code: 'forbidden' })

    assert.equal((await person.submit('/hatlogin', { decision: 'accept' })).statusCode, 303)
    assert.deepEqual(await application.records.list('rumpel/locations'), [])
    assert.equal((await kept(server))?.setupVersion, '1.1.0')
  })
}

test('the same version with other roles is another definition: the decision is asked for again', async (t) => {
  const { server, person } = await signedIn(t)
  await person.open(notes)
  await register(server, definition({ setup, roles: ['owner'] }))
  const answer = await person.submit('/hatlogin', { decision: 'accept' })
  assert.equal(answer.statusCode, 409)
  assert.match(answer.body, /<strong><bdi>Notes<\/bdi> asks for everything\.<\/strong>/)
  assert.equal((await kept(server))?.enabled, false)
})

test('the newer names of the parameters mean the same, and what comes twice counts once', async (t) => {
  const { person } = await signedIn(t)
  const newer = link({ application_id: 'notes', redirect_uri: redirect, internal: 'true' })
  assert.match(
    String((await accept(person, newer)).headers.location),
    /^https:\/\/notes\.example\.org\/signed-in\?token=/,
  )
  const twice = await person.open(`${notes}&redirect=https://evil.example/&name=other`)
  assert.equal(twice.statusCode, 200)
  assert.ok(!twice.body.includes('evil.example'))
})

test('who declines goes back with an error and gives nothing: to the fallback where that is registered', async (t) => {
  const { server, person } = await signedIn(t)
  const cases: [fallback: string, location: string][] = [
    ['', `${redirect}?error=access_denied`],
    [fallback, `${fallback}&error=access_denied`],
    ['https://evil.example/', `${redirect}?error=access_denied`],
    ['undefined', `${redirect}?error=access_denied`],
  ]
  for (const [asked, location] of cases) {
    await person.open(link({ name: 'notes', redirect, fallback: asked }))
    const answer = await person.submit('/hatlogin', { decision: 'decline' })
    assert.deepEqual([answer.statusCode, answer.headers.location], [303, location])
  }
  assert.equal((await kept(server))?.enabled, false)
})

test('who declines an application that was set up takes nothing back', async (t) => {
  const { server, person } = await signedIn(t)
  await accept(person, notes)
  await person.open(notes)
  await person.submit('/hatlogin', { decision: 'decline' })
  assert.equal((await kept(server))?.enabled, true)
})

test('a custom scheme is followed, and the policy of the page names it', async (t) => {
  const { person } = await signedIn(t)
  const page = await person.open(link({ name: 'notes', redirect: custom, fallback }))
  const policy = String(page.headers['content-security-policy'])
  assert.ok(
    policy.split('; ').includes("form-action 'self' org.example.notes: https://notes.example.org"),
    policy,
  )
  assert.match(
    page.body,
    /a program on this device that opens <strong>org\.example\.notes:<\/strong> addresses/,
  )
  const done = await person.submit('/hatlogin', { decision: 'accept' })
  assert.match(String(done.headers.location), /^org\.example\.notes:\/back\?token=ey/)
})

const unregistered = [
  '',
  'https://evil.example/',
  `${redirect}/`,
  `${redirect}?x=1`,
  `${redirect}#x`,
  'https://notes.example.org',
  'https://notes.example.org/signed-in/../other',
  'https://notes.example.org/Signed-in',
  'HTTPS://notes.example.org/signed-in',
  'https://notes.example.org:443/signed-in',
  'https://notes.example.org@evil.example/signed-in',
  'http://notes.example.org/signed-in',
  ' https://notes.example.org/signed-in',
  'javascript:alert(1)',
  '//evil.example',
]

for (const address of unregistered)
  test(`an address that is not registered to the letter is not followed: ${JSON.stringify(address)}`, async (t) => {
    const { server, person } = await signedIn(t)
    const page = await person.open(link({ name: 'notes', redirect: address }))
    assert.equal(page.statusCode, 400)
    assert.match(page.body, /<h1>This link cannot be trusted<\/h1>/)
    assert.doesNotMatch(page.body, /evil|<a href="(?!\/)/)
    await person.open(notes)
    for (const decision of ['accept', 'decline']) {
      const sent = await person.submit('/hatlogin', { redirect_uri: address, decision })
      assert.equal(sent.statusCode, 400)
      assert.equal(sent.headers.location, undefined)
    }
    assert.equal((await kept(server))?.enabled, false)
  })

test('an unknown application gets a page, and no way on', async (t) => {
  const { server, person } = await signedIn(t)
  for (const name of ['', 'unknown', 'Notes', '<b>', 'x'.repeat(3000), '\0']) {
    const page = await person.open(link({ name, redirect: 'https://evil.example/' }))
    assert.equal(page.statusCode, 404, name)
    assert.match(page.body, /<h1>This application is not known here<\/h1>/)
    assert.ok(!page.body.includes('evil.example'))
  }
  await person.open(notes)
  await server.context.database.of(1).write((unit) => removeApplication(unit, 'notes', Date.now()))
  assert.equal((await person.submit('/hatlogin', { decision: 'accept' })).statusCode, 404)
})

test('a stranger is asked to sign in, and learns of no application and no address', async (t) => {
  const { server } = await signedIn(t)
  const stranger = browse(server.app)
  for (const name of ['notes', 'unknown']) {
    const answer = await stranger.open(link({ name, redirect }))
    const target = link({ application_id: name, redirect_uri: redirect })
    assert.deepEqual(
      [answer.statusCode, answer.headers.location],
      [303, `/sign-in?return=${encodeURIComponent(target)}`],
    )
  }
})

test('a decision takes the form: without it, with a foreign key, from a foreign origin or signed out nothing is given', async (t) => {
  const { server, person } = await signedIn(t)
  const decision = { decision: 'accept' }
  await person.open(notes)
  const { form_key: key = '', ...fields } = person.hidden
  person.hidden = fields
  assert.equal((await person.submit('/hatlogin', decision)).statusCode, 403)
  assert.equal((await person.submit('/hatlogin', { ...decision, form_key: 'x' })).statusCode, 403)
  const evil = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
  assert.equal((await person.submit('/hatlogin', { ...decision, form_key: key }, evil)).statusCode, 403)
  assert.equal((await person.open(`${notes}&decision=accept`)).statusCode, 200)
  person.cookies.delete('hatstand_session')
  assert.equal((await person.submit('/hatlogin', { ...decision, form_key: key })).statusCode, 403)
  assert.equal((await kept(server))?.enabled, false)
})

test('who was signed out in the meantime signs in and comes back to the question', async (t) => {
  const { person } = await signedIn(t)
  person.cookies.delete('hatstand_session')
  await person.open('/sign-in')
  const asked = { application_id: 'notes', redirect_uri: redirect, decision: 'accept' }
  const answer = await person.submit('/hatlogin', asked)
  const target = link({ application_id: 'notes', redirect_uri: redirect })
  assert.deepEqual(
    [answer.statusCode, answer.headers.location],
    [303, `/sign-in?return=${encodeURIComponent(target)}`],
  )
})

test('guessing which applications there are is limited', async (t) => {
  const { person } = await signedIn(t)
  const statuses = []
  for (let guess = 0; guess < 22; guess++)
    statuses.push((await person.open(link({ name: `guess-${guess}`, redirect }))).statusCode)
  assert.deepEqual(statuses, [...Array.from({ length: 20 }, () => 404), 429, 429])
})

test('what a definition says of itself stands in the page as text', async (t) => {
  const { server, person } = await signedIn(t)
  const posing = definition({ id: 'posing', setup })
  const evil = '"><script>alert(1)</script><a href=//evil.example>'
  Object.assign(posing.info, {
    name: evil,
    headline: evil,
    dataUsePurpose: evil,
    termsUrl: 'javascript:alert(1)',
  })
  Object.assign(posing.developer, { name: evil, url: `https://x.example/${evil}` })
  await register(server, posing)
  const page = await person.open(link({ name: 'posing', redirect }))
  assert.equal(page.statusCode, 200)
  assert.doesNotMatch(page.body, /<script|<a href=\/\/|javascript:/)
  for (const [, rel] of page.body.matchAll(/<a href="https?:[^"]*"([^>]*)>/g))
    assert.match(rel!, /rel="noreferrer noopener nofollow"/)
})

test('an address that others could read on the way is warned of', async (t) => {
  const { server, person } = await signedIn(t)
  const open = 'http://nas.example/back'
  const local = 'http://localhost:3000/back'
  await register(server, definition({ id: 'home', setup: { validRedirectUris: [open, local] } }))
  assert.match((await person.open(link({ name: 'home', redirect: open }))).body, /not encrypted/)
  assert.doesNotMatch((await person.open(link({ name: 'home', redirect: local }))).body, /not encrypted/)
})
