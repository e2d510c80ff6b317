import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { createDatabase, type Postgres, startPostgres } from './postgres.ts'

export { freePort } from './free-port.ts'

/** Where one test's data lives: a fresh folder, or a fresh database of a real PostgreSQL. */
export interface Place {
  dataDir: string
  databaseUrl: string | undefined
}

/** The engines every suite runs on. `place` makes a fresh, empty home for data. */
export const engines: { name: 'SQLite' | 'PostgreSQL'; place: () => Promise<Place> }[] = [
  { name: 'SQLite', place: async () => ({ dataDir: freshFolder(), databaseUrl: undefined }) },
  { name: 'PostgreSQL', place: async () => ({ dataDir: freshFolder(), databaseUrl: await freshDatabase() }) },
]

/** A folder that is gone when this test process ends. */
export function freshFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'hatstand-test-'))
  folders.push(folder)
  return folder
}

let server: Promise<string> | undefined
let running: Postgres | undefined
let databases = 0
const folders: string[] = []

after(() => running?.stop())
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

async function freshDatabase(): Promise<string> {
  const base = await (server ??= serverBase())
  return createDatabase(base, `hatstand_${process.pid}_${++databases}`)
}

/** One server for all databases of this test process, ended with it. */
async function serverBase(): Promise<string> {
  if (process.env['HATSTAND_TEST_POSTGRES']) return process.env['HATSTAND_TEST_POSTGRES']
  running = await startPostgres(freshFolder())
  return running.base
}
