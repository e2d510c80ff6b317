import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exact, type StoredRecord } from '@hatstand/sdk'
import { routeEngines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'

const start = Date.UTC(2026, 0, 1)

for (const engine of routeEngines) {
  test(`sources list each endpoint that holds a record, of what the caller may read, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    assert.deepEqual(await owner.endpoints.list(), {})
    assert.deepEqual(await owner.endpoints.counts(), {})
    await owner.records.create('b/two', 1)
    await owner.records.create('b/one/deep', 1)
    await owner.records.create('a/one', 1)
    await owner.records.create('constructor/--proto--', 1)
    await owner.records.createMany('empty/one', [])
    const gone = await owner.records.create('gone/one', 1)
    await owner.records.delete(gone.recordId)
    const all = { a: ['one'], b: ['one/deep', 'two'], constructor: ['--proto--'] }
    assert.deepEqual(await owner.endpoints.list(), all)
    const tracker = server.as(await server.application('tracker', { reads: ['b'], writes: ['a', 'b'] }))
    assert.deepEqual(await tracker.endpoints.list(), { b: all.b })
    assert.deepEqual(Object.keys(await tracker.endpoints.counts()), ['b'])
  })

  test(`counts stay right through every kind of change, on ${engine.name}`, async (t) => {
    const clock = { now: start }
    const server = await startServer(t, engine, { now: () => clock.now })
    const { owner } = server
    const texts = ['1.0', '"é😀"', '{ "a" : [ ] }', '"\\u00e9"']
    const { records } = await owner.records.createMany('a/b', exact(`[${texts.join(' , ')}]`))
    await counted(server, { 'a/b': start })
    clock.now += 1000
    await owner.batch.create([
      { endpoint: 'a/b', data: 'x', links: [{ endpoint: 'a/c', data: 'yy' }] },
      { endpoint: 'd/e', data: 7 },
    ])
    await counted(server, { 'a/b': start + 1000, 'a/c': start + 1000, 'd/e': start + 1000 })
    clock.now += 1000
    await owner.records.update({
      ...(records[1] as StoredRecord),
      data: exact('[ "longer than before", "é" ]'),
    })
    await counted(server, { 'a/b': start + 2000, 'a/c': start + 1000, 'd/e': start + 1000 })
    clock.now += 1000
    await refused(owner.records.createMany('a/c', ['new', 'yy']))
    await owner.records.createMany('a/c', ['new', 'yy'], { skipErrors: true })
    await owner.records.createMany('a/c', ['new', 'yy'], { skipErrors: true })
    await owner.records.delete(records[0]!.recordId)
    await counted(server, { 'a/b': start + 3000, 'a/c': start + 3000, 'd/e': start + 1000 })
    clock.now += 1000
    await owner.records.deleteEndpoint('d/e')
    await owner.records.erase(records[2]!.recordId)
    await counted(server, { 'a/b': start + 4000, 'a/c': start + 3000 })
    clock.now += 1000
    await owner.records.createMany('a/many', [...Array(9000).keys()])
    await owner.records.create('d/e', 8)
    await counted(server, {
      'a/b': start + 4000,
      'a/c': start + 3000,
      'a/many': start + 5000,
      'd/e': start + 5000,
    })
  })
}

/** The counts must be those of the records as they are read, and the last changes at these times. */
async function counted({ owner }: TestServer, changes: Record<string, number>): Promise<void> {
  const expected: Record<string, Record<string, unknown>> = {}
  for (const [endpoint, changed] of Object.entries(changes)) {
    const texts = (await owner.records.list(endpoint, { take: 100_000 })).map(({ text }) => text)
    const [namespace, path] = endpoint.split('/') as [string, string]
    expected[namespace] ??= {}
    expected[namespace][path] = {
      records: texts.length,
      bytes: texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0),
      lastChanged: new Date(changed).toISOString(),
    }
  }
  assert.deepEqual(await owner.endpoints.counts(), expected)
}
