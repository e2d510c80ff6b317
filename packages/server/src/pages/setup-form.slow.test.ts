import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, test } from 'node:test'
import { type Browsing, browse } from '../../test/browsing.ts'
import { freshFolder } from '../../test/engines.ts'
import { signingKey } from '../../test/shared.ts'
import { createApp } from '../app.ts'
import { makeSetupCode } from '../auth/opaque-tokens.ts'
import { isPassword } from '../auth/passwords/passwords.ts'
import { readConfig } from '../config.ts'
import type { App } from '../context.ts'
import { openDatabase } from '../database/open.ts'
import type { Database } from '../database/port.ts'
import { addAccount } from '../store/access/accounts.ts'
import { findOwner } from '../store/access/owners.ts'

const browser = { accept: 'text/html,*/*' }
const good = { name: 'alice', password: 'a long password', repeated: 'a long password' }
let database: Database
let app: App
let code: string
let person: Browsing
let pda: number
let accounts = 0

before(async () => {
  database = await openDatabase({ dataDir: freshFolder(), databaseUrl: undefined }, false)
})
after(() => database.close())

beforeEach(async () => {
  pda = (await addAccount(database, `account-${++accounts}`, await signingKey(), Date.now())) as number
  const setupCode = makeSetupCode(pda)
  code = setupCode.code
  app = await createApp({
    config: readConfig({ HATSTAND_LOG_LEVEL: 'silent' }),
    database,
    now: Date.now,
    setupCode,
  })
  person = browse(app)
  await person.open(`/setup?code=${code}`)
})

const open = (link: string) => person.open(`/setup?code=${link}`)
const submit = (fields: Record<string, string>) => person.submit('/setup', fields)
const ownerNow = () => database.of(pda).read((unit) => findOwner(unit))

test('the link shows a form, and sending it sets the owner up', async () => {
  const form = await open(code)
  assert.equal(form.statusCode, 200)
  assert.match(form.body, /autocomplete="username"/)
  assert.match(form.body, /autocomplete="new-password"/)
  const done = await submit(good)
  assert.equal(done.statusCode, 201)
  assert.match(done.body, /users\/access_token/)
  const owner = await ownerNow()
  assert.equal(owner?.name, 'alice')
  assert.equal(await isPassword('a long password', owner?.passwordHash ?? ''), true)
})

test('an e-mail address may be given, and is kept', async () => {
  assert.equal((await submit({ ...good, email: ' alice@example.org ' })).statusCode, 201)
  assert.equal((await ownerNow())?.email, 'alice@example.org')
})

test('the link works once', async () => {
  assert.equal((await submit(good)).statusCode, 201)
  assert.equal((await open(code)).statusCode, 403)
  assert.equal((await submit({ ...good, name: 'mallory' })).statusCode, 403)
  assert.equal((await ownerNow())?.name, 'alice')
})

test('of many who send the form at once, one becomes the owner', async () => {
  const names = Array.from({ length: 8 }, (_, index) => `owner-${index}`)
  const answers = await Promise.all(names.map((name) => submit({ ...good, name })))
  const done = answers.map((answer) => answer.statusCode)
  assert.deepEqual(
    done.toSorted((a, b) => a - b),
    [201, 403, 403, 403, 403, 403, 403, 403],
  )
  assert.equal((await ownerNow())?.name, names[done.indexOf(201)])
})

test('a wrong, an empty and a missing code open nothing', async () => {
  for (const wrong of ['', 'x', `${code}x`, code.slice(1), `${code}&code=${code}`])
    assert.equal((await open(wrong)).statusCode, 403)
  assert.equal((await app.inject({ url: '/setup', headers: browser })).statusCode, 403)
  assert.equal((await submit({ ...good, code: 'x' })).statusCode, 403)
  assert.equal(await ownerNow(), undefined)
})

test('a program is refused in the one error shape', async () => {
  const answer = await app.inject('/setup?code=x')
  assert.equal(answer.json().code, 'setup_refused')
})

test('a server whose account has an owner has no set-up page', async () => {
  const settled = await createApp({
    config: readConfig({ HATSTAND_LOG_LEVEL: 'silent' }),
    database,
    now: Date.now,
  })
  assert.equal((await settled.inject({ url: '/setup?code=', headers: browser })).statusCode, 403)
})

const mistakes: [field: string, fields: Record<string, string>][] = [
  ['name', { ...good, name: '' }],
  ['name', { ...good, name: 'two words' }],
  ['name', { ...good, name: 'x'.repeat(65) }],
  ['password', { ...good, password: 'too short', repeated: 'too short' }],
  ['password', { ...good, password: '1234567890', repeated: '1234567890' }],
  ['repeated', { ...good, repeated: 'a long passwort' }],
  ['email', { ...good, email: 'nobody' }],
]

for (const [field, fields] of mistakes)
  test(`a mistake in ${JSON.stringify(fields)} is told at its field, and the form can be sent again`, async () => {
    const answer = await submit(fields)
    assert.equal(answer.statusCode, 400)
    assert.match(
      answer.body,
      new RegExp(`id="${field}" .*aria-invalid="true" .*aria-describedby="[^"]*${field}-problem"`),
    )
    assert.match(answer.body, new RegExp(`<p class="problem" id="${field}-problem">[A-Z][^<]+\\.</p>`))
    assert.ok(!answer.body.includes(fields['password'] as string), 'the password is not sent back')
    assert.equal(await ownerNow(), undefined)
    assert.equal((await submit(good)).statusCode, 201)
  })

test('what was entered is shown again as text, never as part of the page', async () => {
  const answer = await submit({ ...good, name: '"><script>alert(1)</script>' })
  assert.ok(!answer.body.includes('<script'))
  assert.ok(answer.body.includes('&quot;&gt;&lt;script&gt;'))
})

test('the page runs no script, loads nothing, and its one style sheet is allowed by its hash', async () => {
  const { headers, body } = await open(code)
  const style = /<style>([\s\S]*)<\/style>/.exec(body)?.[1] ?? ''
  const hash = createHash('sha256').update(style).digest('base64')
  const policy = String(headers['content-security-policy'])
  for (const part of [
    "default-src 'none'",
    `style-src 'sha256-${hash}'`,
    "form-action 'self'",
    "frame-ancestors 'none'",
  ])
    assert.ok(policy.split('; ').includes(part), part)
  assert.equal(headers['referrer-policy'], 'same-origin')
  assert.equal(headers['cache-control'], 'no-store')
  assert.doesNotMatch(body, /style=|onclick|src=|https?:/)
})

test('every field has a label, and pages of other origins may not read the form', async () => {
  const { headers, body } = await app.inject({
    url: `/setup?code=${code}`,
    headers: { ...browser, origin: 'https://evil.example' },
  })
  for (const [, id] of body.matchAll(/<input id="(\w+)"/g))
    assert.ok(body.includes(`<label for="${id}">`), id)
  assert.equal(headers['access-control-allow-origin'], undefined)
})

test('a form that is far too long is refused', async () => {
  const answer = await submit({ ...good, password: 'x'.repeat(20_000) })
  assert.equal(answer.statusCode, 413)
})
