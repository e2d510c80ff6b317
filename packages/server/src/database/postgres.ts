import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { DummyDriver, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely'
import pg from 'pg'
import { migrations, postgresSpelling } from './migrations.ts'
import { type Database, DiskFullError, type Statement, type Unit } from './port.ts'
import { postgresDialect } from './postgres-dialect.ts'
import { compilePostgres, getTypeParser, openUnit, readColumnTypes } from './postgres-unit.ts'
import type { Tables } from './tables.ts'
import { createTogether, rowsTogether } from './together.ts'

const readConnections = 8
/** One account never uses more than one at a time: more connections to one account are slower than one. */
const writeConnections = 4
/** How often a unit is run again that lost against another process. */
const attempts = 10
const lostRaces = new Set(['40001', '40P01'])
const diskFull = '53100'
/** Any number: what servers that start together lock while they bring the tables up to date. */
const migrationLock = 7205

/** @param url `postgres://user:password@host:port/database` */
export async function openPostgres(url: string): Promise<Database> {
  const settings = {
    connectionString: url,
    types: { getTypeParser },
    pipeline: true,
    application_name: 'hatstand',
  }
  const reading = new pg.Pool({ ...settings, max: readConnections })
  const writing = new pg.Pool({ ...settings, max: writeConnections, options: '-c synchronous_commit=on' })
  // A connection that breaks while idle is replaced by the pool; without a listener it would end the process.
  for (const pool of [reading, writing]) pool.on('error', () => undefined)
  await migrate(writing)
  const columnTypes = await readColumnTypes(reading)
  const inUnit = new AsyncLocalStorage<true>()
  const queues = new Map<number, Promise<unknown>>()

  /** Runs `fn` between two statements on one connection; gives the connection back broken when it is. */
  async function transaction<T>(
    pool: pg.Pool,
    pda: number | undefined,
    begin: string,
    fn: (unit: Unit) => Promise<T>,
  ): Promise<T> {
    if (inUnit.getStore()) throw new Error('a unit was opened inside a unit')
    const client = await pool.connect()
    let broken: Error | undefined
    const opened = openUnit(client, columnTypes, pda)
    try {
      // Not awaited: BEGIN travels with the unit's first statements, and its failure is theirs.
      const begun = client.query(begin)
      begun.catch(() => undefined)
      const result = await inUnit.run(true, () => fn(opened.unit))
      await begun
      // The COMMIT of a failed transaction succeeds as a ROLLBACK.
      if ((await client.query('commit')).command !== 'COMMIT')
        throw new Error('the transaction was rolled back')
      return result
    } catch (error) {
      await client.query('rollback').catch((worse: Error) => (broken = worse))
      throw (error as { code?: string }).code === diskFull
        ? new DiskFullError('the disk is full', { cause: error })
        : error
    } finally {
      opened.end()
      client.release(broken)
    }
  }

  async function insist<T>(pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await transaction(writing, pda, 'begin isolation level read committed', fn)
      } catch (error) {
        if (attempt === attempts || !lostRaces.has((error as { code?: string }).code ?? '')) throw error
        await pause(Math.random() * 2 ** attempt)
      }
    }
  }

  async function write<T>(pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
    if (inUnit.getStore()) throw new Error('a unit was opened inside a unit')
    const turn = (queues.get(pda) ?? Promise.resolve()).then(() => insist(pda, fn))
    const settled = turn.catch(() => undefined)
    queues.set(pda, settled)
    void settled.then(() => queues.get(pda) === settled && queues.delete(pda))
    return turn
  }

  return {
    dialect: postgresDialect,
    query: new Kysely<Tables>({
      dialect: {
        createAdapter: () => new PostgresAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new PostgresIntrospector(db),
        createQueryCompiler: () => new PostgresQueryCompiler(),
      },
    }),
    read: (fn) => transaction(reading, undefined, 'begin isolation level repeatable read read only', fn),
    write,
    writeTogether: createTogether(write, rowsTogether),
    aside: async <Row>(statement: Statement<Row>) => {
      const { sql, parameters } = compilePostgres(statement)
      return (await reading.query(sql, parameters)).rows as Row[]
    },
    async scrub() {
      await writing.query('vacuum record, record_history, order_key, link, endpoint_block, endpoint')
    },
    async durability() {
      const ask = async (name: string) =>
        Object.values((await writing.query(`show ${name}`)).rows[0])[0] as string
      return { fsync: await ask('fsync'), synchronous_commit: await ask('synchronous_commit') }
    },
    async close() {
      await Promise.all(queues.values())
      await Promise.all([reading.end(), writing.end()])
    },
  }
}

async function migrate(pool: pg.Pool): Promise<void> {
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('select pg_advisory_xact_lock($1)', [migrationLock])
    await client.query('create table if not exists migration (number integer primary key)')
    const done = (await client.query('select number from migration')).rows.length
    for (const [index, migration] of migrations.entries()) {
      if (index < done) continue
      for (const statement of migration(postgresSpelling)) await client.query(statement)
      await client.query('insert into migration values ($1)', [index + 1])
    }
    await client.query('commit')
  } finally {
    client.release()
  }
}
