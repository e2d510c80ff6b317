import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { exact, type StoredRecord } from '@hatstand/sdk'
import { routeEngines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'
import { refused } from '../../../test/refused.ts'

const unknownId = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'
const dataOf = (records: readonly StoredRecord[]) => records.map(({ data }) => data)

for (const engine of routeEngines) {
  test(`one value makes one record, an array one of each element, an empty array none, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const post = async (body: string) => {
      const response = await ask(server, 'POST', '/api/v2.6/data/rumpel/locations', body)
      return [response.status, JSON.parse(await response.text())]
    }
    const [status, record] = await post('{"a":1}')
    assert.equal(status, 201)
    assert.match(record.recordId, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    assert.deepEqual(record, {
      endpoint: 'rumpel/locations',
      recordId: record.recordId,
      data: { a: 1 },
      links: [],
    })
    const [, list] = await post('[1,[2],[]]')
    assert.deepEqual(
      list.map(({ data }: { data: unknown }) => data),
      [1, [2], []],
    )
    assert.deepEqual(await post('[]'), [201, []])
    assert.deepEqual(await post(' [ ] '), [201, []])
    assert.deepEqual(dataOf(await server.owner.records.list('rumpel/locations')), [[], [2], 1, { a: 1 }])
  })

  test(`an endpoint nobody wrote to is an empty list, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    for (const options of [{}, { orderBy: 'a' }, { links: true, meta: true }, { skip: 3 }])
      assert.deepEqual(await owner.records.page('no/thing', options), { records: [] })
  })

  test(`every prefix and both addresses of an endpoint lead to the same records, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    for (const [index, prefix] of ['/api/v2.6', '/api/v2', '/api/v2.0'].entries()) {
      assert.equal((await ask(server, 'POST', `${prefix}/data/a/b/c-1`, String(index))).status, 201)
      assert.equal(
        (await ask(server, 'POST', `${prefix}/data-batch`, `[{"endpoint":"a/b/c-1","data":"${index}"}]`))
          .status,
        201,
      )
      assert.equal(
        ((await (await ask(server, 'GET', `${prefix}/data/a/b/c-1`)).json()) as unknown[]).length,
        2 * index + 2,
      )
      assert.deepEqual(await (await ask(server, 'GET', `${prefix}/data/sources`)).json(), { a: ['b/c-1'] })
    }
  })

  test(`a read asked for one record gives it, or an empty list when it is elsewhere, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    const [one, other] = [await owner.records.create('a/b', 1), await owner.records.create('a/c', 1)]
    assert.deepEqual(
      (await owner.records.list('a/b', { recordId: one.recordId.toUpperCase() })).map(
        ({ recordId }) => recordId,
      ),
      [one.recordId],
    )
    assert.deepEqual(await owner.records.list('a/b', { recordId: other.recordId }), [])
    assert.deepEqual(await owner.records.list('a/b', { recordId: unknownId }), [])
    assert.equal((await owner.records.get(other.recordId.toUpperCase())).endpoint, 'a/c')
    assert.equal((await refused(owner.records.get(unknownId))).status, 404)
  })

  test(`meta tells seq, times and writer, on ${engine.name}`, async (t) => {
    const clock = { now: Date.UTC(2026, 1, 28, 23, 59, 59, 7) }
    const server = await startServer(t, engine, { now: () => clock.now })
    const { recordId } = await server.owner.records.create('a/b', 1)
    await server.owner.records.create('a/b', 2)
    const created = '2026-02-28T23:59:59.007Z'
    const meta = async () => {
      const {
        seq,
        created: first,
        updated,
        writer,
      } = await server.owner.records.get(recordId, { meta: true })
      return { seq, created: first, updated, writer }
    }
    assert.deepEqual(await meta(), { seq: 1, created, updated: undefined, writer: 'owner' })
    clock.now += 1
    await server
      .as(await server.application('tracker', { writes: ['a'] }))
      .records.update({ endpoint: 'a/b', recordId, data: 3 })
    assert.deepEqual(await meta(), {
      seq: 3,
      created,
      updated: '2026-02-28T23:59:59.008Z',
      writer: 'tracker',
    })
    const listed = await server.owner.records.list('a/b', { meta: true })
    assert.deepEqual(
      listed.map(({ seq, data }) => [seq, data]),
      [
        [2, 2],
        [3, 3],
      ],
    )
    assert.equal((await server.owner.records.get(recordId)).seq, undefined)
  })

  test(`skipErrors saves what is no duplicate and says what it left out, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.createMany('a/b', [3, 4])
    const { records, skipped } = await server.owner.records.createMany('a/b', [1, 3, 2, 1, 4], {
      skipErrors: true,
    })
    assert.deepEqual(
      [dataOf(records), skipped],
      [
        [1, 2],
        [1, 3, 4],
      ],
    )
    const none = await ask(server, 'POST', '/api/v2.6/data/a/b?skipErrors=true', '[5]')
    assert.equal(none.headers.get('x-skipped'), '')
    const many = [...Array(3000).keys()]
    const half = await server.owner.records.createMany(
      'a/c',
      many.filter((number) => number % 2 === 0),
    )
    const rest = await server.owner.records.createMany('a/c', many, { skipErrors: true })
    assert.deepEqual(
      dataOf(rest.records),
      many.filter((number) => number % 2 === 1),
    )
    assert.deepEqual(rest.skipped, many.filter((number) => number % 2 === 0).slice(0, 500))
    assert.equal(half.records.length + rest.records.length, 3000)
    assert.equal(
      (await refused(server.owner.records.createMany('a/d', exact('[1,2,'), { skipErrors: true }))).code,
      'invalid_json',
    )
    assert.equal((await refused(server.owner.records.create('a/b', 1))).code, 'duplicate_data')
    assert.equal((await ask(server, 'POST', '/api/v2.6/data/a/b?skipErrors=true', '1')).status, 400)
  })

  test(`a body sent with a read is ignored, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.create('a/b', 1)
    const headers = { 'x-auth-token': server.token, 'content-type': 'application/json', 'content-length': 2 }
    for (const path of ['/data/a/b', '/data/sources']) {
      const status = await new Promise((resolve, reject) => {
        const sent = request(`${server.url}/api/v2.6${path}`, { headers }, (answer) =>
          resolve(answer.resume().statusCode),
        )
        sent.on('error', reject).end('{}')
      })
      assert.equal(status, 200)
    }
  })
}

function ask(server: TestServer, method: string, path: string, body?: string): Promise<Response> {
  const headers = {
    'x-auth-token': server.token,
    ...(body !== undefined && { 'content-type': 'application/json' }),
  }
  return fetch(server.url + path, { method, headers, ...(body !== undefined && { body }) })
}
