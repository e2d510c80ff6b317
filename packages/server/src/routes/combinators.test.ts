import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ask } from '../../test/asking.ts'
import { routeEngines } from '../../test/engines.ts'
import { startServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'

const shown = (...values: number[]) => values.map((value) => `{"data":{"new":${value}}}`)

for (const engine of routeEngines) {
  const on = ` on ${engine.name}`

  test(`a combinator shows several endpoints as one list, each mapped in its own way,${on}`, async (t) => {
    const { owner } = await startServer(t, engine)
    await owner.records.createMany('test/one', [{ old: 1 }, { old: 3 }, { none: 0 }])
    await owner.records.createMany('test/two', [{ deep: { old: 2 } }, { deep: { old: 4 } }])
    await owner.combinators.register('all/of-them', [
      { endpoint: 'test/one', mapping: { 'data.new': 'old' } },
      { endpoint: 'test/two', mapping: { 'data.new': 'deep.old' } },
      { endpoint: 'test/none' },
    ])
    const news = async (options = {}) =>
      (await owner.combinators.read('all/of-them', options)).map(({ text }) => text)

    const [none] = ['{}']
    assert.deepEqual(await news({ orderBy: 'data.new' }), [...shown(1, 2, 3, 4), none])
    assert.deepEqual(await news({ orderBy: 'data.new', ordering: 'descending' }), [
      ...shown(4, 3, 2, 1),
      none,
    ])
    assert.deepEqual(await news({ orderBy: 'data.new', skip: 1, take: 2 }), shown(2, 3))
    assert.deepEqual(await news(), [...shown(4, 2), none, ...shown(3, 1)])
    assert.deepEqual(await news({ ordering: 'ascending', take: 2 }), shown(1, 3))
    const pages: string[] = []
    for (let after: string | undefined; ;) {
      const page = await owner.combinators.page('all/of-them', {
        orderBy: 'data.new',
        take: 2,
        ...(after && { after }),
      })
      pages.push(...page.records.map(({ text }) => text))
      if (page.after === undefined) break
      after = page.after
    }
    assert.deepEqual(pages, [...shown(1, 2, 3, 4), none])
  })

  test(`an endpoint that is named twice is shown twice, each time as its query says,${on}`, async (t) => {
    const { owner } = await startServer(t, engine)
    await owner.records.createMany('test/one', [{ a: 1 }, { a: 2 }])
    await owner.combinators.register('twice', [
      { endpoint: 'test/one' },
      {
        endpoint: 'test/one',
        mapping: { b: 'a' },
        filters: [{ field: 'a', operator: { operator: 'contains', value: 2 } }],
      },
    ])
    assert.deepEqual(
      (await owner.combinators.read('twice')).map(({ text }) => text),
      ['{"a":2}', '{"b":2}', '{"a":1}'],
    )
  })

  test(`combinators are registered, replaced, listed and deleted,${on}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    const queries = [{ endpoint: 'test/one' }]
    assert.deepEqual(await owner.combinators.register('b', queries), { message: 'Combinator b registered' })
    await owner.combinators.register('a/b', queries)
    await owner.combinators.register('b', [{ endpoint: 'test/two' }])
    assert.deepEqual(await owner.combinators.list(), [
      { name: 'a/b', queries },
      { name: 'b', queries: [{ endpoint: 'test/two' }] },
    ])
    assert.deepEqual(await owner.combinators.delete('b'), { message: 'Combinator b deleted' })
    for (const asked of [() => owner.combinators.read('b'), () => owner.combinators.delete('b')]) {
      const { status, details, message } = await refused(asked())
      assert.deepEqual(
        [status, details.message, message],
        [404, 'Combinator Not Found', 'Combinator b not found'],
      )
    }
    await server.app.ledger.flush()
    const done = (await owner.ledger.list()).map(({ action, detail }) => [action, detail])
    assert.ok(
      done.some(([action, detail]) => action === 'remove' && JSON.stringify(detail) === '{"combinator":"b"}'),
    )
  })
}

test('a combinator that is wrong is refused when it is registered, and so is an order it cannot have', async (t) => {
  const { url, token, owner } = await startServer(t)
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
  const sent = async (method: string, path: string, body?: string) => {
    const reply = await ask(url, {
      method,
      path: `/api/v2.6/combinator/${path}`,
      headers,
      ...(body && { body }),
    })
    return [reply.status, JSON.parse(reply.text).code, JSON.parse(reply.text).cause]
  }
  const [status, code, cause] = await sent('POST', 'a', '[]')
  assert.deepEqual([status, code, cause], [400, 'invalid_body', 'The query must have an element'])
  assert.match((await sent('POST', 'a', '[{"endpoint":"test"}]'))[2], /^\[0\]\.endpoint must be an endpoint/)
  assert.match((await sent('POST', 'A_b', '[]'))[2], /^The name of a combinator must be/)
  await owner.combinators.register('a', [
    { endpoint: 'test/one', mapping: { a: { source: 'b', mappings: {} } } },
  ])
  assert.match((await sent('GET', 'a?orderBy=a'))[2], /^The parameter orderBy must name a field/)
  assert.equal((await sent('GET', 'a?orderBy=b&after=x'))[1], 'invalid_query')
})
