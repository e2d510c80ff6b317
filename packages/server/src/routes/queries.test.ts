import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordQuery } from '@hatstand/api/record-queries.ts'
import { ask } from '../../test/asking.ts'
import { routeEngines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'

const json = { 'content-type': 'application/json' }

const identity = (field: string, operator: object) => ({ field, operator }) as never
const contains = (field: string, value: unknown) => identity(field, { operator: 'contains', value })
const between = (field: string, lower: unknown, upper: unknown) =>
  identity(field, { operator: 'between', lower, upper })
const part = (transformation: string, name: string, field: string, operator: object) =>
  ({ field, transformation: { transformation, part: name }, operator }) as never

async function found({ owner }: TestServer, endpoint: string, ...filters: never[]): Promise<unknown[]> {
  return (await owner.queries.list(endpoint, { filters })).map(({ data }) => (data as { n: unknown }).n)
}

const forbidden = async (asked: Promise<unknown>) => assert.equal((await refused(asked)).code, 'forbidden')

for (const engine of routeEngines) {
  const on = ` on ${engine.name}`

  test(`filters find records by what they hold, as the documents of the API show it,${on}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.createMany('test/one', [
      { n: 1, text: 'value', list: ['a', 'b'], object: { inner: { deep: 1, more: 2 } } },
      { n: 2, text: 'value2', list: ['b', 'c'], object: { inner: { deep: 2 } }, unix: 1492699047 },
      { n: 3, date: '2017-04-20T14:37:27+00:00', unix: 1492699048 },
    ])
    const finds = async (filter: never, ...expected: number[]) =>
      assert.deepEqual(await found(server, 'test/one', filter), expected)
    await finds(contains('text', 'value'), 1)
    await finds(contains('list', 'b'), 2, 1)
    await finds(contains('list', ['a', 'b']), 1)
    await finds(contains('object', { inner: { deep: 1 } }), 1)
    await finds(identity('text', { operator: 'in', value: ['value', 'other'] }), 1)
    await finds(identity('list', { operator: 'in', value: ['a', 'b', 'c', 'd'] }), 2, 1)
    await finds(between('unix', 1492699047, 1492699047), 2)
    await finds(between('date', '2017-04', '2017-05'), 3)
    const hour = { operator: 'between', lower: 14, upper: 14 }
    await finds(part('datetimeExtract', 'hour', 'date', hour), 3)
    await finds(part('timestampExtract', 'hour', 'unix', hour), 3, 2)
    await finds(between('nowhere', 0, 9))
    const search = {
      transformation: { transformation: 'searchable' },
      operator: { operator: 'find', search: 'VALUE' },
    }
    await finds({ field: '', ...search } as never, 1)
  })

  test(`what passes is mapped, ordered, skipped, counted and continued behind a link,${on}`, async (t) => {
    const { owner } = await startServer(t, engine)
    await owner.records.createMany(
      'test/one',
      Array.from({ length: 25 }, (_, number) => ({ number, odd: number % 2 === 1 })),
    )
    const query: RecordQuery = {
      filters: [contains('odd', true)],
      mapping: { 'seen.as': 'number' },
      orderBy: 'seen.as',
      ordering: 'descending',
      skip: 2,
      take: 4,
      count: true,
    }
    const first = await owner.queries.page('test/one', query)
    assert.equal(first.count, 12)
    assert.deepEqual(
      first.records.map(({ data }) => data),
      [19, 17, 15, 13].map((number) => ({ seen: { as: number } })),
    )
    const all = await Array.fromAsync(owner.queries.listAll('test/one', query))
    assert.deepEqual(
      all.map(({ text }) => text),
      [19, 17, 15, 13, 11, 9, 7, 5, 3, 1].map((number) => `{"seen":{"as":${number}}}`),
    )
    assert.equal(await owner.queries.count('test/one'), 25)
    assert.deepEqual(await owner.queries.list('test/none', { take: 3 }), [])
  })

  test(`a client that can send it asks by QUERY, and is told so,${on}`, async (t) => {
    const { url, token, owner } = await startServer(t, engine)
    await owner.records.createMany('test/one', [{ n: 1 }, { n: 2 }, { n: 3 }])
    const headers = { ...json, 'x-auth-token': token }
    const asked = { method: 'QUERY', path: '/api/v2.6/data/test/one', headers }
    const reply = await ask(url, { ...asked, body: '{"filters":[],"take":2}' })
    assert.equal(reply.status, 200)
    assert.equal(reply.headers['accept-query'], 'application/json')
    assert.deepEqual(
      JSON.parse(reply.text).map(({ data }: { data: unknown }) => data),
      [{ n: 3 }, { n: 2 }],
    )
    const next = /<(.*)>; rel="next"/.exec(String(reply.headers['link']))![1]!
    const rest = await ask(url, { ...asked, path: next, body: '{"filters":[],"take":2}' })
    assert.deepEqual(JSON.parse(rest.text).length, 1)
    assert.equal(rest.headers['link'], undefined)
    const stranger = await ask(url, { ...asked, headers: json, body: '{}' })
    assert.equal(stranger.status, 401)
    const listed = await ask(url, { method: 'GET', path: '/api/v2.6/data/test/one', headers })
    assert.equal(listed.headers['accept-query'], 'application/json')
  })

  test(`linked records are shown where they are asked for, whole and once,${on}`, async (t) => {
    const { owner } = await startServer(t, engine)
    const { records: two } = await owner.records.createMany('test/one', [{ same: 1 }, { same: 1, other: 2 }])
    const [first, second] = two.map(({ recordId }) => recordId) as [string, string]
    const { records: linked } = await owner.records.createMany('test/two', [{ a: 1 }, { a: 2 }, { a: 3 }])
    const hidden = await owner.records.create('test/three', { a: 4 })
    for (const record of [...linked, hidden]) await owner.links.create([first, record.recordId])
    await owner.links.create([first, linked[0]!.recordId, second])
    const links = [{ endpoint: 'test/two', mapping: { was: 'a' }, filters: [between('a', 1, 2)] }]
    const records = await owner.queries.list('test/one', { orderBy: 'same', links })
    assert.deepEqual(
      records.map(({ recordId, links: shown }) => [recordId, shown?.map(({ text }) => text)]),
      [
        [second, ['{"was":1}']],
        [first, ['{"was":1}', '{"was":2}']],
      ],
    )
    const none = await owner.queries.list('test/two', { links: [{ endpoint: 'test/none' }] })
    assert.ok(none.every((record) => !('links' in record)))
  })

  test(`an application queries what it may read, and no links into what it may not,${on}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.create('mine/one', { a: 1 })
    const reader = server.as(await server.application('reader', { reads: ['mine'], writes: [] }))
    assert.equal((await reader.queries.list('mine/one', { links: [{ endpoint: 'mine/two' }] })).length, 1)
    await forbidden(reader.queries.list('theirs/one'))
    await forbidden(reader.queries.list('mine/one', { links: [{ endpoint: 'theirs/two' }] }))
    await forbidden(reader.queries.aggregate('theirs/one', { aggregates: { n: { aggregate: 'count' } } }))
    await server.app.ledger.flush()
    const noted = await server.owner.ledger.list({ holder: 'reader', action: 'query' })
    assert.deepEqual(
      noted.map(({ endpoints, records }) => [endpoints, records]),
      [[['mine/one'], 1]],
    )
  })

  test(`aggregates are exact, by group and by calendar,${on}`, async (t) => {
    const { owner } = await startServer(t, engine)
    await owner.records.createMany('shop/sales', [
      { shop: 'a', amount: 0.1, at: '2026-03-29T00:30:00Z' },
      { shop: 'a', amount: 0.2, at: '2026-03-29T22:30:00Z' },
      { shop: 'b', amount: 5, at: '2026-04-01T10:00:00Z' },
      { shop: 'b', at: '2026-04-02T10:00:00Z' },
    ])
    const aggregates = {
      sum: { aggregate: 'sum', field: 'amount' },
      records: { aggregate: 'count' },
      average: { aggregate: 'average', field: 'amount' },
    } as const
    const byShop = await owner.queries.aggregate('shop/sales', { aggregates, groupBy: 'shop' })
    assert.match(byShop.text, /"value":"a","records":2,"values":\{"sum":0.3,"records":2,"average":0.15\}/)
    const days = await owner.queries.aggregate('shop/sales', {
      aggregates: { sum: aggregates.sum },
      filters: [contains('shop', 'a')],
      histogram: { field: 'at', interval: 'day', timeZone: 'Europe/Berlin' },
    })
    assert.deepEqual(
      days.groups.map(({ from, records }) => [from, records]),
      [
        ['2026-03-29T00:00:00+01:00', 1],
        ['2026-03-30T00:00:00+02:00', 1],
      ],
    )
  })
}

test('a query that is wrong is refused with the place of the fault', async (t) => {
  const { url, token } = await startServer(t)
  const refusal = async (body: string, code: string, cause: RegExp, path = 'data-query') => {
    const headers = { ...json, 'x-auth-token': token }
    const reply = await ask(url, { method: 'POST', path: `/api/v2.6/${path}/test/one`, headers, body })
    assert.equal(reply.status, 400, reply.text)
    assert.equal(JSON.parse(reply.text).code, code)
    assert.match(JSON.parse(reply.text).cause, cause)
  }
  await refusal(
    '{"filters":[{"field":"a","operator":{"operator":"is"}}]}',
    'invalid_body',
    /^filters\[0\]\.operator\.operator must be contains,/,
  )
  await refusal('{"filter":[]}', 'invalid_body', /^filter must be one of filters,/)
  await refusal('{"take":-1}', 'invalid_body', /^take must be a whole number/)
  await refusal('{"orderBy":""}', 'invalid_body', /^orderBy must be a path/)
  await refusal('{"count":1}', 'invalid_body', /^count must be true or false/)
  await refusal('[]', 'invalid_body', /^The query must be an object/)
  await refusal('{"take":', 'invalid_json', /position/)
  await refusal(`{"mapping":${'{"a":'.repeat(80)}1${'}'.repeat(81)}`, 'too_deep', /deep/)
  await refusal(
    '{"aggregates":{"n":{"aggregate":"sum"}}}',
    'invalid_body',
    /^aggregates\.n\.field must be there/,
    'data-aggregate',
  )
  const headers = { ...json, 'x-auth-token': token }
  const path = '/api/v2.6/data-query/test/one?after=nonsense'
  const reply = await ask(url, { method: 'POST', path, headers, body: '{}' })
  assert.equal(JSON.parse(reply.text).code, 'invalid_query')
})

test('what is linked is shown a few records at a time, and far too much with one record is refused', async (t) => {
  const { url, token, owner } = await startServer(t)
  const filler = 'x'.repeat(8000)
  const all = Array.from({ length: 150 }, (_, n) => ({ n, filler }))
  const { records } = await owner.records.createMany('test/linked', all)
  await owner.links.create(records.map(({ recordId }) => recordId))
  const asked = async (times: number) => {
    const links = Array.from({ length: times }, () => ({ endpoint: 'test/linked' }))
    const headers = { ...json, 'x-auth-token': token }
    const path = '/api/v2.6/data-query/test/linked'
    const body = JSON.stringify({ links, orderBy: 'n', take: 20 })
    return ask(url, { method: 'POST', path, headers, body })
  }
  const shown = JSON.parse((await asked(3)).text) as { data: { n: number }; links: unknown[] }[]
  assert.deepEqual(
    shown.map(({ data, links }) => [data.n, links.length]),
    Array.from({ length: 20 }, (_, n) => [n, 3 * 149]),
  )
  const refusal = JSON.parse((await asked(100)).text)
  assert.match(refusal.cause, /^links show too much of what is linked with one record/)
})
