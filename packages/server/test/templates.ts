import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { openDatabase } from '../src/database/open.ts'
import { createDatabase } from './postgres.ts'

/** The name of the migrated, empty database that those of tests are copied from. */
export const postgresTemplate = 'hatstand_template'

/** @param base the address of a PostgreSQL, up to the name of a database */
export async function makePostgresTemplate(base: string): Promise<void> {
  const databaseUrl = await createDatabase(base, postgresTemplate)
  await (await openDatabase({ dataDir: '', databaseUrl }, false)).close()
}

/** Makes a migrated, empty SQLite file in the folder, and gives its path. */
export async function makeSqliteTemplate(folder: string): Promise<string> {
  const dataDir = join(folder, 'template')
  mkdirSync(dataDir)
  await (await openDatabase({ dataDir, databaseUrl: undefined }, false)).close()
  return join(dataDir, 'hatstand.sqlite')
}
