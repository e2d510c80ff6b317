import { chmodSync, closeSync, existsSync, mkdirSync, openSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Database } from './port.ts'

type Where = { dataDir: string; databaseUrl: string | undefined }

const databaseFile = 'hatstand.sqlite'

/** The data folder is in use by another server. */
class FolderInUseError extends Error {}

/**
 * Opens the database and brings its tables up to date.
 * @param where `databaseUrl` (`postgres://...`) chooses PostgreSQL; otherwise SQLite in `dataDir`, which is made when missing
 * @param serve true for a server: a second one on the same SQLite folder is refused; the command line passes false
 * @throws FolderInUseError, or NewerTablesError when a newer version was here
 */
export async function openDatabase(where: Where, serve: boolean): Promise<Database> {
  if (where.databaseUrl) return (await import('./postgres/postgres.ts')).openPostgres(where.databaseUrl)
  if (!existsSync(where.dataDir)) mkdirSync(where.dataDir, { recursive: true, mode: 0o700 })
  chmodSync(where.dataDir, 0o700)
  const lock = serve ? lockFolder(where.dataDir) : undefined
  const file = join(where.dataDir, databaseFile)
  // SQLite gives its log the permissions of the file.
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const { openSqlite } = await import('./sqlite/sqlite.ts')
  const database = await openSqlite(file).catch((error: unknown) => {
    lock?.close()
    throw error
  })
  return {
    ...database,
    async close() {
      await database.close()
      lock?.close()
    },
  }
}

/** Whether there is anything for `openDatabase` to open, or only to make. Makes nothing itself. */
export async function isDatabase({ dataDir, databaseUrl }: Where): Promise<boolean> {
  if (databaseUrl) return (await import('./postgres/postgres.ts')).hasTables(databaseUrl)
  return existsSync(join(dataDir, databaseFile))
}

/** Holds a lock of the operating system for as long as this process lives, however it ends. */
function lockFolder(folder: string): DatabaseSync {
  const file = join(folder, 'server.lock')
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600))
  const lock = new DatabaseSync(file, { timeout: 0 })
  try {
    lock.exec('pragma locking_mode = exclusive; begin exclusive')
  } catch (error) {
    lock.close()
    throw new FolderInUseError(`another hatstand server is using the folder ${folder}`, { cause: error })
  }
  return lock
}
