import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { startServer } from '../../../test/harness.ts'

for (const engine of engines)
  test(`an erased endpoint's number is not given to another, whom its readers would read on, on ${engine.name}`, async (t) => {
    const { owner, context } = await startServer(t, engine)
    const numberOf = async (name: string) =>
      (
        await context.database.one(
          sql<{ endpoint_id: number }>`select endpoint_id from endpoint where pda_id = 1 and name = ${name}`,
        )
      )[0]?.endpoint_id
    await owner.records.create('kept/diary', 1)
    await owner.records.create('erased/diary', 1)
    const erased = await numberOf('erased/diary')
    await owner.records.eraseEndpoint('erased/diary')
    assert.equal(await numberOf('erased/diary'), undefined)
    await owner.records.create('other/diary', 1)
    assert.notEqual(await numberOf('other/diary'), erased)
    await owner.records.create('erased/diary', 1)
    assert.deepEqual(await owner.endpoints.list(), { erased: ['diary'], kept: ['diary'], other: ['diary'] })
    await owner.records.eraseEndpoint('erased/diary')
    assert.deepEqual(await owner.endpoints.list(), { kept: ['diary'], other: ['diary'] })
  })
