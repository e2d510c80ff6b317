import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import pg from 'pg'
import { migrationsAfter, NewerTablesError, postgresSpelling } from '../migrations.ts'
import { type Database, DiskFullError, type Statement, UnavailableError, type Unit } from '../port.ts'
import { accountDatabases, allAccounts, createShared } from '../shared.ts'
import {
  postgresDialect,
  type ColumnTypes,
  compilePostgres,
  gatherWrites,
  getTypeParser,
  nameOf,
  openUnit,
  readColumnTypes,
} from './unit.ts'

const readConnections = 8
/** One account never uses more than one at a time: more connections to one account are slower than one. */
const writeConnections = 4
/** How long a unit may wait for a connection, be it for the network or for others to finish. */
const connectingMilliseconds = 10_000
/** How often a unit is run again that lost against another process. */
const attempts = 10
const lostRaces = new Set(['40001', '40P01'])
const diskFull = '53100'
/** The system's codes, PostgreSQL's for connections (class 08), its end (57P) and too many connections; the driver has only words. */
const away = /^(ECONN|ENOTFOUND|EAI_|ETIMEDOUT|EHOST|ENET|EPIPE|08|57P0[123]|53300)/
const awayInWords =
  /^(Connection terminated|Client has encountered a connection error|timeout exceeded|timeout expired)/

/** What the engine consists of while it is open. */
interface Engine {
  reading: pg.Pool
  writing: pg.Pool
  columnTypes: ColumnTypes
  /** Of each account the unit that was asked for last: units of an account run one after another. */
  queues: Map<number, Promise<unknown>>
  /** Set inside a unit: a unit in a unit would wait for itself. */
  inUnit: AsyncLocalStorage<true>
}

/** Whether the database has hatstand's tables. */
export async function hasTables(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: connectingMilliseconds })
  client.on('error', () => undefined)
  try {
    await client.connect()
    const { rows } = await client.query<{ found: boolean }>(
      "select to_regclass('migration') is not null as found",
    )
    return rows[0]!.found
  } finally {
    await client.end()
  }
}

/** @param url `postgres://user:password@host:port/database` */
export async function openPostgres(url: string): Promise<Database> {
  const reading = openPool({ connectionString: url, max: readConnections })
  const writing = openPool({
    connectionString: url,
    max: writeConnections,
    options: '-c synchronous_commit=on',
  })
  await migrate(writing)
  const columnTypes = await readColumnTypes(reading)
  const engine: Engine = { reading, writing, columnTypes, queues: new Map(), inUnit: new AsyncLocalStorage() }
  const one = <Row>(statement: Statement<Row>) => query<Row>(reading, statement)
  const whole = {
    dialect: postgresDialect,
    one,
    // One at a time: it takes a connection that others write by, for as long as it lasts.
    scrub: createShared(() =>
      writing
        .query('vacuum record, record_history, order_key, link, endpoint_block, endpoint, record_words')
        .catch(refuse),
    ),
  }
  const readUnit = <T>(pda: number, fn: (unit: Unit) => Promise<T>) =>
    transaction(engine, reading, pda, 'begin isolation level repeatable read read only', fn)
  return {
    ...whole,
    of: accountDatabases({ ...whole, background: one }, readUnit, (pda, fn) => writeUnit(engine, pda, fn)),
    read: (fn) => readUnit(allAccounts, fn),
    async durability() {
      return {
        fsync: await setting(writing, 'fsync'),
        synchronous_commit: await setting(writing, 'synchronous_commit'),
      }
    },
    async close() {
      await Promise.all(engine.queues.values())
      await Promise.all([reading.end(), writing.end()])
    },
  }
}

/** A connection that breaks is replaced, idle or lent: whoever waits for it hears of it. Without a listener it would end the process. */
function openPool(settings: pg.PoolConfig): pg.Pool {
  const pool = new pg.Pool({
    types: { getTypeParser },
    pipeline: true,
    application_name: 'hatstand',
    connectionTimeoutMillis: connectingMilliseconds,
    keepAlive: true,
    ...settings,
  })
  pool.on('error', () => undefined)
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

async function writeUnit<T>(engine: Engine, pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
  refuseNested(engine)
  const { queues } = engine
  const turn = (queues.get(pda) ?? Promise.resolve()).then(() => retryWhileBusy(engine, pda, fn))
  const settled = turn.catch(() => undefined)
  queues.set(pda, settled)
  void settled.then(() => queues.get(pda) === settled && queues.delete(pda))
  return turn
}

function refuseNested({ inUnit }: Engine): void {
  if (inUnit.getStore()) throw new Error('a unit was opened inside a unit')
}

async function retryWhileBusy<T>(engine: Engine, pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await transaction(engine, engine.writing, pda, 'begin isolation level read committed', fn)
    } catch (error) {
      if (attempt === attempts || !lostRaces.has((error as { code?: string }).code ?? '')) throw error
      await pause(Math.random() * 2 ** attempt)
    }
  }
}

/** Runs `fn` between two statements on one connection; a connection that broke is not used again. */
async function transaction<T>(
  engine: Engine,
  pool: pg.Pool,
  pda: number,
  begin: string,
  fn: (unit: Unit) => Promise<T>,
): Promise<T> {
  refuseNested(engine)
  const client = await pool.connect().catch(refuse)
  let broken: Error | undefined
  const opened = openUnit(client, engine.columnTypes, pda)
  try {
    // Not awaited: BEGIN travels with the unit's first statements, and its failure is theirs.
    gatherWrites(client)
    const begun = client.query(begin)
    begun.catch(() => undefined)
    const result = await engine.inUnit.run(true, () => fn(opened.unit)).finally(opened.end)
    await begun
    // The COMMIT of a failed transaction succeeds as a ROLLBACK.
    if ((await client.query('commit')).command !== 'COMMIT')
      throw new Error('the transaction was rolled back')
    return result
  } catch (error) {
    await client.query('rollback').catch((worse: Error) => (broken = worse))
    return refuse(error)
  } finally {
    client.release(broken)
  }
}

/** A single statement, which is a snapshot of its own. */
async function query<Row>(pool: pg.Pool, statement: Statement<Row>): Promise<Row[]> {
  const { sql: text, parameters: values } = compilePostgres(statement)
  return (await pool.query({ name: nameOf(text), text, values }).catch(refuse)).rows as Row[]
}

/** Throws an error as the port names it. */
function refuse(error: unknown): never {
  const { code = '', message } = error as { code?: string; message: string }
  if (code === diskFull) throw new DiskFullError('the disk is full', { cause: error })
  if (away.test(code) || awayInWords.test(message))
    throw new UnavailableError('the database does not answer', { cause: error })
  throw error
}

/** The database's encoding cannot hold every text. */
class EncodingError extends Error {}

/** Records hold any Unicode text, and other encodings have no room for it, or keep it unchecked. */
async function refuseEncoding(pool: pg.Pool): Promise<void> {
  const encoding = await setting(pool, 'server_encoding')
  if (encoding === 'UTF8') return
  throw new EncodingError(
    `The PostgreSQL database has the encoding ${encoding} and must have UTF8: create database NAME encoding 'UTF8' template template0.`,
  )
}

async function setting(pool: pg.Pool, name: string): Promise<string> {
  return (await pool.query<Record<string, string>>(`show ${name}`)).rows[0]![name]!
}

/** Of two servers that start together, one may lose against the other: it tries again, and finds the work done. */
async function migrate(pool: pg.Pool): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await migrateOnce(pool)
    } catch (error) {
      if (attempt === 5 || error instanceof EncodingError || error instanceof NewerTablesError) {
        // Idle connections would keep the process from ending.
        await pool.end()
        throw error
      }
      await pause(100 * attempt)
    }
  }
}

async function migrateOnce(pool: pg.Pool): Promise<void> {
  await refuseEncoding(pool)
  const client = await pool.connect()
  try {
    await client.query('begin')
    await client.query('create table if not exists migration (number integer primary key)')
    await client.query('lock table migration in exclusive mode')
    const done = await client.query('select coalesce(max(number), 0) as number from migration')
    for (const { number, statements } of migrationsAfter(done.rows[0].number, postgresSpelling)) {
      for (const statement of statements) await client.query(statement)
      await client.query('insert into migration values ($1)', [number])
    }
    await client.query('commit')
  } catch (error) {
    await client.query('rollback').catch(() => undefined)
    throw error
  } finally {
    client.release()
  }
}
