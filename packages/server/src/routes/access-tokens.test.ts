import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { jwtVerify } from 'jose'
import { routeEngines } from '../../test/engines.ts'
import { createApp } from '../app.ts'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { readConfig } from '../config.ts'
import type { App } from '../context.ts'
import { openDatabase } from '../database/open.ts'
import type { Database } from '../database/port.ts'
import { ensureFirstAccount } from '../first-start.ts'
import { findOwner, replaceOwner } from '../store/access/owners.ts'

const password = 'Grüße + 100 %41 ☂'
const clock = { now: 1_800_000_000_000 }

for (const engine of routeEngines) {
  let app: App
  let database: Database
  let url: string

  before(async () => {
    const config = readConfig({
      HATSTAND_LOG_LEVEL: 'silent',
      HATSTAND_OWNER: 'alice',
      HATSTAND_OWNER_PASSWORD: password,
    })
    database = await openDatabase(await engine.place(), false)
    await ensureFirstAccount(database, config, true, clock.now)
    app = await createApp({ config, database, now: () => clock.now })
    url = await app.listen({ port: 0, host: '127.0.0.1' })
  })
  after(async () => {
    await app.close()
    await database.close()
  })

  const signIn = (username: string, secret: string) =>
    get(`${url}/users/access_token`, { username, password: secret })

  test(`${engine.name}: name and password give a token that counts, in the body and in the header`, async () => {
    const { status, body, headers } = await signIn('alice', encodeURIComponent(password))
    assert.equal(status, 200)
    assert.deepEqual(Object.keys(body), ['accessToken', 'userId'])
    assert.equal(headers['x-auth-token'], body['accessToken'])
    assert.equal(headers['cache-control'], 'no-store')
    const validated = await get(`${url}/users/access_token/validate`, {
      'x-auth-token': body['accessToken'] as string,
    })
    assert.deepEqual([validated.status, validated.body], [200, { message: 'Authenticated' }])
  })

  test(`${engine.name}: the token says what clients expect, and the public key verifies it`, async () => {
    const { body } = await signIn('alice', encodeURIComponent(password))
    const answer = await fetch(`${url}/publickey`)
    assert.match(answer.headers.get('content-type') ?? '', /^text\/plain\b/)
    const pem = await answer.text()
    assert.match(pem, /^-----BEGIN PUBLIC KEY-----\n/)
    const options = { algorithms: ['RS256'], currentDate: new Date(clock.now) }
    const { payload } = await jwtVerify(body['accessToken'] as string, createPublicKey(pem), options)
    const { jti, sub, ...others } = payload
    const iat = clock.now / 1000
    assert.deepEqual(others, {
      iss: 'localhost:8080',
      iat,
      exp: iat + 30 * 86_400,
      accessScope: 'owner',
      resource: 'localhost:8080',
    })
    assert.equal(sub, body['userId'])
    assert.match(String(jti), /^[0-9a-f]{64}$/)
  })

  test(`${engine.name}: the password may be sent raw or percent-encoded`, async () => {
    assert.equal((await signIn('alice', raw(password))).status, 200)
    assert.equal((await signIn('%61lice', encodeURIComponent(password))).status, 200)
  })

  test(`${engine.name}: a plus stays a plus, and a stray percent sign breaks nothing`, async () => {
    for (const wrong of [password.replace('+', '%20'), '100%', '%', '%zz'])
      assert.equal((await signIn('alice', raw(wrong))).body['code'], 'credentials_wrong')
    clock.now += 61_000
  })

  test(`${engine.name}: a missing name or password is told as clients know it`, async () => {
    for (const headers of [{}, { username: 'alice' }, { password: 'x' }]) {
      const { status, body } = await get(`${url}/users/access_token`, headers)
      assert.equal(status, 401)
      assert.equal(body['message'], 'Credentials required')
      assert.equal(body['cause'], 'No username or password provided to retrieve token')
    }
  })

  test(`${engine.name}: an unknown name and a wrong password are refused alike, in about the same time`, async () => {
    const unknown = await measured(() => signIn('mallory', 'a wrong password'))
    const wrong = await measured(() => signIn('alice', 'a wrong password'))
    assert.deepEqual(unknown.body, wrong.body)
    assert.equal(unknown.status, 401)
    // Most of the work is hashing the password, of which a busy machine does not make more.
    assert.ok(unknown.work > wrong.work / 3, `${unknown.work} and ${wrong.work} ms of CPU`)
  })

  test(`${engine.name}: after ten failures a minute's pause is due, however the name was spelt`, async () => {
    clock.now += 61_000
    for (const name of ['mallory', '%6dallory', 'm%61llory', 'ma%6clory', 'mal%6cory'])
      for (const secret of ['one wrong password', 'another wrong one'])
        assert.equal((await signIn(name, secret)).status, 401)
    const { status, body, headers } = await signIn('mallory', 'one more')
    assert.equal(status, 429)
    assert.equal(body['code'], 'too_many_attempts')
    assert.equal(headers['retry-after'], '60')
    assert.equal((await signIn('alice', encodeURIComponent(password))).status, 200)
  })

  test(`${engine.name}: who signs in while the password is changed gets nothing by the old one`, async () => {
    const known = await database.of(1).read((unit) => findOwner(unit))
    const next = { ...known!, passwordHash: await hashPassword('another one for a moment') }
    const signing = Array.from({ length: 4 }, () => signIn('alice', encodeURIComponent(password)))
    // Its check takes longer than this.
    await pause(15)
    await database.of(1).write((unit) => replaceOwner(unit, next, clock.now))
    const late = await Promise.all(signing)
    for (const { status, body } of late) {
      if (status !== 200) assert.equal(body['code'], 'credentials_wrong')
      const token = { 'x-auth-token': (body['accessToken'] as string | undefined) ?? 'none' }
      assert.equal((await get(`${url}/users/access_token/validate`, token)).status, 401)
    }
    await database.of(1).write((unit) => replaceOwner(unit, known!, clock.now))
    clock.now += 61_000
  })

  test(`${engine.name}: a password changed by the command line counts at once`, async () => {
    const owner = { name: 'alice', passwordHash: await hashPassword('a quite new one'), subject: 'b2c3' }
    await database.of(1).write((unit) => replaceOwner(unit, owner, clock.now))
    assert.equal((await signIn('alice', encodeURIComponent(password))).status, 401)
    assert.equal((await signIn('alice', 'a quite new one')).status, 200)
  })
}

/** UTF-8 bytes as Node wants them in a header: each a character. */
function raw(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1')
}

/** A GET by node:http, which sends header bytes as they are. */
function get(address: string, headers: Record<string, string>) {
  return new Promise<{
    status: number
    body: Record<string, unknown>
    headers: NodeJS.Dict<string | string[]>
  }>((resolve, reject) => {
    const sent = httpRequest(address, { headers }, (answer) => {
      let text = ''
      answer.setEncoding('utf8')
      answer.on('data', (chunk: string) => (text += chunk))
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, body: JSON.parse(text), headers: answer.headers }),
      )
    })
    sent.on('error', reject).end()
  })
}

/** With the milliseconds of CPU it took, on all threads. */
async function measured<T extends object>(act: () => Promise<T>): Promise<T & { work: number }> {
  const began = process.cpuUsage()
  const result = await act()
  const { user, system } = process.cpuUsage(began)
  return { ...result, work: (user + system) / 1000 }
}
