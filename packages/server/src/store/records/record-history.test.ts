import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exact } from '@hatstand/sdk'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'
import { refused } from '../../../test/refused.ts'
import { forgetOnce } from '../../jobs/expire.ts'

const day = 86_400_000
const start = Date.UTC(2026, 0, 1)

for (const engine of engines) {
  test(`each update and delete leaves the version it replaced, exactly, with who and when, on ${engine.name}`, async (t) => {
    const clock = { now: start }
    const server = await startServer(t, engine, { now: () => clock.now })
    const tracker = server.as(await server.application('tracker', { reads: ['notes'], writes: ['notes'] }))
    const { recordId } = await server.owner.records.create(
      'notes/all',
      exact('{ "price": 1.0, "price": -0 }'),
    )
    await server.owner.records.create('notes/all', 'other')
    clock.now += 1000
    await tracker.records.update({ endpoint: 'notes/all', recordId, data: exact('[1E2 ]') })
    clock.now += 1000
    await server.owner.records.update({ endpoint: 'notes/all', recordId, data: exact('"\\ud800"') })
    clock.now += 1000
    await tracker.records.delete(recordId)
    assert.deepEqual(await versions(server), [
      {
        data: '{ "price": 1.0, "price": -0 }',
        seq: 1,
        writer: 'owner',
        written: 0,
        replaced_seq: 3,
        replaced_by: 'tracker',
        replaced: 1000,
        deleted: 0,
      },
      {
        data: '[1E2 ]',
        seq: 3,
        writer: 'tracker',
        written: 1000,
        replaced_seq: 4,
        replaced_by: 'owner',
        replaced: 2000,
        deleted: 0,
      },
      {
        data: '"\\ud800"',
        seq: 4,
        writer: 'owner',
        written: 2000,
        replaced_seq: 5,
        replaced_by: 'tracker',
        replaced: 3000,
        deleted: 1,
      },
    ])
    assert.equal(await counter(server), 5)
  })

  test(`many records of one request each leave theirs, numbered without a gap in their order, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { records } = await server.owner.records.createMany('notes/all', [...Array(2500).keys()])
    const updates = records.map(({ recordId }, index) => ({
      endpoint: 'notes/all',
      recordId,
      data: `v${index}`,
    }))
    await server.owner.records.updateMany(updates.toReversed())
    const kept = await versions(server)
    assert.deepEqual(
      kept.map(({ data, replaced_seq }) => [data, replaced_seq]),
      [...Array(2500).keys()].map((index) => [String(2499 - index), 2501 + index]),
    )
    await server.owner.records.deleteEndpoint('notes/all')
    const deleted = (await versions(server)).filter((version) => version.deleted === 1)
    assert.deepEqual(
      deleted.map(({ replaced_seq }) => replaced_seq),
      [...Array(2500).keys()].map((index) => 5001 + index),
    )
    assert.equal(await counter(server), 7500)
  })

  test(`a refused update or delete leaves no version, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { owner } = server
    const {
      records: [first, second],
    } = await owner.records.createMany('notes/all', [1, 2])
    await refused(
      owner.records.updateMany([
        { ...first!, data: 3 },
        { ...second!, data: 3 },
      ]),
    )
    await refused(owner.records.delete([first!.recordId, '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39']))
    assert.deepEqual(await versions(server), [])
    assert.equal(await counter(server), 2)
  })

  for (const most of [0, 1, 3])
    test(`of one record no more than ${most} replaced versions are kept, deleted or not, on ${engine.name}`, async (t) => {
      const server = await startServer(t, engine, { settings: { HATSTAND_HISTORY_VERSIONS: String(most) } })
      const { owner } = server
      const { records } = await owner.records.createMany('notes/all', ['a0', 'b0'])
      const [first, second] = records as [(typeof records)[0], (typeof records)[0]]
      for (let round = 1; round <= 5; round++)
        await owner.records.updateMany([
          { ...first, data: `a${round}` },
          ...(round < 3 ? [{ ...second, data: `b${round}` }] : []),
        ])
      const kept = async () => (await versions(server)).map(({ data }) => data).toSorted()
      const last = (name: string, newest: number) =>
        [...Array(newest + 1).keys()]
          .slice(Math.max(0, newest + 1 - most))
          .map((number) => `"${name}${number}"`)
      assert.deepEqual(await kept(), [...last('a', 4), ...last('b', 1)])
      await owner.records.delete(first.recordId)
      await owner.records.deleteEndpoint('notes/all')
      assert.deepEqual(await kept(), [...last('a', 5), ...last('b', 2)])
    })

  test(`versions replaced longer ago than the settings allow are forgotten, the younger kept, on ${engine.name}`, async (t) => {
    const clock = { now: start }
    const server = await startServer(t, engine, {
      now: () => clock.now,
      settings: { HATSTAND_HISTORY_DAYS: '10' },
    })
    const { records } = await server.owner.records.createMany('notes/all', [...Array(1500).keys()])
    const change = (to: string) =>
      server.owner.records.updateMany(records.map((record, index) => ({ ...record, data: `${to} ${index}` })))
    await change('early')
    clock.now += 6 * day
    await change('late')
    await forgetOnce(server.context)
    assert.equal((await versions(server)).length, 3000)
    clock.now += 5 * day
    await forgetOnce(server.context)
    assert.equal((await versions(server)).filter(({ data }) => !data.startsWith('"early')).length, 0)
    assert.equal((await versions(server)).length, 1500)
    clock.now += 6 * day
    await forgetOnce(server.context)
    assert.deepEqual(await versions(server), [])
    assert.equal((await server.owner.records.list('notes/all', { take: 2000 })).length, 1500)
  })

  test(`without such a setting versions are kept for ever, on ${engine.name}`, async (t) => {
    const clock = { now: start }
    const server = await startServer(t, engine, { now: () => clock.now })
    const record = await server.owner.records.create('notes/all', 1)
    await server.owner.records.update({ ...record, data: 2 })
    clock.now += 10_000 * day
    await forgetOnce(server.context)
    assert.equal((await versions(server)).length, 1)
  })
}

interface Version {
  data: string
  seq: number
  writer: string
  written: number
  replaced_seq: number
  replaced_by: string
  replaced: number
  deleted: number
}

/** The whole history, times counted from the start of the test, in the order of what replaced it. */
async function versions({ context }: TestServer): Promise<Version[]> {
  const rows = await context.database.read((unit) =>
    unit.all<Version>(sql`select data, seq, writer, written_at - ${start} as written, replaced_seq, replaced_by,
      replaced_at - ${start} as replaced, deleted from record_history order by replaced_seq`),
  )
  return rows.map((row) => ({ ...row }))
}

async function counter({ context }: TestServer): Promise<number> {
  const [row] = await context.database.read((unit) => unit.all<{ seq: number }>(sql`select seq from pda`))
  return row!.seq
}
