import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { LedgerEntry } from '@hatstand/api/ledger.ts'
import type { LedgerOptions } from '@hatstand/sdk'
import { sql } from 'kysely'
import { ask } from '../../test/asking.ts'
import { routeEngines } from '../../test/engines.ts'
import { ownerName, startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'
import { checkLedger } from '../cli/ledger.ts'
import { sealOnce } from '../jobs/seal-ledgers.ts'

const json = { 'content-type': 'application/json' }

const isRefused = async (asked: Promise<unknown>, code: string) =>
  assert.equal((await refused(asked)).code, code)

/** What the ledger says of some entries, oldest first. */
async function told({ owner, app }: TestServer, options: LedgerOptions = {}) {
  await app.ledger.flush()
  const entries = await owner.ledger.list(options)
  return entries
    .toReversed()
    .filter(({ action }) => action !== 'token' && action !== 'sign_in')
    .map((entry) => [entry.action, entry.holder, entry.endpoints.join(), entry.records])
}

async function tracked(server: TestServer) {
  return server.as(await server.application('tracker', { reads: ['a'], writes: ['a', 'b'] }))
}

for (const engine of routeEngines) {
  const on = ` on ${engine.name}`

  test(`every change of records is an entry, with who, where and how many,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const tracker = await tracked(server)
    const one = await tracker.records.create('a/one', { text: 'secret words' })
    await tracker.records.createMany('a/one', [1, 2, 3])
    await tracker.records.createMany('a/one', [3, 4], { skipErrors: true })
    const [two, three] = await tracker.batch.create([
      { endpoint: 'b/two', data: 1, links: [{ endpoint: 'a/three', data: 1 }] },
      { endpoint: 'a/one', data: 5 },
    ])
    await tracker.records.updateMany([{ endpoint: 'a/one', recordId: one.recordId, data: 'new' }])
    await tracker.links.create([one.recordId, two!.recordId])
    await tracker.records.delete([three!.recordId])
    await tracker.records.deleteEndpoint('b/two')
    await server.owner.records.erase(one.recordId)
    assert.deepEqual(await told(server), [
      ['create', 'tracker', 'a/one', 1],
      ['create', 'tracker', 'a/one', 3],
      ['create', 'tracker', 'a/one', 1],
      ['create', 'tracker', 'b/two,a/three,a/one', 3],
      ['update', 'tracker', 'a/one', 1],
      ['link', 'tracker', 'a/one,b/two', 2],
      ['delete', 'tracker', 'a/one', 1],
      ['delete', 'tracker', 'b/two', 1],
      ['erase', 'owner', 'a/one', 1],
    ])
    const whole = JSON.stringify(await server.owner.ledger.list())
    for (const kept of ['secret', one.recordId, server.token]) assert.ok(!whole.includes(kept))
  })

  test(`what changes nothing is no entry,${on}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.create('a/one', 1)
    await isRefused(server.owner.records.create('a/one', 1), 'duplicate_data')
    await server.owner.records.createMany('a/one', [])
    await server.owner.records.deleteEndpoint('a/none')
    assert.deepEqual(await told(server), [['create', 'owner', 'a/one', 1]])
  })

  test(`what an application reads is in the ledger before it has it, page by page,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const tracker = await tracked(server)
    const many = Array.from({ length: 2500 }, (_, number) => number)
    await server.owner.records.createMany('a/many', many)
    const { recordId } = await server.owner.records.create('a/one', 1)
    assert.equal((await tracker.records.list('a/many', { take: 2300 })).length, 2300)
    await tracker.records.list('a/none')
    await tracker.records.get(recordId)
    await tracker.records.list('a/one', { recordId })
    await tracker.records.list('a/one', { recordId: '00000000-0000-4000-8000-000000000000' })
    await tracker.endpoints.list()
    assert.deepEqual(await told(server, { action: 'read' }), [
      ['read', 'tracker', 'a/many', 1000],
      ['read', 'tracker', 'a/many', 1000],
      ['read', 'tracker', 'a/many', 300],
      ['read', 'tracker', 'a/none', 0],
      ['read', 'tracker', 'a/one', 1],
      ['read', 'tracker', 'a/one', 1],
      ['read', 'tracker', 'a/one', 0],
      ['read', 'tracker', '', 0],
    ])
  })

  test(`linked records that are shown count, and their endpoints are named,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const tracker = await tracked(server)
    await server.owner.batch.create([
      {
        endpoint: 'a/one',
        data: 1,
        links: [
          { endpoint: 'a/two', data: 1 },
          { endpoint: 'b/hidden', data: 1 },
        ],
      },
    ])
    await tracker.records.list('a/one', { links: true })
    assert.deepEqual(await told(server, { action: 'read' }), [['read', 'tracker', 'a/one,a/two', 2]])
  })

  test(`what the owner reads is summed up by endpoint,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    await owner.records.createMany('a/one', [1, 2])
    await owner.records.create('a/two', 1)
    for (let time = 0; time < 3; time++) await owner.records.list('a/one')
    await owner.records.list('a/two')
    assert.deepEqual(await owner.ledger.list({ action: 'read' }), [])
    assert.deepEqual(await told(server, { action: 'read' }), [
      ['read', 'owner', 'a/one', 6],
      ['read', 'owner', 'a/two', 1],
    ])
    const [summed] = await owner.ledger.list({ endpoint: 'a/one', action: 'read' })
    assert.deepEqual(summed!.detail, { times: 3 })
  })

  test(`a refused caller is an entry of its own, strangers are counted by route,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const tracker = await tracked(server)
    const { recordId } = await server.owner.records.create('b/one', 1)
    await isRefused(tracker.records.list('b/one'), 'forbidden')
    await isRefused(tracker.records.get(recordId), 'record_unknown')
    await isRefused(tracker.ledger.list(), 'forbidden')
    for (let time = 0; time < 3; time++)
      await isRefused(server.as(undefined).records.list('b/one'), 'not_authenticated')
    await ask(server.url, { method: 'GET', path: '/nowhere' })
    await server.app.ledger.flush()
    const entries = await server.owner.ledger.list()
    const refusals = entries.filter(({ action }) => action.startsWith('refused')).toReversed()
    const shown = refusals.map((entry) => [entry.holder, entry.endpoints.join(), entry.detail, entry.address])
    const route = 'GET /api/v2.6/data/:namespace/*'
    assert.deepEqual(shown, [
      ['tracker', 'b/one', { code: 'forbidden', route }, '127.0.0.1'],
      ['tracker', '', { code: 'record_unknown', route: 'GET /api/v2.6/data-record/:recordId' }, '127.0.0.1'],
      ['tracker', '', { code: 'forbidden', route: 'GET /api/v2.6/ledger' }, '127.0.0.1'],
      ['', '', { code: 'not_authenticated', route, times: 3 }, undefined],
    ])
  })

  test(`the ledger is read page by page while it grows, each entry once,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    for (let number = 0; number < 5; number++) await owner.records.create('a/one', number)
    await sealOnce(server.context)
    for (let number = 5; number < 9; number++) await owner.records.create('a/one', number)
    const found: LedgerEntry[] = []
    for (let after: string | undefined, more = true; more; more = after !== undefined) {
      const page = await owner.ledger.page({
        take: 2,
        action: 'create',
        ...(after !== undefined && { after }),
      })
      found.push(...page.entries)
      after = page.after
      await owner.records.create('a/one', `later ${found.length}`)
      await sealOnce(server.context)
    }
    assert.equal(found.length, 9)
    assert.equal(new Set(found.map(({ entryId }) => entryId)).size, 9)
  })

  test(`the head and the seals can be read, and the ledger verifies,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    await server.context.database.of(1).write((unit) => unit.all(sql`delete from ledger_fresh`))
    await isRefused(owner.ledger.head(), 'ledger_empty')
    for (let number = 0; number < 3; number++) {
      await owner.records.create('a/one', number)
      await sealOnce(server.context)
    }
    const seals = await owner.ledger.seals()
    assert.deepEqual(
      seals.map(({ seal }) => seal),
      [3, 2, 1],
    )
    assert.deepEqual(await owner.ledger.head(), seals[0])
    assert.deepEqual(await owner.ledger.seals({ take: 1, after: 3 }), [seals[1]])
    assert.equal((await checkLedger(server.context.database, 1, seals[1])).fault, undefined)
  })

  test(`with the setting off nothing is noted,${on}`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_LEDGER: 'off' } })
    const tracker = await tracked(server)
    const { recordId } = await tracker.records.create('a/one', 1)
    await tracker.records.list('a/one')
    await isRefused(tracker.records.list('b/one'), 'forbidden')
    await server.owner.records.list('a/one')
    await server.owner.records.delete(recordId)
    assert.deepEqual(await told(server), [])
  })
}

test('bad parameters of the ledger are refused by name', async (t) => {
  const { url, token } = await startServer(t)
  const headers = { ...json, 'x-auth-token': token }
  for (const [query, name] of [
    ['from=yesterday', 'from'],
    ['to=2026-02-31T25:00:00Z', 'to'],
    ['action=fly', 'action'],
    ['endpoint=one', 'endpoint'],
    ['after=x', 'after'],
    ['take=-1', 'take'],
    ['sort=up', 'sort'],
  ]) {
    const { status, text } = await ask(url, { method: 'GET', path: `/api/v2.6/ledger?${query}`, headers })
    const { code, cause } = JSON.parse(text) as { code: string; cause: string }
    assert.deepEqual([status, code], [400, 'invalid_query'], query)
    assert.match(cause, new RegExp(`\\b${name}\\b`))
  }
})

test('failed sign-ins are counted', async (t) => {
  const server = await startServer(t)
  const headers = { username: ownerName, password: 'wrong' }
  for (let time = 0; time < 2; time++)
    assert.equal((await ask(server.url, { method: 'GET', path: '/users/access_token', headers })).status, 401)
  await server.app.ledger.flush()
  const [counted, ...others] = await server.owner.ledger.list({ action: 'refused_unknown' })
  assert.deepEqual(
    [counted!.detail, others.length],
    [{ code: 'credentials_wrong', route: 'GET /users/access_token', times: 2 }, 0],
  )
})
