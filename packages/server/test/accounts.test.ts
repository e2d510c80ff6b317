import assert from 'node:assert/strict'
import { test } from 'node:test'
import { issueToken } from '../src/auth/access-tokens.ts'
import { makeSigningKey } from '../src/auth/keys.ts'
import { addAccount } from '../src/store/access/accounts.ts'
import { addOwner } from '../src/store/access/owners.ts'
import { grant } from './applications.ts'
import { ask, everyRow } from './asking.ts'
import { routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'

const api = '/api/v2.6'
const mine = 'me.example.org'
const yours = 'you.example.org'

type Asked = { method?: string; body?: unknown; token: string; host: string }

/** A second account in the same database, whose owner even has the same id; gives its owner's token and its program's. */
async function secondAccount({ context }: TestServer) {
  const { database } = context
  const key = await makeSigningKey()
  const now = Date.now()
  const pda = (await addAccount(database, yours, key, now)) as number
  const subject = 'owner-of-the-test'
  const account = { pda, domain: yours }
  await database.of(pda).write(async (unit) => {
    await addOwner(unit, { name: 'phil', passwordHash: 'none', subject }, now)
    await grant(unit, { id: 'program', version: '1.0.0', reads: ['a'], writes: ['a'] }, now)
  })
  const application = { kind: 'application', subject, application: 'program', version: '1.0.0' } as const
  return {
    owner: await issueToken(context, account, { kind: 'owner', subject }, 'a test'),
    program: await issueToken(context, account, application, 'a test'),
  }
}

for (const engine of routeEngines) {
  test(`${engine.name}: accounts in one database know nothing of each other`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_DOMAIN: mine } })
    const program = await server.application('program', { reads: ['a'], writes: ['a'] })
    const you = await secondAccount(server)
    const send = async (path: string, { method = 'GET', body, token, host }: Asked) => {
      const headers = { host, 'x-auth-token': token, 'content-type': 'application/json' }
      const text = body === undefined ? {} : { body: JSON.stringify(body) }
      const reply = await ask(server.url, { method, path, headers, ...text })
      return { status: reply.status, json: JSON.parse(reply.text), link: reply.headers['link'] }
    }
    const me = { token: server.token, host: mine }
    const them = { token: you.owner, host: yours }

    const { json: first } = await send(`${api}/data/a/notes`, { ...me, method: 'POST', body: { same: 1 } })
    const { json: second } = await send(`${api}/data/a/notes`, { ...me, method: 'POST', body: { same: 2 } })
    const kept = await everyRow(server.context.database)

    assert.deepEqual((await send(`${api}/data/a/notes`, them)).json, [])
    assert.deepEqual((await send(`${api}/data/a/notes?recordId=${first.recordId}`, them)).json, [])
    assert.deepEqual((await send(`${api}/data/sources?counts=true`, them)).json, {})
    const records = `records=${first.recordId},${second.recordId}`
    const unknown: [string, Asked][] = [
      [`/data-record/${first.recordId}`, them],
      [`/data?${records}`, { ...them, method: 'DELETE' }],
      [`/data-link?${records}`, { ...them, method: 'POST' }],
      [`/data-erasure?${records}`, { ...them, method: 'DELETE' }],
      ['/data', { ...them, method: 'PUT', body: [{ ...first, data: { taken: true } }] }],
    ]
    for (const [path, asked] of unknown) {
      const stranger = await send(api + path, asked)
      const nobodys = api + path.replaceAll(/[0-9a-f-]{36}/g, () => crypto.randomUUID())
      const body = asked.body && [{ ...first, recordId: crypto.randomUUID(), data: { taken: true } }]
      assert.deepEqual(await send(nobodys, { ...asked, body }), stranger, path)
      assert.ok(stranger.status === 404 || stranger.json.code === 'data_missing', path)
    }
    for (const path of ['/data/a/notes', '/data-erasure/a/notes'])
      assert.equal((await send(api + path, { ...them, method: 'DELETE' })).status, 200)
    assert.equal(await everyRow(server.context.database), kept, 'nothing changed')

    for (const token of [server.token, program, you.owner, you.program]) {
      const own = token === you.owner || token === you.program ? yours : mine
      const other = own === mine ? yours : mine
      assert.equal((await send('/users/access_token/validate', { token, host: own })).status, 200)
      assert.equal((await send('/users/access_token/validate', { token, host: other })).status, 401)
      const unmapped = await send('/users/access_token/validate', { token, host: 'elsewhere.example.org' })
      assert.deepEqual([unmapped.status, unmapped.json.code], [404, 'account_unknown'])
    }

    const again = await send(`${api}/data/a/notes`, { ...them, method: 'POST', body: { same: 1 } })
    assert.equal(again.status, 201, 'the same value in another account is no duplicate')
    const page = await send(`${api}/data/a/notes?take=1&meta=true`, me)
    assert.equal(page.json[0].seq, 2, "the other account's writing moves no counter here")
    const after = /after=([^&>]+)/.exec(String(page.link))?.[1]
    for (const cursor of [after, Buffer.from('0.9999999999.').toString('base64url')]) {
      const { json } = await send(`${api}/data/a/notes?after=${cursor}`, them)
      for (const record of json) assert.equal(record.recordId, again.json.recordId, 'only of this account')
    }
  })

  test(`${engine.name}: only a proxy that is trusted may name another host`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_DOMAIN: mine } })
    const you = await secondAccount(server)
    const validate = (headers: Record<string, string>) =>
      ask(server.url, { method: 'GET', path: '/users/access_token/validate', headers })
    for (const name of ['x-forwarded-host', 'forwarded', 'x-host', 'x-original-host']) {
      const value = name === 'forwarded' ? `host=${yours}` : yours
      const reply = await validate({ host: mine, [name]: value, 'x-auth-token': you.owner })
      assert.equal(reply.status, 401, name)
    }
    assert.equal((await validate({ host: yours.toUpperCase(), 'x-auth-token': you.owner })).status, 200)
  })
}
