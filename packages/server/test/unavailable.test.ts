import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshFolder } from './engines.ts'
import { ownerName, ownerPassword, startServer } from './harness.ts'
import { createDatabase, startPostgres } from './postgres.ts'
import { refused } from './refused.ts'

test('while PostgreSQL is away every route says so, whether it reads, writes or signs in', async (t) => {
  const postgres = await startPostgres(freshFolder())
  const databaseUrl = await createDatabase(postgres.base, 'away')
  const place = async () => ({ dataDir: freshFolder(), databaseUrl })
  const { owner } = await startServer(t, { place })
  const { recordId } = await owner.records.create('away/soon', 1)
  await postgres.stop()
  for (const ask of [
    () => owner.records.list('away/soon'),
    () => owner.records.create('away/soon', 2),
    () => owner.records.update({ endpoint: 'away/soon', recordId, data: 3 }),
    () => owner.records.delete(recordId),
    () => owner.health(),
    () => owner.accessTokens.login(ownerName, ownerPassword),
  ]) {
    const { status, code } = await refused(ask())
    assert.deepEqual([status, code], [503, 'database_unavailable'])
  }
})
