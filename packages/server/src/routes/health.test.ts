import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines, routeEngines } from '../../test/engines.ts'
import { createApp } from '../app.ts'
import { readConfig } from '../config.ts'
import { openDatabase } from '../database/open.ts'

const config = readConfig({ HATSTAND_LOG_LEVEL: 'silent' })

for (const engine of routeEngines)
  test(`health is asked of the database, without a token and on any host, on ${engine.name}`, async (t) => {
    const database = await openDatabase(await engine.place(), false)
    const app = await createApp({ config, database, now: Date.now })
    t.after(() => app.close())
    const healthy = await app.inject({ url: '/healthz', headers: { host: 'nobody.example.org' } })
    assert.deepEqual([healthy.statusCode, healthy.json()], [200, { status: 'ok' }])
    await database.close()
    const ill = await app.inject('/healthz')
    assert.deepEqual([ill.statusCode, ill.json().code], [503, 'database_unavailable'])
  })

test('the version is the one of the package', async (t) => {
  const database = await openDatabase(await engines[0]!.place(), false)
  const app = await createApp({ config, database, now: Date.now })
  t.after(async () => {
    await app.close()
    await database.close()
  })
  const { version } = (await import('../../package.json', { with: { type: 'json' } })).default
  assert.deepEqual((await app.inject('/version')).json(), { version })
  assert.equal((await app.inject('/version?of=node')).json().code, 'invalid_query')
})
