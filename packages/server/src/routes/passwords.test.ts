import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { ask } from '../../test/asking.ts'
import { engines, routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../test/harness.ts'
import { startMailServer } from '../../test/mail-server.ts'
import { makeRecoveryCodes, secondFactorsOf, startTotp } from '../auth/second-factors/second-factors.ts'
import { findOwner, replaceOwner } from '../store/access/owners.ts'
import { confirmTotp, replaceRecoveryCodes } from '../store/access/second-factors.ts'

const email = 'phil@example.org'
const newPassword = 'a staple in the stable'
const hour = 3_600_000

interface Play extends TestServer {
  clock: { now: number }
  mails: Awaited<ReturnType<typeof startMailServer>>
}

/** A server that sends mail, with an owner who has an address, and a clock to turn. */
async function start(t: TestContext, engine = engines[0], settings = {}): Promise<Play> {
  const mails = await startMailServer(t)
  const clock = { now: Date.now() }
  const smtp = { HATSTAND_SMTP_URL: mails.url, HATSTAND_MAIL_FROM: 'pda@example.org', ...settings }
  const server = await startServer(t, engine, { settings: smtp, now: () => clock.now })
  await server.context.database
    .of(1)
    .write((unit) => unit.all(sql`update owner set email = ${email} where pda_id = 1`))
  return { ...server, clock, mails }
}

async function post({ url }: TestServer, path: string, body: unknown, token?: string, headers = {}) {
  const answer = await ask(url, {
    method: 'POST',
    path: `/control/v2/auth/${path}`,
    headers: { 'content-type': 'application/json', ...(token && { 'x-auth-token': token }), ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  })
  return { ...answer, json: JSON.parse(answer.text) as Record<string, unknown> }
}

const change = (server: TestServer, body: object, token = server.token) =>
  post(server, 'password', body, token)
const confirm = (server: TestServer, link: string, password = newPassword) =>
  post(server, `passwordreset/confirm/${link}`, { newPassword: password })

const statuses = (answers: { status: number }[]) =>
  answers.map(({ status }) => status).toSorted((a, b) => a - b)

async function counts({ url }: TestServer, token: string): Promise<boolean> {
  const path = '/users/access_token/validate'
  return (await ask(url, { method: 'GET', path, headers: { 'x-auth-token': token } })).status === 200
}

async function signsIn({ url }: TestServer, password: string): Promise<boolean> {
  const headers = { username: ownerName, password: encodeURIComponent(password) }
  return (await ask(url, { method: 'GET', path: '/users/access_token', headers })).status === 200
}

/** Asks for a link and takes it out of the mail. */
async function mailedLink(play: Play): Promise<string> {
  const mail = play.mails.next(/change-password/)
  assert.equal((await post(play, 'passwordReset', { email })).status, 200)
  return /\/auth\/change-password\/([\w-]{43})\n/.exec((await mail).text)?.[1] ?? ''
}

/** At which attempt it is refused for being one too many, and whether the answer says for how long. */
async function until429(send: () => Promise<{ status: number; headers: object }>) {
  for (let count = 1; ; count++) {
    const { status, headers } = await send()
    if (status === 429) return [count, 'retry-after' in headers]
  }
}

for (const engine of routeEngines) {
  test(`${engine.name}: the owner changes the password: all old tokens end, applications keep theirs, a mail tells of it`, async (t) => {
    const play = await start(t, engine)
    const application = await play.application('tracker', { reads: ['tracker'] })
    const mail = play.mails.next()
    const answer = await change(play, { password: ownerPassword, newPassword })
    assert.deepEqual([answer.status, answer.json], [200, { message: 'Password changed' }])
    const token = String(answer.headers['x-auth-token'])
    assert.deepEqual(await Promise.all([play.token, application, token].map((each) => counts(play, each))), [
      false,
      true,
      true,
    ])
    assert.deepEqual([await signsIn(play, ownerPassword), await signsIn(play, newPassword)], [false, true])
    const { to, text } = await mail
    assert.equal(to, email)
    assert.match(text, /was changed just now/)
  })

  test(`${engine.name}: without the present password, and by anybody but the owner, it is not changed`, async (t) => {
    const play = await start(t, engine)
    const wrong = await change(play, { password: 'not the password', newPassword })
    assert.deepEqual(
      [wrong.status, wrong.json['code'], wrong.json['message'], wrong.json['cause']],
      [403, 'password_wrong', 'Invalid password', 'Old password invalid'],
    )
    const missing = await change(play, { newPassword })
    assert.deepEqual([missing.status, missing.json['cause']], [403, 'Old password missing'])
    const application = await play.application('tracker', { reads: ['tracker'], writes: ['tracker'] })
    const body = { password: ownerPassword, newPassword }
    assert.equal((await change(play, body, application)).json['code'], 'forbidden')
    assert.equal((await post(play, 'password', body)).status, 401)
    assert.ok(await signsIn(play, ownerPassword))
  })

  test(`${engine.name}: of two changes at once one is made`, async (t) => {
    const play = await start(t, engine)
    const wanted = [newPassword, 'another staple in the stable']
    const answers = await Promise.all(
      wanted.map((each) => change(play, { password: ownerPassword, newPassword: each })),
    )
    assert.deepEqual(statuses(answers), [200, 403])
    const made = wanted[answers.findIndex(({ status }) => status === 200)] as string
    assert.deepEqual(await Promise.all([ownerPassword, made].map((each) => signsIn(play, each))), [
      false,
      true,
    ])
  })

  test(`${engine.name}: a link from a mail gives a new password once, and ends what was signed in`, async (t) => {
    const play = await start(t, engine)
    const application = await play.application('tracker', { reads: ['tracker'] })
    const link = await mailedLink(play)
    const answers = await Promise.all([
      confirm(play, link),
      confirm(play, link, 'another staple in the stable'),
    ])
    assert.deepEqual(statuses(answers), [200, 401])
    const done = answers.find(({ status }) => status === 200)!
    assert.deepEqual(done.json, { message: 'Password reset' })
    assert.ok(await counts(play, String(done.headers['x-auth-token'])))
    assert.deepEqual([await counts(play, play.token), await counts(play, application)], [false, true])
    assert.equal(await signsIn(play, ownerPassword), false)
    const again = await confirm(play, link)
    assert.deepEqual(
      [again.status, again.json['message'], again.json['cause'], again.json['code']],
      [401, 'Invalid Token', 'Token does not exist', 'reset_link_invalid'],
    )
  })

  test(`${engine.name}: a link opens for 24 hours, unless a newer one was made; a weak password leaves it open`, async (t) => {
    const play = await start(t, engine)
    const first = await mailedLink(play)
    play.clock.now += hour
    const second = await mailedLink(play)
    assert.equal((await confirm(play, first)).json['cause'], 'Token does not exist')
    const weak = await confirm(play, second, '1234567890')
    assert.deepEqual([weak.status, weak.json['code']], [400, 'password_weak'])
    play.clock.now += 24 * hour - 1
    assert.equal((await confirm(play, second)).status, 200)
    const third = await mailedLink(play)
    play.clock.now += 24 * hour
    assert.equal((await confirm(play, third)).json['cause'], 'Token expired or invalid')
  })

  test(`${engine.name}: asking again within five minutes neither replaces the link nor sends another mail`, async (t) => {
    const play = await start(t, engine)
    const link = await mailedLink(play)
    for (let count = 0; count < 3; count++)
      assert.equal((await post(play, 'passwordReset', { email })).status, 200)
    assert.equal((await confirm(play, link)).status, 200)
    assert.equal(play.mails.caught.filter(({ text }) => text.includes('change-password')).length, 1)
  })

  test(`${engine.name}: the answer is the same for the owner's address, another one, and when no mail can be sent`, async (t) => {
    const play = await start(t, engine)
    const seen = async (address: string) => {
      const { status, json, headers } = await post(play, 'passwordReset', { email: address })
      return { status, json, names: Object.keys(headers).toSorted() }
    }
    const mail = play.mails.next()
    const right = await seen(` ${email.toUpperCase()} `)
    assert.equal((await mail).to, email)
    assert.deepEqual(await seen('nobody@example.org'), right)
    play.mails.refuse()
    play.clock.now += hour
    assert.deepEqual(await seen(email), right)
    assert.equal(play.mails.caught.length, 1)
  })

  test(`${engine.name}: where there is a second factor, a link from a mail signs nobody in; another owner does not inherit it`, async (t) => {
    const play = await start(t, engine)
    const { database, now } = play.context
    const { kept } = makeRecoveryCodes()
    await startTotp(play.context, 1)
    await database.of(1).write(async (unit) => {
      await confirmTotp(unit, 0, now())
      await replaceRecoveryCodes(unit, kept)
    })
    const done = await confirm(play, await mailedLink(play))
    assert.deepEqual([done.status, done.headers['x-auth-token']], [200, undefined])
    assert.equal(await signsIn(play, newPassword), false)
    const same = { name: ownerName, passwordHash: 'none', subject: 'another' }
    await database.of(1).write((unit) => replaceOwner(unit, same, now()))
    assert.deepEqual(await secondFactorsOf(play.context, 1), { totp: true, passkeys: 0, recoveryCodes: 10 })
    assert.equal((await database.of(1).read((unit) => findOwner(unit)))?.email, email)
    await database.of(1).write((unit) => replaceOwner(unit, { ...same, name: 'somebody-else' }, now()))
    assert.deepEqual(await secondFactorsOf(play.context, 1), { totp: false, passkeys: 0, recoveryCodes: 0 })
    assert.equal((await database.of(1).read((unit) => findOwner(unit)))?.email, undefined)
  })

  test(`${engine.name}: a password kept by nobody: the database holds neither password nor link`, async (t) => {
    const play = await start(t, engine)
    const link = await mailedLink(play)
    const rows = await play.context.database.read((unit) => unit.all(sql`select * from password_reset`))
    assert.equal(rows.length, 1)
    assert.ok(!JSON.stringify(rows).includes(link))
  })
}

test('a weak new password is refused with what is wrong with it', async (t) => {
  const play = await start(t, engines[0])
  for (const weak of ['short', 'password12', `${ownerName}${ownerName}${ownerName}`]) {
    const { status, json } = await change(play, { password: ownerPassword, newPassword: weak })
    assert.deepEqual(
      [status, json['code'], json['message']],
      [400, 'password_weak', 'Minimum password requirement strength not met'],
    )
    assert.match(String(json['cause']), /^The password (must be|is too easy)/)
  }
})

test('bad bodies are refused at the member that is wrong', async (t) => {
  const play = await start(t, engines[0])
  for (const [path, body, token, cause] of [
    ['password', { newPassword: 5 }, play.token, /newPassword/],
    ['password', '{"password":"x"', play.token, /./],
    ['passwordReset', {}, undefined, /email/],
    ['passwordReset', { email: 'nobody' }, undefined, /e-mail address/],
    ['passwordreset/confirm/x', { newPassword: [] }, undefined, /newPassword/],
  ] as const) {
    const { status, json } = await post(play, path, body, token)
    assert.equal(status, 400, path)
    assert.match(String(json['cause']), cause)
  }
})

test('guessing passwords, links and addresses is limited, and says when to try again', async (t) => {
  const play = await start(t, engines[0])
  assert.deepEqual(await until429(() => confirm(play, 'x'.repeat(43))), [21, true])
  assert.deepEqual(await until429(() => post(play, 'passwordReset', { email })), [11, true])
  assert.deepEqual(await until429(() => change(play, { password: 'wrong', newPassword })), [11, true])
})

test('pages of other origins may not call these routes, and are not told what they answer', async (t) => {
  const play = await start(t, engines[0])
  const headers = { origin: 'https://evil.example', 'access-control-request-method': 'POST' }
  for (const path of ['password', 'passwordReset', 'passwordreset/confirm/x']) {
    const asked = await ask(play.url, { method: 'OPTIONS', path: `/control/v2/auth/${path}`, headers })
    const answered = await post(play, path, {}, play.token, { origin: 'https://evil.example' })
    for (const reply of [asked, answered])
      assert.equal(reply.headers['access-control-allow-origin'], undefined, path)
    assert.equal(asked.status, 404)
  }
})

test('a mail server that never answers keeps nobody waiting', async (t) => {
  const asked: Socket[] = []
  const silent = createServer((socket) => void asked.push(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  t.after(() => {
    for (const socket of asked) socket.destroy()
    silent.close()
  })
  const { port } = silent.address() as AddressInfo
  const play = await start(t, engines[0], { HATSTAND_SMTP_URL: `smtp://127.0.0.1:${port}` })
  const contacted = once(silent, 'connection')
  assert.equal((await post(play, 'passwordReset', { email })).status, 200)
  await contacted
  assert.equal(asked[0]?.destroyed, false, 'the mail was still on its way')
})

test('where the server sends no mail, asking for a link makes none, and says nothing else', async (t) => {
  const play = await start(t, engines[0], { HATSTAND_SMTP_URL: '', HATSTAND_MAIL_FROM: '' })
  assert.equal((await post(play, 'passwordReset', { email })).status, 200)
  await play.app.close()
  assert.deepEqual(
    await play.context.database.read((unit) => unit.all(sql`select * from password_reset`)),
    [],
  )
})
