import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { connect, type Pda, HatstandError, type StoredRecord } from '@hatstand/sdk'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { at, ends, password, serving } from './command-line.ts'
import { invariantsHold, readContents } from './crash-invariants.ts'
import { type Engine, engines, freePort } from './engines.ts'
import { startServer } from './harness.ts'

/** An account as its owner reaches it, through each of the servers that share its database. */
interface Scene {
  servers: Pda[]
  database: Database
}

const writers = 64
const rounds = 3

async function oneServer(t: TestContext, engine: Engine): Promise<Scene> {
  const server = await startServer(t, engine)
  return { servers: [server.owner], database: server.context.database }
}

/** Two processes on one PostgreSQL, both for the same account. */
async function twoServers(t: TestContext): Promise<Scene> {
  const place = await engines[1]!.place()
  const settings = {
    DATABASE_URL: place.databaseUrl!,
    HATSTAND_DOMAIN: 'me.example.org',
    HATSTAND_OWNER: 'phil',
    HATSTAND_OWNER_PASSWORD: password,
  }
  const servers: Pda[] = []
  for (const port of [await freePort(), await freePort()]) {
    const child = at(place.dataDir, { ...settings, PORT: String(port) }).start('serve')
    const { url } = await serving(child)
    t.after(() => ends(child, 'SIGTERM'))
    servers.push(connect(url, servers[0]?.token))
    if (servers.length === 1) await servers[0]!.accessTokens.login('phil', password)
  }
  const database = await openDatabase(place, false)
  t.after(() => database.close())
  return { servers, database }
}

const variants: [string, (t: TestContext) => Promise<Scene>][] = [
  ['SQLite', (t) => oneServer(t, engines[0]!)],
  ['PostgreSQL', (t) => oneServer(t, engines[1]!)],
  ['two servers on one PostgreSQL', twoServers],
]

type Outcome<T> = { done: T; refusal?: never } | { done?: never; refusal: HatstandError }

/** Runs work many times at once, spread over the servers; gives what became of each. */
function atOnce<T>(
  { servers }: Scene,
  times: number,
  work: (pda: Pda, index: number) => Promise<T>,
): Promise<Outcome<T>[]> {
  const one = async (index: number): Promise<Outcome<T>> => {
    try {
      return { done: await work(servers[index % servers.length]!, index) }
    } catch (error) {
      if (error instanceof HatstandError) return { refusal: error }
      throw error
    }
  }
  return Promise.all(Array.from({ length: times }, (_, index) => one(index)))
}

const doneOf = <T>(outcomes: Outcome<T>[]): T[] => outcomes.flatMap(({ done }) => done ?? [])
const refusalsOf = (outcomes: Outcome<unknown>[]) => outcomes.flatMap(({ refusal }) => refusal ?? [])

/** Eight of a hundred numbers; those of neighbours overlap. */
function arrayOf(index: number): number[] {
  return Array.from({ length: 8 }, (_, step) => (index * 3 + step * 5) % 100)
}

async function holdsTogether({ database }: Scene): Promise<void> {
  invariantsHold(await readContents(database), false)
}

for (const [name, start] of variants) {
  test(`${name}: of ${writers} writers of the same record exactly one wins`, async (t) => {
    const scene = await start(t)
    for (let round = 0; round < rounds; round++) {
      const outcomes = await atOnce(scene, writers, (pda) => pda.records.create('a/same', { round }))
      const [winner, ...more] = doneOf(outcomes)
      assert.equal(more.length, 0)
      for (const { status, code, duplicates } of refusalsOf(outcomes)) {
        assert.deepEqual([status, code], [400, 'duplicate_data'])
        assert.deepEqual(duplicates, [{ index: 0, recordId: winner!.recordId }])
      }
    }
    assert.equal((await scene.servers[0]!.records.list('a/same')).length, rounds)
    await holdsTogether(scene)
  })

  test(`${name}: of ${writers} writers whose arrays overlap each saves all or nothing`, async (t) => {
    const scene = await start(t)
    const outcomes = await atOnce(scene, writers, (pda, index) =>
      pda.records.createMany<number>('a/overlap', arrayOf(index)),
    )
    const saved = outcomes.map(({ done }) => done?.records.map(({ data }) => data))
    const kept = (await scene.servers[0]!.records.list<number>('a/overlap')).map(({ data }) => data)
    assert.deepEqual(ascending(kept), ascending(saved.flatMap((list) => list ?? [])))
    assert.equal(new Set(kept).size, kept.length)
    for (const [index, { refusal }] of outcomes.entries()) {
      if (!refusal) continue
      assert.equal(refusal.code, 'duplicate_data')
      for (const duplicate of refusal.duplicates) assert.ok(kept.includes(arrayOf(index)[duplicate.index]!))
    }
    const parts = await atOnce(scene, writers, (pda, index) =>
      pda.records.createMany<number>('a/parts', arrayOf(index), { skipErrors: true }),
    )
    const each = doneOf(parts).map(({ records, skipped }, index) => {
      const left = arrayOf(index).filter((_, position) => !skipped.includes(position))
      assert.deepEqual(
        records.map(({ data }) => data),
        left,
        'what was left out is told',
      )
      return left
    })
    const everything = new Set(Array.from({ length: writers }, (_, index) => arrayOf(index)).flat())
    assert.deepEqual(ascending(each.flat()), ascending([...everything]), 'each value was saved once')
    await holdsTogether(scene)
  })

  test(`${name}: the counter has no gap at any moment: who sees a step has seen all before it`, async (t) => {
    const scene = await start(t)
    let over = false
    const writing = atOnce(scene, 16, async (pda, index) => {
      for (let step = 0; step < 12; step++) await pda.records.create('a/count', { index, step })
    }).finally(() => (over = true))
    let looks = 0
    const looking = scene.servers.map(async (pda) => {
      for (; !over; looks++) {
        const seen = await pda.records.list('a/count', { ordering: 'ascending', meta: true })
        assert.deepEqual(
          seen.map(({ seq }) => seq),
          seen.map((_, index) => index + 1),
        )
      }
    })
    assert.deepEqual(refusalsOf(await writing), [])
    await Promise.all(looking)
    t.diagnostic(`looked ${looks} times while 192 records were written`)
    await holdsTogether(scene)
  })

  test(`${name}: updates of one record follow one another, and each leaves the version it replaced`, async (t) => {
    const scene = await start(t)
    const record = await scene.servers[0]!.records.create('a/updated', { step: -1 })
    const outcomes = await atOnce(scene, writers, (pda, step) =>
      pda.records.update({ ...record, data: { step } }),
    )
    assert.equal(doneOf(outcomes).length, writers)
    const { versions, rows } = await readContents(scene.database)
    assert.equal(versions.length, writers)
    const steps = [...versions, ...rows].map(({ data }) => (JSON.parse(data) as { step: number }).step)
    assert.equal(steps[0], -1)
    assert.deepEqual(
      ascending(steps),
      Array.from({ length: writers + 1 }, (_, index) => index - 1),
    )
    await holdsTogether(scene)
  })

  test(`${name}: an update and a deletion at once happen one after the other, or one of them not at all`, async (t) => {
    const scene = await start(t)
    const records = await Promise.all(
      Array.from({ length: 24 }, (_, number) => scene.servers[0]!.records.create('a/gone', { number })),
    )
    const outcomes = await atOnce(scene, records.length * 3, (pda, index) => act(pda, records, index))
    for (const [index] of records.entries()) {
      const [updated, ...deleted] = [0, 1, 2].map((way) => outcomes[index + way * records.length]!)
      assert.equal(doneOf(deleted).length, 1, 'one deletion finds the record')
      const failed = refusalsOf([updated!, ...deleted])
      for (const { status, code } of failed) assert.deepEqual([status, code], [400, 'data_missing'])
    }
    assert.deepEqual(await scene.servers[0]!.records.list('a/gone'), [])
    await holdsTogether(scene)
  })

  test(`${name}: two records take each other's value only together, whoever else tries`, async (t) => {
    const scene = await start(t)
    const [one, other] = await Promise.all(
      ['one', 'other'].map((value) => scene.servers[0]!.records.create('a/swap', value)),
    )
    const outcomes = await atOnce(scene, writers, async (pda, index): Promise<unknown> => {
      const [first, second] = index % 2 === 0 ? ['one', 'other'] : ['other', 'one']
      if (index % 4 === 3) return pda.records.update({ ...one!, data: second })
      return pda.records.updateMany([
        { ...one!, data: first },
        { ...other!, data: second },
      ])
    })
    for (const { code } of refusalsOf(outcomes)) assert.equal(code, 'duplicate_data')
    const values = (await scene.servers[0]!.records.list<string>('a/swap')).map(({ data }) => data)
    assert.deepEqual(values.toSorted(), ['one', 'other'])
    await holdsTogether(scene)
  })
}

/** The first third updates, the others delete. */
async function act(pda: Pda, records: StoredRecord[], index: number): Promise<true> {
  const record = records[index % records.length]!
  if (index < records.length) await pda.records.update({ ...record, data: { number: index, updated: true } })
  else await pda.records.delete(record.recordId)
  return true
}

function ascending(numbers: number[]): number[] {
  return numbers.toSorted((one, other) => one - other)
}
