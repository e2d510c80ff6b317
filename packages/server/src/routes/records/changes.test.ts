import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StoredRecord } from '@hatstand/sdk'
import { send, stored } from '../../../test/bad-input.ts'
import { routeEngines } from '../../../test/engines.ts'
import { startServer } from '../../../test/harness.ts'
import { refused } from '../../../test/refused.ts'

const unknownId = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'
const dataOf = (records: readonly StoredRecord[]) => records.map(({ data }) => data)

for (const engine of routeEngines) {
  test(`an update keeps the place and answers in the order asked, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    const { records } = await owner.records.createMany('a/b', [1, 2, 3])
    const [one, two, three] = records as [StoredRecord, StoredRecord, StoredRecord]
    const answer = await owner.records.updateMany([
      { ...three, data: 'c' },
      { ...one, data: 'a' },
    ])
    assert.deepEqual(
      answer.map(({ recordId, data }) => [recordId, data]),
      [
        [three.recordId, 'c'],
        [one.recordId, 'a'],
      ],
    )
    assert.deepEqual(dataOf(await owner.records.list('a/b')), ['c', 2, 'a'])
    await owner.records.updateMany([
      { ...one, data: 'c' },
      { ...two, data: 'a' },
      { ...three, data: 2 },
    ])
    assert.deepEqual(dataOf(await owner.records.list('a/b')), [2, 'a', 'c'], 'swapped among themselves')
    await owner.records.update({ ...one, data: 'c' })
    assert.equal((await refused(owner.records.create('a/b', 'c'))).duplicates[0]?.recordId, one.recordId)
    assert.equal((await owner.records.create('a/b', 3)).data, 3, 'a value that was replaced is free')
  })

  test(`a refused update changes nothing at all, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    const one = await owner.records.create('a/b', 1)
    const two = await owner.records.create('a/b', 2)
    const other = await owner.records.create('c/d', 1)
    const tracker = server.as(await server.application('tracker', { writes: ['a'] }))
    const first = { ...one, data: 'changed' }
    const before = await stored(server)
    const refusals: [string, () => Promise<unknown>][] = [
      ['data_missing', () => owner.records.updateMany([first, { ...two, recordId: unknownId }])],
      ['endpoint_changed', () => owner.records.updateMany([first, { ...two, endpoint: 'a/c' }])],
      ['endpoint_changed', () => owner.records.updateMany([first, { ...other, endpoint: 'a/b', data: 5 }])],
      ['record_twice', () => owner.records.updateMany([first, { ...one, data: 'again' }])],
      ['duplicate_data', () => owner.records.updateMany([first, { ...two, data: 'changed' }])],
      ['duplicate_data', () => owner.records.updateMany([{ ...one, data: 2 }])],
      ['forbidden', () => tracker.records.updateMany([first, { ...other, data: 5 }])],
      ['forbidden', () => tracker.records.updateMany([first, { ...other, endpoint: 'a/b', data: 5 }])],
    ]
    for (const [code, asked] of refusals) assert.equal((await refused(asked())).code, code)
    assert.deepEqual(await stored(server), before)
    assert.deepEqual(dataOf(await owner.records.list('a/b')), [2, 1])
  })

  test(`records are deleted all or none, by repeated or joined ids, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    const ids = (await owner.records.createMany('a/b', [1, 2, 3, 4, 5])).records.map(
      ({ recordId }) => recordId,
    )
    const other = await owner.records.create('c/d', 1)
    const tracker = server.as(await server.application('tracker', { writes: ['a'] }))
    assert.equal((await refused(owner.records.delete([ids[0]!, unknownId]))).code, 'data_missing')
    assert.equal((await refused(tracker.records.delete([ids[0]!, other.recordId]))).code, 'forbidden')
    assert.equal((await owner.records.list('a/b')).length, 5)
    const asked = `/data?records=${ids[0]},${ids[1]}&records=${ids[2]}&records=${ids[0]!.toUpperCase()}`
    assert.equal((await send(server, { method: 'DELETE', path: asked })).status, 200)
    assert.deepEqual(dataOf(await owner.records.list('a/b')), [5, 4])
    assert.equal((await refused(owner.records.delete(ids[0]!))).code, 'data_missing')
    assert.equal((await owner.records.create('a/b', 1)).data, 1, 'a value that was deleted is free')
  })

  test(`an endpoint is deleted without those below it, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    for (const endpoint of ['a/b', 'a/b/c', 'a/bc', 'a/b-c'])
      await owner.records.createMany(endpoint, [...Array(1500).keys()])
    await owner.records.deleteEndpoint('a/b')
    await owner.records.deleteEndpoint('a/nothing')
    assert.deepEqual(await owner.endpoints.list(), { a: ['b-c', 'b/c', 'bc'] })
    assert.deepEqual(await owner.records.list('a/b'), [])
    assert.equal((await owner.records.list('a/b/c', { take: 2000 })).length, 1500)
  })

  test(`a batch saves records anywhere the caller may write, all or none, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const tracker = server.as(await server.application('tracker', { writes: ['a'] }))
    const saved = await tracker.batch.create([
      { endpoint: 'a/b', data: 1 },
      { endpoint: 'a/c/d', data: 1, links: [] },
    ])
    assert.deepEqual(
      saved.map(({ endpoint, data, links }) => [endpoint, data, links]),
      [
        ['a/b', 1, []],
        ['a/c/d', 1, []],
      ],
    )
    const before = await stored(server)
    assert.equal(
      (
        await refused(
          tracker.batch.create([
            { endpoint: 'a/b', data: 2 },
            { endpoint: 'b/b', data: 2 },
          ]),
        )
      ).code,
      'forbidden',
    )
    const linked = { endpoint: 'a/b', data: 3, links: [{ endpoint: 'b/b', data: 2 }] }
    assert.equal((await refused(tracker.batch.create([linked]))).code, 'forbidden')
    const refusal = await refused(
      tracker.batch.create([
        { endpoint: 'a/x', data: 1 },
        { endpoint: 'a/b', data: 1 },
      ]),
    )
    assert.deepEqual(
      [refusal.code, refusal.duplicates],
      ['duplicate_data', [{ index: 1 }]],
      'no id for who may not read',
    )
    assert.deepEqual(await stored(server), before)
    assert.deepEqual(await tracker.batch.create([]), [])
  })
}
