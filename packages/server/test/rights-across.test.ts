import assert from 'node:assert/strict'
import { connect as openSocket } from 'node:net'
import { test } from 'node:test'
import type { StoredRecord } from '@hatstand/sdk'
import { removeApplication } from '../src/store/access/applications.ts'
import { grant } from './applications.ts'
import { ask, everyRow } from './asking.ts'
import { routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'

const api = '/api/v2.6'
const both = { reads: ['mine'], writes: ['mine'] }

const fresh = (namespace: string, number: number) => ({ endpoint: `${namespace}/notes`, data: { number } })

function errorOf(work: Promise<unknown>) {
  return work.then(
    () => assert.fail('it was not refused'),
    ({ status, code, message, duplicates }) => ({ status, code, message, duplicates }),
  )
}

/** Refused as forbidden, with nothing of it done. */
async function forbidden(server: TestServer, what: string, work: () => Promise<unknown>): Promise<void> {
  const kept = await everyRow(server.context.database)
  const { status, code } = await errorOf(work())
  assert.deepEqual([status, code], [403, 'forbidden'], what)
  assert.equal(await everyRow(server.context.database), kept, what)
}

function idsOf(records: readonly StoredRecord[] = []): string[] {
  return records.map((one) => one.recordId).toSorted()
}

/** What comes back to headers that announce 100 MB, when not one byte of them is sent. */
function announced(server: TestServer, method: string, path: string, token?: string): Promise<string> {
  const { port } = new URL(server.url)
  return new Promise((resolve, reject) => {
    const socket = openSocket(Number(port), '127.0.0.1')
    let text = ''
    socket.setTimeout(60_000, () => socket.destroy(new Error('no answer without the body')))
    socket.on('error', reject)
    socket.on('data', (part) => (text += String(part)))
    socket.on('end', () => resolve(text))
    const headers = [`Host: 127.0.0.1:${port}`, 'Content-Type: application/json', 'Content-Length: 100000000']
    if (token) headers.push(`X-Auth-Token: ${token}`)
    socket.write(`${method} ${api}${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`)
  })
}

for (const engine of routeEngines) {
  test(`${engine.name}: what touches one foreign namespace is refused whole`, async (t) => {
    const server = await startServer(t, engine)
    const program = server.as(await server.application('program', both))
    const mine = await server.owner.records.create('mine/notes', { of: 'mine' })
    const theirs = await server.owner.records.create('theirs/notes', { of: 'theirs' })
    const { batch, records, links } = program
    await forbidden(server, 'a batch for two namespaces', () =>
      batch.create([fresh('mine', 1), fresh('theirs', 2)]),
    )
    await forbidden(server, 'a batch with a foreign link', () =>
      batch.create([{ ...fresh('mine', 1), links: [fresh('theirs', 2)] }]),
    )
    await forbidden(server, 'a foreign link, deep down', () =>
      batch.create([{ ...fresh('mine', 1), links: [{ ...fresh('mine', 2), links: [fresh('theirs', 3)] }] }]),
    )
    const ids = [mine.recordId, theirs.recordId]
    await forbidden(server, 'joining', () => links.create(ids))
    await forbidden(server, 'joining one of them', () => links.create([theirs.recordId]))
    await forbidden(server, 'deleting', () => records.delete(ids))
    await forbidden(server, 'updating', () =>
      records.updateMany([
        { ...mine, data: 1 },
        { ...theirs, data: 2 },
      ]),
    )
    await forbidden(server, 'updating a foreign record under a name of ours', () =>
      records.update({ ...theirs, endpoint: 'mine/notes', data: 3 }),
    )
    await forbidden(server, 'updating our record under a foreign name', () =>
      records.update({ ...mine, endpoint: 'theirs/notes', data: 3 }),
    )
    await forbidden(server, 'emptying a foreign endpoint', () => records.deleteEndpoint('theirs/notes'))
    for (const outside of ['minee/notes', 'min/notes', 'mine-/notes'])
      await forbidden(server, outside, () => records.create(outside, { number: 1 }))
  })

  test(`${engine.name}: linked records are shown to who may read them, and left out for others without a trace`, async (t) => {
    const server = await startServer(t, engine)
    const program = server.as(await server.application('program', both))
    const [main] = await server.owner.batch.create([
      {
        endpoint: 'mine/notes',
        data: { number: 1 },
        links: [
          { endpoint: 'mine/links', data: { number: 2 } },
          { endpoint: 'theirs/links', data: { secret: 'never told' } },
        ],
      },
    ])
    const { recordId, links = [] } = main!
    const [ours, foreign] = links as [StoredRecord, StoredRecord]
    const options = { links: true, meta: true }
    assert.deepEqual(idsOf((await server.owner.records.get(recordId, options)).links), idsOf([ours, foreign]))
    const reads = [
      await program.records.get(recordId, options),
      ...(await program.records.list('mine/notes', options)),
      ...(await program.records.list('mine/notes', { ...options, recordId })),
      ...(await program.records.list('mine/notes', { ...options, orderBy: 'number' })),
    ]
    for (const read of reads) assert.deepEqual(idsOf(read.links), [ours.recordId])
    assert.deepEqual(await program.records.list('mine/notes', { recordId: foreign.recordId }), [])
    assert.deepEqual(await program.endpoints.list(), { mine: ['links', 'notes'] })
    assert.deepEqual(Object.keys(await program.endpoints.counts()), ['mine'])
    const whole = await ask(server.url, {
      method: 'GET',
      path: `${api}/data/mine/notes?links=true&meta=true`,
      headers: { 'x-auth-token': program.token! },
    })
    assert.doesNotMatch(whole.text, /never told|theirs/)
    assert.ok(!whole.text.includes(foreign.recordId))
  })

  test(`${engine.name}: which record a duplicate repeats is told to readers only`, async (t) => {
    const server = await startServer(t, engine)
    const data = { number: 1 }
    const { recordId } = await server.owner.records.create('mine/notes', data)
    const other = await server.owner.records.create('mine/notes', { number: 2 })
    const writer = server.as(await server.application('writer', { writes: ['mine'] }))
    const reader = server.as(await server.application('reader', both))
    const ways = (pda: TestServer['owner']) => [
      () => pda.records.create('mine/notes', data),
      () => pda.records.createMany('mine/notes', [data]),
      () => pda.batch.create([{ endpoint: 'mine/notes', data }]),
      () => pda.records.update({ ...other, data }),
    ]
    for (const way of ways(writer)) {
      const refusal = await errorOf(way())
      assert.deepEqual([refusal.code, refusal.duplicates], ['duplicate_data', [{ index: 0 }]])
    }
    for (const way of [...ways(reader), ...ways(server.owner)])
      assert.deepEqual((await errorOf(way())).duplicates, [{ index: 0, recordId }])
    await server.owner.records.create('theirs/notes', { number: 9 })
    assert.equal((await writer.records.create('mine/notes', { number: 9 })).endpoint, 'mine/notes')
  })

  test(`${engine.name}: rights are checked before the body: a stranger's 100 MB are never taken in`, async (t) => {
    const server = await startServer(t, engine)
    const program = await server.application('program', both)
    const reader = await server.application('reader', { reads: ['mine'] })
    const began = performance.now()
    for (const [method, path] of [
      ['POST', '/data/mine/notes'],
      ['POST', '/data-batch'],
      ['PUT', '/data'],
      ['POST', '/data-link?records='],
      ['DELETE', '/data?records='],
      ['DELETE', '/data-erasure/mine/notes'],
    ] as const) {
      assert.match(await announced(server, method, path), /^HTTP\/1.1 401 .*"not_authenticated"/s, path)
      assert.match(
        await announced(server, method, path, reader),
        /^HTTP\/1.1 403 .*"code":"forbidden"/s,
        path,
      )
    }
    const foreign = await announced(server, 'POST', '/data/theirs/notes', program)
    assert.match(foreign, /^HTTP\/1.1 403 .*"code":"forbidden"/s)
    t.diagnostic(`13 refusals took ${Math.round(performance.now() - began)} ms`)
  })

  test(`${engine.name}: changed rights, and an application's removal, hold from the next request on`, async (t) => {
    const server = await startServer(t, engine)
    const program = server.as(await server.application('program', both))
    const { database } = server.context
    const change = (rights: { reads: string[]; writes: string[] }) =>
      database.of(1).write((unit) => grant(unit, { id: 'program', version: '1.0.0', ...rights }, Date.now()))
    await program.records.create('mine/notes', { number: 1 })
    await change({ reads: ['theirs'], writes: [] })
    assert.equal((await errorOf(program.records.create('mine/notes', { number: 2 }))).status, 403)
    assert.equal((await errorOf(program.records.list('mine/notes'))).status, 403)
    assert.deepEqual(await program.records.list('theirs/notes'), [])
    await change({ reads: [], writes: ['theirs'] })
    await program.records.create('theirs/notes', { number: 1 })
    await database.of(1).write((unit) => removeApplication(unit, 'program', Date.now()))
    assert.equal((await errorOf(program.records.create('theirs/notes', { number: 2 }))).status, 401)
    assert.equal((await errorOf(program.accessTokens.validate())).status, 401)
    assert.equal((await server.owner.records.list('theirs/notes')).length, 1, 'what it wrote stays')
  })
}
