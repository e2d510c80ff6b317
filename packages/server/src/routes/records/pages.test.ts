import assert from 'node:assert/strict'
import { after, before as beforeAll, suite, test } from 'node:test'
import { type ListOptions, HatstandError } from '@hatstand/sdk'
import { routeEngines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'

/** Enough for three blocks of 4096 places; every third goes to another endpoint, between the others. */
const count = 14_000
const numbers = [...Array(count).keys()]
const mine = numbers.filter((number) => number % 3 !== 0)

type Numbered = { number: number; extra?: number }
const endpoint = (number: number) => `pages/${number % 3 === 0 ? 'other' : 'mine'}`

for (const engine of routeEngines)
  suite(`pages on ${engine.name}`, () => {
    let server: TestServer
    let stop: (() => unknown) | undefined
    after(() => stop?.())
    beforeAll(async () => {
      server = await startServer({ after: (fn) => (stop = fn as () => unknown) }, engine)
      await server.owner.batch.create(
        numbers.map((number) => ({ endpoint: endpoint(number), data: { number, rest: number % 100 } })),
      )
    })

    const read = async (options: ListOptions) =>
      (await server.owner.records.list<Numbered>('pages/mine', options)).map(({ data }) => data.number)
    const readAll = async (options: ListOptions) =>
      (await Array.fromAsync(server.owner.records.listAll<Numbered>('pages/mine', options))).map(
        ({ data }) => data.number,
      )

    /** The orders there are, as the records come in them. */
    const orders: [what: string, options: ListOptions, expected: number[]][] = [
      ['newest first', {}, mine.toReversed()],
      ['oldest first', { ordering: 'ascending' }, mine],
      ['newest first when asked for', { ordering: 'descending' }, mine.toReversed()],
      ['by a field', { orderBy: 'number' }, mine],
      ['by a field, the largest first', { orderBy: 'number', ordering: 'descending' }, mine.toReversed()],
      [
        'by a field with many equal',
        { orderBy: 'rest' },
        mine.toSorted((a, b) => (a % 100) - (b % 100) || b - a),
      ],
      ['by a field no record has', { orderBy: 'nothing' }, mine.toReversed()],
    ]

    for (const [what, options, expected] of orders) {
      test(`${what}: any number may be left out and any number taken`, async () => {
        assert.deepEqual(await read(options), expected.slice(0, 1000))
        for (const skip of [
          0,
          1,
          999,
          1000,
          4095,
          4096,
          4097,
          5461,
          8191,
          8192,
          8193,
          mine.length - 3,
          mine.length - 1,
          mine.length,
          1e9,
        ])
          for (const take of [1, 5])
            assert.deepEqual(
              await read({ ...options, skip, take }),
              expected.slice(skip, skip + take),
              `${skip}, ${take}`,
            )
        assert.deepEqual(await read({ ...options, take: 0 }), [])
        assert.deepEqual(await read({ ...options, skip: 4444, take: 3210 }), expected.slice(4444, 7654))
        assert.deepEqual(await read({ ...options, take: 999_999_999_999_999 }), expected)
      })

      test(`${what}: page by page nothing is repeated and nothing left out`, async () => {
        assert.deepEqual(await readAll({ ...options, take: 2345 }), expected)
        assert.deepEqual(await readAll({ ...options, take: 1234, skip: 5000 }), expected.slice(5000))
        const last = await server.owner.records.page('pages/mine', { ...options, take: mine.length })
        assert.deepEqual([last.records.length, last.after], [mine.length, undefined])
        const before = await server.owner.records.page('pages/mine', {
          ...options,
          skip: 10,
          take: mine.length - 11,
        })
        assert.equal(
          (await server.owner.records.page('pages/mine', { ...options, after: before.after! })).records
            .length,
          1,
        )
      })
    }

    test('a page in a long answer brings meta and links as well', async () => {
      const records = await server.owner.records.list<Numbered>('pages/mine', {
        ordering: 'ascending',
        take: 3000,
        meta: true,
        links: true,
      })
      assert.deepEqual(
        records.map(({ seq, links }) => [seq, links]),
        mine.slice(0, 3000).map((number) => [number + 1, []]),
      )
    })

    test('the next page is named by the same prefix, path and query', async () => {
      for (const prefix of ['/api/v2.6', '/api/v2', '/api/v2.0']) {
        const response = await fetch(
          `${server.url}${prefix}/data/pages/mine?take=2&orderBy=number?&meta=true&skip=1`,
          { headers: { 'x-auth-token': server.token } },
        )
        assert.equal(response.status, 200)
        const link = response.headers.get('link') ?? ''
        assert.ok(
          link.startsWith(`<${prefix}/data/pages/mine?take=2&orderBy=number%3F&meta=true&after=`),
          link,
        )
        assert.match(link, /^<[^<>\s]*>; rel="next"$/)
      }
    })

    test('every record there was at the beginning comes once, while others write and update', async () => {
      for (const [index, [, options]] of orders.entries()) {
        const busy = `pages/busy-${index}`
        await server.owner.records.createMany(
          busy,
          numbers.slice(0, 900).map((number) => ({ number })),
        )
        const seen: number[] = []
        let all = 0
        for await (const { data, recordId } of server.owner.records.listAll<Numbered>(busy, {
          ...options,
          take: 100,
        })) {
          if (data.extra === undefined) seen.push(data.number)
          if ((all += 1) % 100 !== 50) continue
          await server.owner.records.create(busy, { number: -1, extra: all })
          await server.owner.records.update({ endpoint: busy, recordId, data: { ...data, extra: all } })
        }
        assert.deepEqual(
          seen.toSorted((a, b) => a - b),
          numbers.slice(0, 900),
        )
      }
    })

    test('a cursor of one order is refused in another', async () => {
      const { after: cursor } = await server.owner.records.page('pages/mine', { take: 1 })
      await assert.rejects(
        read({ orderBy: 'number', after: cursor! }),
        (error) => error instanceof HatstandError && error.code === 'invalid_query',
      )
    })
  })

for (const engine of routeEngines)
  test(`a long answer whose order is dropped meanwhile is cut, never closed as if it were whole, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_ORDER_PATHS: '1' } })
    const rows = Array.from({ length: 30_000 }, (_, n) => ({ n, b: -n, '1': n, rest: 'x'.repeat(500) }))
    await server.owner.records.createMany('orders/long', rows)
    await server.owner.records.list('orders/long', { orderBy: '1', take: 1 })
    const headers = { 'x-auth-token': server.token }
    const response = await fetch(`${server.url}/api/v2.6/data/orders/long?orderBy=1&take=100000`, { headers })
    const reader = response.body!.getReader()
    let length = (await reader.read()).value!.length
    await server.owner.records.list('orders/long', { orderBy: '0', take: 1 })
    await server.owner.records.createMany('orders/long', [{ '0': 1 }])
    await server.owner.records.list('orders/long', { orderBy: '0', take: 1 })
    const rest = async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read()) length += part.value.length
    }
    await assert.rejects(rest(), /terminated/)
    assert.ok(length > 0)
  })
