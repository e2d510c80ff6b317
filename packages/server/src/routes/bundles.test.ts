import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Bundle } from '@hatstand/api/queries.ts'
import { ask } from '../../test/asking.ts'
import { routeEngines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'
import { readBundle as compiled } from '../domain/queries/query.ts'
import { type BundlePlace, readBundlePart } from '../store/queries/bundles.ts'
import { type QueryContext, usualBounds } from '../store/queries/context.ts'

const bundle: Bundle = {
  few: {
    endpoints: [{ endpoint: 'test/one' }, { endpoint: 'test/two' }],
    orderBy: 'n',
    ordering: 'descending',
    limit: 3,
  },
  'all, "quoted"': { endpoints: [{ endpoint: 'test/one', mapping: { number: 'n' } }], ordering: 'ascending' },
  none: { endpoints: [{ endpoint: 'test/none' }] },
  'no more': { endpoints: [{ endpoint: 'test/one' }], limit: 0 },
}

async function filled(server: TestServer, many: number): Promise<void> {
  const numbers = Array.from({ length: many }, (_, n) => ({ n }))
  await server.owner.records.createMany('test/one', numbers)
  await server.owner.records.createMany('test/two', [{ n: 0.5 }, { n: 1e9 }])
}

for (const engine of routeEngines) {
  const on = ` on ${engine.name}`

  test(`a bundle answers each property with its records, in its order, within its limit,${on}`, async (t) => {
    const server = await startServer(t, engine)
    await filled(server, 2500)
    await server.owner.bundles.register('Mine-1', bundle)
    const answer = await server.owner.bundles.read('Mine-1')
    assert.deepEqual(Object.keys(answer), Object.keys(bundle))
    assert.deepEqual(
      answer['few']!.map(({ text }) => text),
      ['{"n":1000000000}', '{"n":2499}', '{"n":2498}'],
    )
    assert.deepEqual(
      answer['all, "quoted"']!.map(({ data }) => data),
      Array.from({ length: 2500 }, (_, number) => ({ number })),
    )
    assert.deepEqual([answer['none'], answer['no more']], [[], []])
  })

  test(`a bundle read some records at a time gives each record once, and says where to go on,${on}`, async (t) => {
    const server = await startServer(t, engine)
    await filled(server, 10)
    const { database, config } = server.context
    const context = {
      database: database.of(1),
      now: 0,
      orderPaths: config.orderPaths,
      bounds: usualBounds,
      release: async () => undefined,
    }
    const whole = await pagesOf(context, Infinity)
    assert.equal(whole.answers, 1)
    for (const take of [1, 2, 3, 5, 13, 14]) {
      const pages = await pagesOf(context, take)
      assert.deepEqual(pages.records, whole.records, `${take} at a time`)
      assert.ok(pages.answers >= Math.floor(13 / take))
    }
  })

  test(`bundles are registered, replaced, listed, shown and deleted,${on}`, async (t) => {
    const { owner, url, token } = await startServer(t, engine)
    await owner.bundles.register('b', { old: { endpoints: [{ endpoint: 'test/one' }] } })
    assert.deepEqual(await owner.bundles.register('b', bundle), { message: 'Bundle b registered' })
    assert.deepEqual(await owner.bundles.structure('b'), { name: 'b', bundle })
    await owner.bundles.register('A', bundle)
    assert.deepEqual(await owner.bundles.list(), [
      { name: 'A', bundle },
      { name: 'b', bundle },
    ])
    await owner.bundles.delete('b')
    for (const asked of ['read', 'structure', 'delete'] as const)
      assert.equal((await refused(owner.bundles[asked]('b'))).code, 'bundle_unknown')
    const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
    const body = '{"p":{"endpoints":[{"endpoint":"test/one","filters":[{"field":"a"}]}]}}'
    const wrong = await ask(url, { method: 'POST', path: '/api/v2.6/data-bundle/x', headers, body })
    assert.equal(JSON.parse(wrong.text).cause, 'p.endpoints[0].filters[0].operator must be there')
  })
}

/** All records of the bundle by property, and how many answers they came in. */
async function pagesOf(context: QueryContext, take: number) {
  const compiledBundle = compiled(JSON.stringify(bundle))
  const records: Record<string, unknown[]> = {}
  let answers = 0
  for (let after: BundlePlace | undefined, more = true; more;) {
    const part = await readBundlePart(context, compiledBundle, (_, data) => data, { take, after })
    after = part.next
    more = after !== undefined
    const answer = JSON.parse(part.text) as Record<string, unknown[]>
    assert.ok(Object.values(answer).flat().length <= take)
    for (const [name, some] of Object.entries(answer)) (records[name] ??= []).push(...some)
    answers += 1
  }
  return { records, answers }
}
