import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredRecord } from '@hatstand/sdk'
import { send, stored } from '../../../test/bad-input.ts'
import { routeEngines } from '../../../test/engines.ts'
import { startServer } from '../../../test/harness.ts'
import { refused } from '../../../test/refused.ts'

const unknownId = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'
const linksOf = (record: StoredRecord | undefined) => (record?.links ?? []).map(({ data }) => data)

for (const engine of routeEngines) {
  test(`linked records see one another, from either side and only when asked, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    const { records } = await owner.records.createMany('a/b', ['one', 'two', 'three'])
    const ids = records.map(({ recordId }) => recordId)
    assert.deepEqual(await owner.links.create([ids[0]!, ids[1]!]), { message: 'Grouping registered' })
    const all = async () =>
      (await owner.records.list('a/b', { links: true, ordering: 'ascending' })).map(linksOf)
    assert.deepEqual(await all(), [['two'], ['one'], []])
    await owner.links.create([ids[0]!, ids[1]!])
    await owner.links.create([ids[0]!, ids[2]!])
    assert.deepEqual(
      await all(),
      [['two', 'three'], ['one'], ['one']],
      'each once, however often they were joined',
    )
    assert.deepEqual(linksOf(await owner.records.get(ids[2]!, { links: true })), ['one'])
    assert.equal((await owner.records.get(ids[2]!)).links, undefined)
    assert.equal((await owner.records.list('a/b'))[0]?.links, undefined)
    const [linked] = (await owner.records.get(ids[1]!, { links: true, meta: true })).links!
    assert.deepEqual(
      [linked?.endpoint, linked?.recordId, linked?.seq, linked?.links],
      ['a/b', ids[0], 1, undefined],
    )
  })

  test(`a batch links each record with its own links, at any depth, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    const leaf = { endpoint: 'a/leaf', data: 'leaf' }
    const [saved] = await owner.batch.create([
      {
        endpoint: 'a/root',
        data: 'root',
        links: [
          { endpoint: 'a/branch', data: 'branch', links: [leaf] },
          { endpoint: 'a/branch', data: 'other' },
        ],
      },
      { endpoint: 'a/root', data: 'alone' },
    ])
    assert.deepEqual(linksOf(saved), ['branch', 'other'])
    assert.deepEqual(linksOf(saved?.links?.[0]), ['leaf'])
    const read = async (endpoint: string) =>
      (await owner.records.list(endpoint, { links: true, ordering: 'ascending' })).map((record) => [
        record.data,
        linksOf(record),
      ])
    assert.deepEqual(await read('a/root'), [
      ['root', ['branch', 'other']],
      ['alone', []],
    ])
    assert.deepEqual(await read('a/branch'), [
      ['branch', ['root', 'leaf', 'other']],
      ['other', ['root', 'branch']],
    ])
    assert.deepEqual(await read('a/leaf'), [['leaf', ['branch']]])
  })

  test(`a link takes its ids repeated or joined, one is enough, and none or an unknown one is refused, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    const ids = (await owner.records.createMany('a/b', [1, 2, 3])).records.map(({ recordId }) => recordId)
    const link = async (query: string) =>
      (await send(server, { method: 'POST', path: `/data-link?${query}` })).status
    assert.equal(
      await link(`records=${ids[0]},${ids[1]}&records=${ids[2]!.toUpperCase()}&records=${ids[2]}`),
      201,
    )
    assert.deepEqual(linksOf(await owner.records.get(ids[1]!, { links: true })), [1, 3])
    assert.equal(await link(`records=${ids[0]}`), 201)
    const before = await stored(server)
    assert.equal((await refused(owner.links.create([ids[0]!, unknownId]))).code, 'data_missing')
    assert.equal(await link(''), 400)
    const other = await owner.records.create('c/d', 1)
    const tracker = server.as(await server.application('tracker', { writes: ['a'] }))
    assert.equal((await refused(tracker.links.create([ids[0]!, other.recordId]))).code, 'forbidden')
    await owner.records.delete(other.recordId)
    assert.notDeepEqual(await stored(server), before)
    assert.deepEqual(linksOf(await owner.records.get(ids[0]!, { links: true })), [2, 3])
  })

  test(`a linked record shows only to who may read its namespace, and goes when it is deleted, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    await owner.batch.create([
      {
        endpoint: 'a/b',
        data: 1,
        links: [
          { endpoint: 'secret/b', data: 2 },
          { endpoint: 'a/c', data: 3 },
        ],
      },
    ])
    const reader = server.as(await server.application('reader', { reads: ['a'] }))
    const [record] = await reader.records.list('a/b', { links: true })
    assert.deepEqual(linksOf(record), [3])
    assert.deepEqual(linksOf(await reader.records.get(record!.recordId, { links: true })), [3])
    assert.deepEqual(linksOf(await owner.records.get(record!.recordId, { links: true })), [2, 3])
    await owner.records.deleteEndpoint('a/c')
    assert.deepEqual(linksOf(await owner.records.get(record!.recordId, { links: true })), [2])
    await owner.records.update({ endpoint: 'a/b', recordId: record!.recordId, data: 'changed' })
    assert.deepEqual(linksOf((await owner.records.list('secret/b', { links: true }))[0]), ['changed'])
  })
}
