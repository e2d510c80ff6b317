import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'kysely'
import pg from 'pg'
import { openDatabase } from '../src/database/open.ts'
import { type Database, UnavailableError } from '../src/database/port.ts'
import { engines } from './engines.ts'
import { startServer } from './harness.ts'
import { refused } from './refused.ts'

// SQLite has no connections that anybody could end.
const postgres = engines.find(({ name }) => name === 'PostgreSQL')!

const lockTable = (table: string) => `lock table ${table} in access exclusive mode`

/** Somebody at psql, in the same database. */
async function somebody(t: TestContext, databaseUrl: string | undefined) {
  // Who is in a transaction sees no sessions that came later: one to hold locks, one to look.
  const connect = () => new pg.Client({ connectionString: databaseUrl! })
  const [client, looking] = [connect(), connect()]
  for (const each of [client, looking]) {
    await each.connect()
    t.after(() => each.end())
  }
  const endOf = async (pid: number) => {
    await looking.query('select pg_terminate_backend($1)', [pid])
  }
  return {
    client,
    endOf,
    /** Ends the connection that waits for a lock, as soon as one does. */
    async endWaiting() {
      for (;;) {
        const { rows } = await looking.query(
          `select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        )
        if (rows.length > 0) return endOf(rows[0].pid)
        await pause(20)
      }
    },
  }
}

test('a connection that ends while it is lent fails its request, and the server lives', async (t) => {
  const { owner, context } = await startServer(t, postgres)
  const { client, endWaiting } = await somebody(t, context.config.databaseUrl)
  const { recordId } = await owner.records.create('rain/days', 1)
  const lockRow = 'select * from pda for update'
  const asked: [string, string, () => Promise<unknown>][] = [
    ['saving', lockRow, () => owner.records.create('rain/days', 2)],
    ['updating', lockRow, () => owner.records.update({ endpoint: 'rain/days', recordId, data: 3 })],
    ['deleting', lockRow, () => owner.records.delete(recordId)],
    ['listing', lockTable('record'), () => owner.records.list('rain/days')],
    ['asking who calls', lockTable('access_token'), () => owner.records.list('rain/days')],
    ['listing what has access', lockTable('application'), () => owner.accessTokens.list()],
  ]
  for (const [what, lock, ask] of asked) {
    await client.query('begin')
    await client.query(lock)
    const [answer] = await Promise.all([refused(ask()), endWaiting()])
    assert.deepEqual([answer.status, answer.code], [503, 'database_unavailable'], what)
    await client.query('rollback')
    assert.deepEqual(
      (await owner.records.list('rain/days')).map(({ data }) => data),
      [1],
      `${what}: nothing changed`,
    )
  }
  await owner.records.create('rain/days', 2)
})

test('a connection that ends between two statements, or while erased data is scrubbed, is replaced', async (t) => {
  const place = await postgres.place()
  const database = await openDatabase(place, false)
  t.after(() => database.close())
  const { client, endOf, endWaiting } = await somebody(t, place.databaseUrl)
  const ownPid = sql<{ pid: number }>`select pg_backend_pid() as pid`
  const units: Database['read'][] = [database.read, (fn) => database.of(1).write(fn)]
  for (const run of units) {
    const broken = run(async (unit) => {
      await endOf((await unit.all(ownPid))[0]!.pid)
      await pause(50)
      return unit.all(ownPid)
    })
    await assert.rejects(broken, UnavailableError)
    assert.equal((await run((unit) => unit.all(ownPid))).length, 1)
  }
  for (const run of [database.one, database.of(1).background]) {
    const broken = run(sql`select pg_terminate_backend(pg_backend_pid())`)
    await assert.rejects(broken, UnavailableError)
    assert.equal((await run(ownPid)).length, 1)
  }
  await client.query('begin; lock table record in access exclusive mode')
  await Promise.all([assert.rejects(database.scrub(), UnavailableError), endWaiting()])
  await client.query('rollback')
  await database.scrub()
})
