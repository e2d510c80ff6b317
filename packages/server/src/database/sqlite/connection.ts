import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { DiskFullError, type Value } from '../port.ts'

const busy = 5
const full = 13
const statementsKept = 400

/** One connection and its prepared statements, kept by their text. */
export interface Connection {
  all(sql: string, parameters: readonly Value[]): unknown[]
  run(sql: string, parameters: readonly Value[]): number
  exec(sql: string): void
  inTransaction(): boolean
  /** Rows written by `run` since this was last asked. */
  rowsWritten(): number
  close(): void
}

/** What a unit works with. */
export interface UnitContext {
  connection: Connection
  /** Columns declared `uuid`: text to us, 16 bytes in the file. */
  idColumns: ReadonlySet<string>
  /** Lets other requests have a turn when this one has lasted long enough. */
  yieldIfLong: () => Promise<void> | undefined
}

/** What every connection says first. */
export const pragmas = (
  cacheBytes: number,
) => `pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 0;
  pragma cache_size = ${-Math.round(cacheBytes / 1024)}; pragma temp_store = memory; pragma secure_delete = on`

/**
 * @param file the database file
 * @param cacheBytes how much of it this connection may keep in memory
 */
export function connect(file: string, cacheBytes: number): Connection {
  // Waiting for a lock would stop the whole event loop: callers try again instead.
  const database = new DatabaseSync(file, { timeout: 0, allowExtension: false })
  database.exec(pragmas(cacheBytes))
  let written = 0
  const statements = new Map<string, StatementSync>()

  function prepared(sql: string): StatementSync {
    let statement = statements.get(sql)
    if (!statement) {
      if (statements.size >= statementsKept) statements.delete(statements.keys().next().value!)
      statement = database.prepare(sql)
      statements.set(sql, statement)
    }
    return statement
  }

  return {
    all: (sql, parameters) => guarded(() => prepared(sql).all(...parameters)),
    run(sql, parameters) {
      const changed = guarded(() => Number(prepared(sql).run(...parameters).changes))
      written += changed
      return changed
    },
    exec: (sql) => guarded(() => database.exec(sql)),
    inTransaction: () => database.isTransaction,
    rowsWritten() {
      const rows = written
      written = 0
      return rows
    },
    close: () => database.close(),
  }
}

/** True when another connection holds the lock: try again. */
export const isBusy = (error: unknown) => ((error as { errcode?: number }).errcode ?? 0) % 256 === busy

function guarded<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw asOurs(error)
  }
}

/** An engine's error, or ours for what it means. */
export const asOurs = (error: unknown) =>
  (error as { errcode?: number }).errcode === full
    ? new DiskFullError('the disk is full', { cause: error })
    : error
