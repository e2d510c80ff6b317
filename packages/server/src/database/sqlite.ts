import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { DummyDriver, Kysely, SqliteAdapter, SqliteIntrospector, SqliteQueryCompiler } from 'kysely'
import type { FingerprintTable } from './fingerprints.ts'
import { migrations, sqliteSpelling } from './migrations.ts'
import type { Database, Unit } from './port.ts'
import { createAside } from './sqlite-aside.ts'
import { type Connection, connect, isBusy } from './sqlite-connection.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { compileSqlite, openUnit } from './sqlite-unit.ts'
import { createWriter } from './sqlite-writer.ts'
import type { Tables } from './tables.ts'
import { createTogether, rowsTogether } from './together.ts'

const writerCache = 16 * 2 ** 20
const readerCache = 8 * 2 ** 20
/** The log's pages (8 KB) at which they are moved into the file, and at which writers wait until they are. */
const logBegin = 2000
const logLimit = 8000

/** @param file where the database is or is to be; its folder exists */
export async function openSqlite(file: string): Promise<Database> {
  const writing = connect(file, writerCache)
  await migrate(writing)
  const idColumns = new Set(
    (
      writing.all(
        "select c.name from sqlite_schema t, pragma_table_info(t.name) c where c.type = 'uuid'",
        [],
      ) as { name: string }[]
    ).map((row) => row.name),
  )
  const tables = new Map<number, FingerprintTable>()
  const aside = createAside(file)
  const readers: Connection[] = []
  const inUnit = new AsyncLocalStorage<true>()
  const writer = createWriter(writing, afterCommit)
  let moving: Promise<unknown> | undefined

  /** Moves the log's pages into the file on the other thread; when writers outrun it, they wait. */
  async function afterCommit(committed: boolean) {
    if (!committed) tables.clear()
    const log = logPages(writing)
    if (log > logBegin) moving ??= aside.do({ task: 'checkpoint' }).finally(() => (moving = undefined))
    if (log > logLimit) await moving
  }

  async function runUnit<T>(
    connection: Connection,
    pda: number | undefined,
    fn: (unit: Unit) => Promise<T>,
    breathe: () => Promise<void> | undefined,
  ) {
    const unit = openUnit({ connection, idColumns, breathe }, tables, pda)
    try {
      const result = await inUnit.run(true, () => fn(unit))
      unit.settle()
      return result
    } finally {
      unit.end()
    }
  }

  async function read<T>(fn: (unit: Unit) => Promise<T>): Promise<T> {
    if (inUnit.getStore()) throw new Error('a unit was opened inside a unit')
    const connection = readers.pop() ?? connect(file, readerCache)
    connection.exec('begin')
    try {
      return await runUnit(connection, undefined, fn, () => undefined)
    } finally {
      connection.exec('commit')
      readers.push(connection)
    }
  }

  async function write<T>(pda: number, fn: (unit: Unit) => Promise<T>): Promise<T> {
    if (inUnit.getStore()) throw new Error('a unit was opened inside a unit')
    return writer.run(() => runUnit(writing, pda, fn, writer.breathe))
  }

  return {
    dialect: sqliteDialect,
    query: new Kysely<Tables>({
      dialect: {
        createAdapter: () => new SqliteAdapter(),
        createDriver: () => new DummyDriver(),
        createIntrospector: (db) => new SqliteIntrospector(db),
        createQueryCompiler: () => new SqliteQueryCompiler(),
      },
    }),
    read,
    write,
    writeTogether: createTogether(write, rowsTogether),
    aside: async <Row>(statement: Parameters<Database['aside']>[0]) =>
      (await aside.do({ task: 'query', ...compileSqlite(statement) })) as Row[],
    async scrub() {
      await aside.do({ task: 'scrub' })
    },
    async durability() {
      const ask = (name: string) => String(Object.values(writing.all(`pragma ${name}`, [])[0] as object)[0])
      return { journal_mode: ask('journal_mode'), synchronous: ask('synchronous') }
    },
    async close() {
      await writer.close()
      await aside.close()
      for (const reader of readers) reader.close()
      writing.exec('pragma wal_checkpoint(truncate)')
      writing.close()
    },
  }
}

/** How many pages the log holds that are not in the file yet. */
function logPages(connection: Connection): number {
  const [row] = connection.all('pragma wal_checkpoint(noop)', []) as { log: number; checkpointed: number }[]
  return row!.log - row!.checkpointed
}

async function migrate(connection: Connection): Promise<void> {
  for (;;) {
    try {
      connection.exec('begin immediate')
      break
    } catch (error) {
      if (!isBusy(error)) throw error
      await pause(10)
    }
  }
  connection.exec('create table if not exists migration (number integer primary key)')
  const done = connection.all('select number from migration', []).length
  for (const [index, migration] of migrations.entries()) {
    if (index < done) continue
    for (const statement of migration(sqliteSpelling)) connection.exec(statement)
    connection.run('insert into migration values (?)', [index + 1])
  }
  connection.exec('commit')
}
