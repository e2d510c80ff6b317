import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { startServer } from '../../../test/harness.ts'

for (const engine of engines) {
  test(`of the paths an endpoint is ordered by, the one used longest ago makes room for another, on ${engine.name}`, async (t) => {
    let now = Date.parse('2026-11-20T12:00:00Z')
    const { owner, context } = await startServer(t, engine, {
      settings: { HATSTAND_ORDER_PATHS: '2' },
      now: () => now,
    })
    const paths = async () =>
      (
        await context.database.one(
          sql<{
            path: string
          }>`select path from order_path where pda_id = 1 and filled_to is null and used_at >= ${now - 1000} order by path`,
        )
      ).map((row) => row.path)
    const use = async (path: string, expected: string[]) => {
      now += 3_600_000
      await owner.records.list('order/paths', { orderBy: path })
      for (let tries = 0; tries < 3000 && !(await paths()).includes(path); tries++) await pause(20)
      assert.deepEqual(await paths(), [path])
      const all = await context.database.one(
        sql<{ path: string }>`select path from order_path where pda_id = 1 order by path`,
      )
      assert.deepEqual(
        all.map((row) => row.path),
        expected,
      )
    }
    await owner.records.create('order/paths', { a: 1, b: 2, c: 3 })
    await use('a', ['a'])
    await use('b', ['a', 'b'])
    await use('a', ['a', 'b'])
    await use('c', ['a', 'c'])
  })
}
