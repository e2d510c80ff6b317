import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../test/engines.ts'
import { readConfig } from './config.ts'
import { openDatabase } from './database/open.ts'
import type { Database } from './database/port.ts'
import { ensureFirstAccount } from './first-start.ts'
import { listAccounts } from './store/access/accounts.ts'
import { findOwner } from './store/access/owners.ts'

const owner = { HATSTAND_OWNER: 'alice', HATSTAND_OWNER_PASSWORD: 'a long password' }

const start = (database: Database, env: Record<string, string>, fixedPort = true) =>
  ensureFirstAccount(database, readConfig(env), fixedPort, Date.now())
const domains = async (database: Database) =>
  (await database.read(listAccounts)).map((account) => account.domain)

for (const engine of engines) {
  async function withDatabase(
    work: (database: Database, databaseUrl?: string) => Promise<void>,
  ): Promise<void> {
    const place = await engine.bare()
    const database = await openDatabase(place, false)
    try {
      await work(database, place.databaseUrl)
    } finally {
      await database.close()
    }
  }

  test(`${engine.name}: the first start makes the account of the domain, later ones nothing`, () =>
    withDatabase(async (database) => {
      const first = await start(database, { HATSTAND_DOMAIN: 'me.example.org' })
      assert.equal(first.domain, 'me.example.org')
      assert.ok(first.setupCode, 'without an owner there is a set-up code')
      const again = await start(database, { HATSTAND_DOMAIN: 'me.example.org', ...owner })
      assert.equal(again.setupCode, undefined)
      assert.deepEqual(await domains(database), ['me.example.org'])
      assert.equal((await database.of(1).read((unit) => findOwner(unit)))?.name, 'alice')
    }))

  test(`${engine.name}: servers that start together for the first time make one account and one owner`, () =>
    withDatabase(async (database) => {
      const env = { HATSTAND_DOMAIN: 'me.example.org' }
      await Promise.all(Array.from({ length: 6 }, () => start(database, { ...env, ...owner })))
      assert.deepEqual(await domains(database), ['me.example.org'])
    }))

  const moves = engine.name === 'SQLite'
  const along = moves ? 'moves along with its port' : 'stays when another server starts beside it'
  test(`${engine.name}: a trial on this machine ${along}, and goes public`, () =>
    withDatabase(async (database, databaseUrl) => {
      const place = databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }
      await start(database, place)
      const expected = moves ? 'localhost:9000' : 'localhost:8080'
      assert.equal((await start(database, { ...place, PORT: '9000' })).domain, expected)
      assert.deepEqual(await domains(database), [expected])
      await start(database, { ...place, PORT: '9001' }, false)
      assert.deepEqual(await domains(database), [expected])
      await start(database, { ...place, HATSTAND_DOMAIN: 'me.example.org' })
      assert.deepEqual(await domains(database), ['me.example.org'])
    }))

  test(`${engine.name}: an account that is public is never moved: the start is refused in a sentence`, () =>
    withDatabase(async (database) => {
      await start(database, { HATSTAND_DOMAIN: 'me.example.org' })
      await assert.rejects(
        start(database, {}),
        /^Error: No account has the domain localhost:8080; there is me\.example\.org\./,
      )
      await assert.rejects(
        start(database, { HATSTAND_DOMAIN: 'you.example.org' }),
        /No account has the domain you\.example\.org/,
      )
      assert.deepEqual(await domains(database), ['me.example.org'])
    }))
}
