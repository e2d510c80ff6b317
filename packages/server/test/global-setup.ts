import { join } from 'node:path'
import { makeSigningKey } from '../src/auth/keys.ts'
import { hashPassword } from '../src/auth/passwords/passwords.ts'
import { freshFolder } from './folders.ts'
import { ownerPassword } from './owner.ts'
import { type Postgres, startPostgres } from './postgres.ts'
import type { Shared } from './shared.ts'
import { makePostgresTemplate, makeSqliteTemplate } from './templates.ts'

let postgres: Postgres | undefined

/** Before a run of many test files: makes what they share, and tells them by the environment. */
export async function globalSetup(): Promise<void> {
  postgres = await startPostgres(freshFolder())
  await makePostgresTemplate(postgres.base)
  const shared: Shared = {
    postgres: postgres.base,
    sqlite: await makeSqliteTemplate(freshFolder()),
    signingKey: await makeSigningKey(),
    ownerHash: await hashPassword(ownerPassword),
  }
  process.env['HATSTAND_TEST_SHARED'] = JSON.stringify(shared)
  // Most of a process's start is compiling the server: the second one finds it done.
  process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../../../node_modules/.cache/node')
}

export async function globalTeardown(): Promise<void> {
  await postgres?.stop()
}
