import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { freshFolder } from '../test/engines.ts'
import { createApp } from './app.ts'
import { readConfig } from './config.ts'
import type { App } from './context.ts'
import { openDatabase } from './database/open.ts'
import type { Database } from './database/port.ts'
import { ensureFirstAccount } from './first-start.ts'

const origin = { origin: 'https://app.example.org' }
const megabyte = Buffer.alloc(2 ** 20, 0x20)
let app: App
let database: Database
let url: string

before(async () => {
  const config = readConfig({ HATSTAND_LOG_LEVEL: 'silent' })
  database = await openDatabase({ dataDir: freshFolder(), databaseUrl: undefined }, false)
  await ensureFirstAccount(database, config, true, Date.now())
  app = await createApp({ config, database, now: Date.now })
  app.post('/takes-json', { config: { public: true } }, () => ({ message: 'taken' }))
  app.delete('/takes-nothing', { config: { public: true } }, () => ({ message: 'done' }))
  app.post('/for-callers', () => ({ message: 'taken' }))
  url = await app.listen({ port: 0, host: '127.0.0.1' })
})
after(async () => {
  await app.close()
  await database.close()
})

test('an unknown address is answered 404 in the one error shape, for every method', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    const answer = await fetch(`${url}/nowhere?q=secret`, { method })
    assert.equal(answer.status, 404)
    assert.deepEqual(await answer.json(), {
      message: 'Not Found',
      cause: `There is no ${method} /nowhere here`,
      error: 'Not Found',
      code: 'route_unknown',
    })
  }
})

test('a refusal comes as problem+json when the request asks for it', async () => {
  const answer = await fetch(`${url}/nowhere`, { headers: { accept: 'application/problem+json' } })
  assert.match(answer.headers.get('content-type') ?? '', /^application\/problem\+json\b/)
  const { type, title, status, detail, code } = (await answer.json()) as Record<string, unknown>
  assert.deepEqual(
    [type, title, status, detail, code],
    ['about:blank', 'Not Found', 404, 'There is no GET /nowhere here', 'route_unknown'],
  )
})

test('a path that is not properly percent-encoded is refused, readable for pages of other origins', async () => {
  const answer = await fetch(`${url}/%ff`, { headers: origin })
  assert.equal(answer.status, 400)
  assert.equal(answer.headers.get('access-control-allow-origin'), '*')
  assert.equal(((await answer.json()) as { code: string }).code, 'request_malformed')
})

test('bytes that are no HTTP are answered in the one error shape', async () => {
  const answer = await send('THIS IS NOT HTTP\r\n\r\n')
  assert.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.equal(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).code, 'request_malformed')
})

test('headers that are too large are answered in the one error shape', async () => {
  const answer = await send(`GET / HTTP/1.1\r\nhost: x\r\nlong: ${'x'.repeat(20_000)}\r\n\r\n`)
  assert.match(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n'))).cause, /16 KiB/)
})

test('a page of another origin may ask before it calls, without a token, and may read the token it gets', async () => {
  for (const method of ['GET', 'POST', 'PUT', 'DELETE']) {
    const headers = {
      ...origin,
      'access-control-request-method': method,
      'access-control-request-headers': 'content-type,x-auth-token',
    }
    const answer = await fetch(`${url}/for-callers`, { method: 'OPTIONS', headers })
    assert.equal(answer.status, 204)
    assert.equal(answer.headers.get('access-control-allow-origin'), '*')
    assert.ok(answer.headers.get('access-control-allow-methods')?.includes(method))
    assert.equal(answer.headers.get('access-control-allow-headers'), 'content-type,x-auth-token')
  }
  for (const path of ['/for-callers', '/publickey', '/nowhere', '/users/access_token']) {
    const { headers } = await fetch(`${url}${path}`, { headers: origin })
    assert.equal(headers.get('access-control-allow-origin'), '*', path)
    for (const exposed of ['X-Auth-Token', 'Link', 'X-Skipped', 'Retry-After', 'WWW-Authenticate'])
      assert.ok(headers.get('access-control-expose-headers')?.includes(exposed), path)
  }
})

test('with origins listed, only pages of those may read answers', async () => {
  const config = readConfig({
    HATSTAND_LOG_LEVEL: 'silent',
    HATSTAND_CORS_ORIGINS: 'https://app.example.org',
  })
  const strict = await createApp({ config, database, now: Date.now })
  const allowed = await strict.inject({ url: '/publickey', headers: origin })
  assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example.org')
  const other = await strict.inject({ url: '/publickey', headers: { origin: 'https://evil.example' } })
  assert.equal(other.headers['access-control-allow-origin'], undefined)
  await strict.close()
})

test('only the proxies named, or as many as counted, are believed about the address a request comes from', async () => {
  const expected: [setting: string, address: string][] = [
    ['', '10.0.0.2'],
    ['10.0.0.0/8', '203.0.113.9'],
    ['192.0.2.1', '10.0.0.2'],
    ['1', '203.0.113.9'],
    ['2', '198.51.100.1'],
  ]
  for (const [setting, address] of expected) {
    const config = readConfig({ HATSTAND_LOG_LEVEL: 'silent', HATSTAND_TRUST_PROXY: setting })
    const behind = await createApp({ config, database, now: Date.now })
    behind.get('/address', { config: { public: true } }, (request) => ({ address: request.ip }))
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' }
    const answer = await behind.inject({ url: '/address', headers, remoteAddress: '10.0.0.2' })
    assert.equal(answer.json().address, address, setting)
    await behind.close()
  }
})

test('a body that is not JSON is refused by its content type', async () => {
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'application/xml',
    'nonsense',
    'application/jsonp',
  ]) {
    const answer = await fetch(`${url}/takes-json`, {
      method: 'POST',
      body: 'x',
      headers: { 'content-type': type },
    })
    assert.equal(answer.status, 415, type)
    assert.equal(((await answer.json()) as { code: string }).code, 'content_type_unsupported')
  }
  const untyped = await fetch(`${url}/takes-json`, { method: 'POST', body: Buffer.from('{}') })
  assert.equal(untyped.status, 415)
})

test('a JSON content type without a body is accepted where none is needed', async () => {
  const headers = { 'content-type': 'application/json' }
  assert.equal((await fetch(`${url}/takes-nothing`, { method: 'DELETE', headers })).status, 200)
  assert.equal((await fetch(`${url}/takes-nothing`, { method: 'DELETE', headers, body: '' })).status, 200)
  assert.equal((await fetch(`${url}/publickey`, { headers })).status, 200)
})

test('HEAD answers like GET, without the body', async () => {
  const answer = await fetch(`${url}/publickey`, { method: 'HEAD' })
  assert.equal(answer.status, 200)
  assert.equal(await answer.text(), '')
})

for (const length of ['content-length: 104857600', 'transfer-encoding: chunked'])
  test(`a stranger's 100 MB (${length}) is refused at once and never taken in`, async () => {
    const { answer, sent } = await upload(
      `POST /for-callers HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${length}\r\n\r\n`,
    )
    assert.match(answer, /^HTTP\/1\.1 401 /)
    assert.match(answer, /\r\nconnection: close\r\n/i)
    assert.ok(sent < 20 * 2 ** 20, `${sent} bytes went into buffers`)
  })

test("a stranger's program sees the refusal of its 100 MB, not a broken connection", async () => {
  const headers = { 'content-type': 'application/json' }
  for (let count = 0; count < 3; count++) {
    const answer = await fetch(`${url}/for-callers`, {
      method: 'POST',
      headers,
      body: Buffer.alloc(100 * 2 ** 20, 0x20),
    })
    assert.equal(answer.status, 401)
    assert.equal(((await answer.json()) as { code: string }).code, 'not_authenticated')
  }
})

test("a stranger's small body is forgotten, and its connection used again", async () => {
  const request =
    'POST /for-callers HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 3\r\n\r\n[1]'
  const answer = await send(request + request.replace('host', 'connection: close\r\nhost'))
  assert.equal(answer.match(/HTTP\/1\.1 401 /g)?.length, 2)
})

test('what nobody foresaw says nothing outside but the id of the request', async () => {
  const broken = await createApp({
    config: readConfig({ HATSTAND_LOG_LEVEL: 'silent' }),
    database: {
      ...database,
      of: (pda) => ({
        ...database.of(pda),
        read: () => Promise.reject(new Error('a secret of the engine')),
      }),
    },
    now: Date.now,
  })
  const answer = await broken.inject('/publickey')
  assert.equal(answer.statusCode, 500)
  assert.equal(answer.json().code, 'internal')
  assert.match(answer.json().cause, /request [0-9a-f]{8}-1$/)
  assert.ok(!answer.body.includes('secret'))
  await broken.close()
})

/** Sends text on a connection of its own and gives all that comes back. */
async function send(text: string): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.end(text)
  return received(socket)
}

/** Sends a request and then a body of 100 MB as fast as the server takes it. */
async function upload(head: string): Promise<{ answer: string; sent: number }> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  const answer = received(socket)
  socket.write(head)
  if (head.includes('chunked')) socket.write(`${(100 * 2 ** 20).toString(16)}\r\n`)
  for (let count = 0; count < 100 && !socket.destroyed; count++)
    if (!socket.write(megabyte))
      await Promise.race([new Promise((resolve) => socket.once('drain', resolve)), pause(200)])
  const sent = socket.bytesWritten - socket.writableLength
  socket.destroy()
  return { answer: await answer, sent }
}

async function received(socket: ReturnType<typeof connect>): Promise<string> {
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  return text
}
