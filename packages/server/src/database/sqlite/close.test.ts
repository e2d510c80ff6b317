import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { openDatabase } from '../open.ts'

test('a database closes behind the units that were begun while it was closing', async () => {
  const database = await openDatabase(await engines[0]!.place(), false)
  await database.of(1).background(sql`select 1`)
  const begun: Promise<unknown>[] = []
  const state = { closing: true }
  const closed = database.close().finally(() => (state.closing = false))
  for (let count = 0; state.closing && count < 200; count += 1) {
    const unit = database.of(1).write(async ({ all }) => {
      for (let step = 0; step < 200; step += 1) await all(sql`select ${step} as step`)
    })
    begun.push(unit.catch(() => undefined))
    await nextTurn()
  }
  await closed
  await Promise.all(begun)
})
