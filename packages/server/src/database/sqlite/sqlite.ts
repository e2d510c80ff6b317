import { AsyncLocalStorage } from 'node:async_hooks'
import { migrationsAfter, sqliteSpelling } from '../migrations.ts'
import type { Database, Statement, Unit } from '../port.ts'
import { accountDatabases, allAccounts, createShared } from '../shared.ts'
import { type Connection, connect, type UnitContext } from './connection.ts'
import type { FingerprintTable } from './fingerprints.ts'
import { sqliteDialect, compileSqlite, openUnit } from './unit.ts'
import { type WorkerClient, createWorkerClient } from './worker-client.ts'
import { beginImmediate, yieldIfLong, createWriter, runUnit, type Writer } from './writer.ts'

const writerCache = 4 * 2 ** 20
const readerCache = 8 * 2 ** 20
/** The log's pages (8 KB) at which they are moved into the file, and at which writers wait until they are. */
const logBegin = 2000
const logLimit = 8000
/** The rest a writer moves by itself, in a few milliseconds; any rest, when the log is as long as this. */
const logRest = 1000
const logLongest = 16_000
/** After so many commits, or rows of them, the log is looked at. */
const commitsUnseen = 32
const rowsUnseen = 2000

/** What the engine consists of while it is open. */
interface Engine {
  file: string
  writer: Writer
  /** Connections for reading that nobody uses at the moment: a read has one for itself. */
  readers: Connection[]
  idColumns: ReadonlySet<string>
  fingerprints: Map<number, FingerprintTable>
  worker: WorkerClient
  /** Commits since the log was looked at. */
  commits: number
  /** The log being moved into the file. */
  moving: Promise<unknown> | undefined
  /** What was written while the other thread moved the log is still to be moved. */
  hasRest: boolean
  /** Set inside a unit: a unit in a unit would wait for itself. */
  inUnit: AsyncLocalStorage<true>
}

/** @param file where the database is or is to be; its folder exists */
export async function openSqlite(file: string): Promise<Database> {
  const connection = connect(file, writerCache)
  try {
    await migrate(connection)
  } catch (error) {
    connection.close()
    throw error
  }
  // A process that was killed while it erased may have left the log behind; one that is in use is left alone.
  connection.all('pragma wal_checkpoint(truncate)', [])
  const engine: Engine = {
    file,
    writer: createWriter(connection, (committed) => afterCommit(engine, committed)),
    readers: [],
    idColumns: findIdColumns(connection),
    fingerprints: new Map(),
    worker: createWorkerClient(file),
    commits: 0,
    moving: undefined,
    hasRest: false,
    inUnit: new AsyncLocalStorage(),
  }
  const whole = {
    dialect: sqliteDialect,
    one: async <Row>(statement: Statement<Row>) => oneRead(engine, statement),
    scrub: createShared(() => engine.worker.scrub()),
  }
  const background = async <Row>(statement: Statement<Row>) =>
    (await engine.worker.query(compileSqlite(statement))) as Row[]
  return {
    ...whole,
    of: accountDatabases(
      { ...whole, background },
      (pda, fn) => readUnit(engine, pda, fn),
      (pda, fn) => writeUnit(engine, pda, fn),
    ),
    read: (fn) => readUnit(engine, allAccounts, fn),
    async durability() {
      return {
        journal_mode: pragma(connection, 'journal_mode'),
        synchronous: pragma(connection, 'synchronous'),
      }
    },
    close: () => close(engine),
  }
}

async function readUnit<T>(engine: Engine, pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
  refuseNested(engine)
  const connection = engine.readers.pop() ?? connect(engine.file, readerCache)
  connection.run('begin', [])
  try {
    return await perform(
      engine,
      { connection, idColumns: engine.idColumns, yieldIfLong: () => undefined },
      pda,
      fn,
    )
  } finally {
    connection.run('commit', [])
    engine.readers.push(connection)
  }
}

function oneRead<Row>(engine: Engine, statement: Statement<Row>): Row[] {
  refuseNested(engine)
  const connection = engine.readers.pop() ?? connect(engine.file, readerCache)
  try {
    const { sql, parameters } = compileSqlite(statement)
    return connection.all(sql, parameters) as Row[]
  } finally {
    engine.readers.push(connection)
  }
}

async function writeUnit<T>(engine: Engine, pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
  refuseNested(engine)
  const { writer, idColumns } = engine
  const workplace: UnitContext = {
    connection: writer.connection,
    idColumns,
    yieldIfLong: () => yieldIfLong(writer),
  }
  return runUnit(writer, () => perform(engine, workplace, pda, fn))
}

function refuseNested(engine: Engine): void {
  if (engine.inUnit.getStore()) throw new Error('a unit was opened inside a unit')
}

async function perform<T>(
  engine: Engine,
  workplace: UnitContext,
  pda: number,
  fn: (unit: Unit) => Promise<T>,
): Promise<T> {
  const unit = openUnit(workplace, engine.fingerprints, pda)
  try {
    const result = await engine.inUnit.run(true, () => fn(unit))
    const settling = unit.settle()
    if (settling) await settling
    return result
  } finally {
    unit.end()
  }
}

/**
 * Moves the log's pages into the file on the other thread; when writers outrun it, they wait. What they write meanwhile is moved between
 * two transactions: only a log that is moved whole begins anew. Otherwise it would grow for as long as anybody writes, and a commit that
 * makes its file longer takes twice the time (measured).
 */
async function afterCommit(engine: Engine, committed: boolean): Promise<void> {
  if (!committed) engine.fingerprints.clear()
  const { connection } = engine.writer
  if (++engine.commits < commitsUnseen && connection.rowsWritten() < rowsUnseen) return
  engine.commits = 0
  const { log, left } = logPages(connection)
  if (engine.hasRest && (left < logRest || log > logLongest)) return moveRest(engine)
  if (left > logBegin) {
    const moved = () => {
      engine.moving = undefined
      engine.hasRest = true
    }
    // What fails, on a full disk or while closing, is tried again after later commits: the log itself has all that was written.
    engine.moving ??= engine.worker.checkpoint().then(moved, moved)
  }
  if (left > logLimit) await engine.moving
}

function moveRest(engine: Engine): void {
  engine.hasRest = false
  try {
    engine.writer.connection.all('pragma wal_checkpoint(passive)', [])
  } catch {
    // On a full disk: tried again like the rest.
  }
}

/** How many pages the log holds, and how many of them are not in the file yet. */
function logPages(connection: Connection): { log: number; left: number } {
  const [row] = connection.all('pragma wal_checkpoint(noop)', []) as { log: number; checkpointed: number }[]
  return { log: row!.log, left: row!.log - row!.checkpointed }
}

async function settled(writer: Engine['writer']): Promise<void> {
  while (writer.running) await writer.running
}

async function close({ writer, worker, readers }: Engine): Promise<void> {
  await settled(writer)
  await worker.close()
  // Work that nobody waited for may have begun another unit meanwhile.
  await settled(writer)
  for (const reader of readers) reader.close()
  writer.connection.all('pragma wal_checkpoint(truncate)', [])
  writer.connection.close()
}

function pragma(connection: Connection, name: string): string {
  const [row] = connection.all(`pragma ${name}`, []) as Record<string, unknown>[]
  return String(row![name])
}

function findIdColumns(connection: Connection): ReadonlySet<string> {
  const rows = connection.all(
    "select c.name from sqlite_schema t, pragma_table_info(t.name) c where c.type = 'uuid'",
    [],
  ) as { name: string }[]
  return new Set(rows.map((row) => row.name))
}

async function migrate(connection: Connection): Promise<void> {
  await beginImmediate(connection)
  connection.exec('create table if not exists migration (number integer primary key)')
  const [done] = connection.all('select coalesce(max(number), 0) as number from migration', [])
  for (const { number, statements } of migrationsAfter((done as { number: number }).number, sqliteSpelling)) {
    for (const statement of statements) connection.exec(statement)
    connection.run('insert into migration values (?)', [number])
  }
  connection.run('commit', [])
}
