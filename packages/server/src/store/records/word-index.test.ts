import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'
import { placesWithWords } from './word-index.ts'

const find = (search: string, field = '') => ({
  filters: [
    {
      field,
      transformation: { transformation: 'searchable' as const },
      operator: { operator: 'find' as const, search },
    },
  ],
})

async function indexed({ context: { database } }: TestServer): Promise<void> {
  for (let tries = 0; tries < 3000; tries++) {
    const [row] = await database.one<{ words_end: number | null; words_to: number | null }>(
      sql`select words_end, words_to from endpoint where pda_id = 1`,
    )
    if (row && row.words_end !== null && row.words_to === null) return
    await pause(20)
  }
  assert.fail('no index was made')
}

for (const engine of engines)
  test(`a search finds by an index of words after its first use, and what is written since, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    const records = Array.from({ length: 1100 }, (_, n) => ({ n, text: `record number${n} says hello` }))
    await owner.records.createMany('test/one', records)
    const found = async (search: string, field?: string) =>
      (await owner.queries.list('test/one', find(search, field))).map(({ data }) => (data as { n: number }).n)
    assert.deepEqual(await found('HELLO number7'), [7])
    await indexed(server)
    assert.deepEqual(await found('number7 says'), [7])
    assert.deepEqual(await found('number7', 'nowhere'), [])
    const { records: more } = await owner.records.createMany('test/one', [
      { n: 2001, text: 'Größe in 東京' },
      { n: 2002, other: [{ deep: 'number7' }] },
    ])
    // Longer than what the index takes apart.
    const large = await owner.records.create('test/one', {
      n: 2003,
      text: `${'long words '.repeat(30_000)}number7`,
    })
    assert.deepEqual(await found('number7'), [2003, 2002, 7])
    assert.deepEqual(await found('GROSSE'), [2001])
    assert.deepEqual(await found('größe'), [2001])
    assert.deepEqual(await found('東京'), [2001])
    assert.deepEqual(await found('hello number7 none'), [])
    const change = (recordId: string, data: unknown) =>
      owner.records.updateMany([{ endpoint: 'test/one', recordId, data }])
    await change(more[1]!.recordId, { n: 2002, other: 'something new' })
    assert.deepEqual(await found('number7'), [2003, 7])
    assert.deepEqual(await found('new something'), [2002])
    await owner.records.delete([large.recordId, more[1]!.recordId])
    assert.deepEqual(await found('number7'), [7])
    assert.deepEqual(await found('something'), [])
    const { database } = server.context
    assert.deepEqual((await placesWithWords(database.of(1), 1, ['number7'], 9))?.length, 1)
    assert.equal(await placesWithWords(database.of(1), 1, ['hello'], 9), undefined)
    assert.equal((await placesWithWords(database.of(1), 1, ['something'], 9))?.length, 0)
    assert.deepEqual(await owner.queries.count('test/one', find('hello')), 1100)
  })

for (const engine of engines)
  test(`a filter that few records pass is answered along keys after its first use, on ${engine.name}`, async (t) => {
    const { owner, context } = await startServer(t, engine)
    const records = Array.from({ length: 1500 }, (_, n) => ({
      n,
      kind: n % 2 === 0,
      'odd.key': `k${n % 300}`,
    }))
    await owner.records.createMany('test/one', records)
    const filters = [
      { field: 'kind', operator: { operator: 'contains', value: true } },
      { field: 'odd\\.key', operator: { operator: 'contains', value: 'k8' } },
    ] as never
    const found = async (orderBy?: string) =>
      (await owner.queries.list('test/one', { filters, ...(orderBy && { orderBy }) })).map(
        ({ data }) => (data as { n: number }).n,
      )
    const expected = [1208, 908, 608, 308, 8]
    assert.deepEqual(await found(), expected)
    const paths = () =>
      context.database.one<{ path: string }>(
        sql`select path from order_path where pda_id = 1 and filled_to is null`,
      )
    for (let tries = 0; tries < 3000 && (await paths()).length === 0; tries++) await pause(20)
    assert.deepEqual(
      (await paths()).map(({ path }) => path),
      ['["odd.key"]'],
    )
    assert.deepEqual(await found(), expected)
    assert.deepEqual(await found('n'), expected.toReversed())
    await owner.records.create('test/one', { n: 2000, kind: true, 'odd.key': 'k8' })
    assert.deepEqual(await found(), [2000, ...expected])
  })
