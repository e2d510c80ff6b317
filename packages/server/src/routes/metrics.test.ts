import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { freshFolder } from '../../test/engines.ts'
import { createApp } from '../app.ts'
import { readConfig } from '../config.ts'
import type { App } from '../context.ts'
import { openDatabase } from '../database/open.ts'

const metricsToken = 'only-for-the-figures'

async function appFor(t: TestContext, settings: Record<string, string> = {}): Promise<App> {
  const config = readConfig({ HATSTAND_LOG_LEVEL: 'silent', ...settings })
  const database = await openDatabase({ dataDir: freshFolder(), databaseUrl: undefined }, false)
  const app = await createApp({ config, database, now: Date.now })
  t.after(async () => {
    await app.close()
    await database.close()
  })
  return app
}

test('the machine itself may read the figures, others may not', async (t) => {
  const app = await appFor(t)
  for (const remoteAddress of ['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1'])
    assert.equal((await app.inject({ url: '/metrics', remoteAddress })).statusCode, 200, remoteAddress)
  for (const remoteAddress of [
    '192.0.2.1',
    '::2',
    '::ffff:192.0.2.1',
    '1127.0.0.1',
    '127.0.0.1.example.org',
  ]) {
    const answer = await app.inject({ url: '/metrics', remoteAddress })
    assert.deepEqual([answer.statusCode, answer.json().code], [403, 'forbidden'], remoteAddress)
  }
})

test('a name that a web page has pointed to this machine opens the figures to no page, the token does', async (t) => {
  const app = await appFor(t, {
    HATSTAND_METRICS_TOKEN: metricsToken,
    HATSTAND_DOMAIN: 'alice.example.org',
    HATSTAND_TRUST_PROXY: '127.0.0.1',
  })
  const status = async (host: string, headers = {}) =>
    (await app.inject({ url: '/metrics', headers: { host, ...headers } })).statusCode
  for (const own of ['localhost', 'localhost:9000', '127.0.0.1:9000', '[::1]:9000', 'alice.example.org'])
    assert.equal(await status(own), 200, own)
  for (const strange of ['rebound.example.com:9000', 'localhost.example.com', '127.0.0.1.example.com'])
    assert.equal(await status(strange, { 'x-forwarded-host': 'localhost' }), 403, strange)
  assert.equal(await status('metrics.internal', { authorization: `Bearer ${metricsToken}` }), 200)
})

test('a proxy on the same machine opens the figures to nobody, whatever address it passes on', async (t) => {
  const app = await appFor(t, { HATSTAND_TRUST_PROXY: '127.0.0.1' })
  for (const name of ['x-forwarded-for', 'forwarded', 'via']) {
    const headers = { [name]: 'for=127.0.0.1' }
    assert.equal((await app.inject({ url: '/metrics', headers })).statusCode, 403, name)
  }
})

test('from elsewhere the figures need the token of the settings, exactly', async (t) => {
  const app = await appFor(t, { HATSTAND_METRICS_TOKEN: metricsToken })
  const status = async (authorization: string) =>
    (await app.inject({ url: '/metrics', remoteAddress: '192.0.2.1', headers: { authorization } })).statusCode
  assert.equal(await status(`Bearer ${metricsToken}`), 200)
  for (const wrong of ['', 'Bearer', `Bearer ${metricsToken}x`, `Basic ${metricsToken}`, metricsToken])
    assert.equal(await status(wrong), 403, wrong)
})

test('requests are counted by the pattern of their route: no namespace, id or host stands in a label', async (t) => {
  const app = await appFor(t)
  await app.inject('/metrics')
  await app.inject({
    url: '/api/v2.6/data/secretnamespace/secretpath',
    headers: { host: 'secrethost.example.org' },
  })
  await app.inject('/secretroute')
  await app.inject('/healthz')
  const { body, headers } = await app.inject('/metrics')
  assert.match(String(headers['content-type']), /^text\/plain; version=0\.0\.4/)
  assert.match(
    body,
    /^hatstand_http_request_seconds_count\{method="GET",route="\/healthz",status="200"\} 1$/m,
  )
  assert.match(body, /^hatstand_info\{version="[\d.]+",engine="sqlite"\} 1$/m)
  assert.doesNotMatch(body, /secret/)
})
