import { after } from 'node:test'
import { makeSigningKey } from '../src/auth/keys.ts'
import { hashPassword } from '../src/auth/passwords/passwords.ts'
import type { SigningKey } from '../src/store/access/signing-keys.ts'
import { freshFolder } from './folders.ts'
import { ownerPassword } from './owner.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import { makePostgresTemplate, makeSqliteTemplate } from './templates.ts'

/** What takes its time to make, and harms no test that shares it. */
export interface Shared {
  /** The address of a PostgreSQL with the template, up to the name of a database. */
  postgres: string
  /** The path of the template. */
  sqlite: string
  signingKey: SigningKey
  ownerHash: string
}

/** What `global-setup.ts` made for all files of a run. A file that runs alone makes its own, when it first asks. */
const given = JSON.parse(process.env['HATSTAND_TEST_SHARED'] ?? '{}') as Partial<Shared>
let running: Postgres | undefined
after(() => running?.stop())

export const postgresBase = once(async () => given.postgres ?? startOwnPostgres())
export const sqliteTemplate = once(async () => given.sqlite ?? makeSqliteTemplate(freshFolder()))
export const signingKey = once(async () => given.signingKey ?? makeSigningKey())
export const ownerHash = once(async () => given.ownerHash ?? hashPassword(ownerPassword))

async function startOwnPostgres(): Promise<string> {
  running = await startPostgres(freshFolder())
  await makePostgresTemplate(running.base)
  return running.base
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}
