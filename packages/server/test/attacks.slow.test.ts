import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect as openSocket, type Socket } from 'node:net'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from '@hatstand/sdk'
import { ask } from './asking.ts'
import { at, ends, password, serving } from './command-line.ts'
import { freshFolder, routeEngines } from './engines.ts'
import { startServer } from './harness.ts'

const post = 'POST /api/v2.6/data/a/b HTTP/1.1\r\n'
const validate = 'GET /users/access_token/validate HTTP/1.1\r\n'
const json = 'Content-Type: application/json\r\n'

function socketTo(url: string): Socket {
  return openSocket(Number(new URL(url).port), '127.0.0.1').on('error', () => undefined)
}

/** What comes back to these bytes: at least so many answers, and what else comes soon, until the server closes. */
async function answersTo(url: string, bytes: string, least = 1): Promise<string> {
  const socket = socketTo(url)
  let text = ''
  socket.on('data', (part) => (text += String(part)))
  socket.write(bytes)
  while (!socket.closed && statuses(text).length < least) await pause(5)
  if (!socket.closed) await Promise.race([once(socket, 'close'), pause(250)])
  socket.destroy()
  return text
}

const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

test('a request that two programs could read differently is refused, and nothing is stored', async (t) => {
  const server = await startServer(t)
  const head = `Host: x\r\nX-Auth-Token: ${server.token}\r\n`
  const chunk = '1\r\n1\r\n0\r\n\r\n'
  const ambiguous = {
    'a length and chunks': `${head}${json}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n${chunk}`,
    'two lengths': `${head}${json}Content-Length: 1\r\nContent-Length: 2\r\n\r\n12`,
    'a signed length': `${head}${json}Content-Length: +1\r\n\r\n1`,
    'a hexadecimal length': `${head}${json}Content-Length: 0x1\r\n\r\n1`,
    'chunks not last': `${head}${json}Transfer-Encoding: chunked, identity\r\n\r\n${chunk}`,
    'unknown chunks': `${head}${json}Transfer-Encoding: xchunked\r\n\r\n${chunk}`,
    'a space before a colon': `${head}${json}Content-Length : 1\r\n\r\n1`,
    'a folded header': `${head}${json}X: a\r\n b\r\nContent-Length: 1\r\n\r\n1`,
    'headers without end': `${head}${'a: b\r\n'.repeat(4000)}\r\n`,
  }
  for (const [what, rest] of Object.entries(ambiguous)) {
    const text = await answersTo(server.url, post + rest)
    assert.deepEqual(statuses(text), [400], what)
    assert.match(text, /"code":"request_malformed"/, what)
  }
  assert.deepEqual(await server.owner.records.list('a/b'), [])
})

test('requests sent in one piece are each judged alone', async (t) => {
  const server = await startServer(t)
  const known = `Host: x\r\nX-Auth-Token: ${server.token}\r\n`
  const body = `${post}Host: x\r\n${json}Content-Length: 2\r\n\r\n12`
  const mixed = await answersTo(
    server.url,
    `${validate}${known}\r\n${body}${validate}${known}\r\n${validate}Host: x\r\n\r\n`,
    4,
  )
  assert.deepEqual(statuses(mixed), [200, 401, 200, 401])
  const inner = `${validate}${known}\r\n`
  const hidden = await answersTo(
    server.url,
    `${validate}Host: x\r\n${json}Content-Length: ${inner.length}\r\n\r\n${inner}`,
  )
  assert.deepEqual(statuses(hidden), [401], 'a body is no request')
  const trailer = `1\r\n1\r\n0\r\nX-Auth-Token: ${server.token}\r\n\r\n`
  const late = await answersTo(
    server.url,
    `${post}Host: x\r\n${json}Transfer-Encoding: chunked\r\nTrailer: X-Auth-Token\r\n\r\n${trailer}`,
  )
  assert.deepEqual(statuses(late), [401], 'a token behind the body comes too late')
})

test('a token counts in its header only, and one bad header spoils a good one', async (t) => {
  const server = await startServer(t)
  const { token } = server
  const path = '/users/access_token/validate'
  const get = async (headers: Record<string, string>, query = '') =>
    (await ask(server.url, { method: 'GET', path: path + query, headers })).status
  assert.equal(await get({ 'x-auth-token': token }), 200)
  assert.equal(await get({ authorization: `Bearer ${token}` }), 200)
  assert.equal(await get({}, `?token=${token}&X-Auth-Token=${token}`), 401)
  assert.equal(await get({ cookie: `token=${token}; X-Auth-Token=${token}` }), 401)
  assert.equal(await get({ 'x-auth-token': 'bad', authorization: `Bearer ${token}` }), 401)
  assert.equal(await get({ authorization: `Basic ${token}` }), 401)
  assert.equal(await get({ 'x-auth-token': `${token}, ${token}` }), 401)
})

for (const engine of routeEngines)
  test(`${engine.name}: names that mean something elsewhere mean nothing here`, async (t) => {
    const { owner, ...server } = await startServer(t, engine)
    const odd = ['__proto__', 'constructor', 'q\0b', "q'b", 'q"b', 'q\\b', '$', 'a[0]', '\u{10ffff}', '-1']
    for (const [index, key] of odd.entries())
      await owner.records.createMany('constructor/prototype', [`{"${index}":1}`, { [key]: 2 }, { [key]: 1 }])
    for (const key of odd)
      for (const again of [1, 2]) {
        const [first, second] = await owner.records.list<Record<string, number>>('constructor/prototype', {
          orderBy: key,
        })
        assert.deepEqual([first?.data[key], second?.data[key]], [1, 2], `${key}, time ${again}`)
      }
    assert.deepEqual(await owner.endpoints.list(), { constructor: ['prototype'] })
    const query = '?__proto__=1&constructor[prototype]=2&toString=3&hasOwnProperty=4'
    const headers = { 'x-auth-token': server.token }
    const reply = await ask(server.url, { method: 'GET', path: `/api/v2.6/data/a/b${query}`, headers })
    assert.deepEqual([reply.status, reply.text], [200, '[]'])
  })

test('no way of writing a path leads around the rights', async (t) => {
  const server = await startServer(t)
  await server.owner.records.create('theirs/secret', { never: 'told' })
  const token = await server.application('program', { reads: ['mine'], writes: ['mine'] })
  const ways = [
    'mine/../theirs/secret',
    'mine/%2e%2e/theirs/secret',
    'mine%2f..%2ftheirs/secret',
    'mine//theirs/secret',
    'theirs%2fsecret',
    'Theirs/secret',
    'mine/%00/theirs/secret',
    'mine;/theirs/secret',
    './theirs/secret',
    '%74heirs/secret',
    'mine/..%5ctheirs/secret',
    'mine\\..\\theirs\\secret',
  ]
  for (const way of ways)
    for (const prefix of ['/api/v2.6/data/', '/api/v2.6/data-erasure/../data/', '//api/v2.6/data/'])
      for (const method of ['GET', 'HEAD', 'DELETE', 'TRACE', 'QUERY', 'PATCH']) {
        const headers = { 'x-auth-token': token }
        const reply = await ask(server.url, { method, path: prefix + way, headers })
        assert.ok(reply.status >= 400 && reply.status < 500, `${method} ${prefix}${way}: ${reply.status}`)
        assert.doesNotMatch(reply.text, /told/)
      }
  assert.equal((await server.owner.records.list('theirs/secret')).length, 1)
})

test('a flood of attempts to sign in keeps nobody else waiting, not even with a token never seen before', async (t) => {
  const server = await startServer(t)
  const token = await server.application('program', { reads: ['a'] })
  let done = 0
  const flood = Array.from({ length: 60 }, async (_, index) => {
    const headers = { username: `stranger ${index}`, password: 'no idea' }
    const { status } = await ask(server.url, { method: 'GET', path: '/users/access_token', headers })
    done += 1
    return status
  })
  await Promise.race(flood)
  await server.as(token).records.list('a/b')
  assert.ok(done < 30, `answered after ${done} of them`)
  assert.deepEqual(new Set(await Promise.all(flood)), new Set([401]))
})

test('a connection on which nothing moves is cut, and what it had begun is gone', async (t) => {
  const server = await startServer(t)
  assert.ok(server.app.server.timeout > 0 && server.app.server.headersTimeout > 0)
  server.app.server.timeout = 300
  const socket = socketTo(server.url)
  socket.write(`${post}Host: x\r\nX-Auth-Token: ${server.token}\r\n${json}Content-Length: 100\r\n\r\n[1`)
  await once(socket, 'close')
  assert.deepEqual(await server.owner.records.list('a/b'), [])
})

test('a client that stops reading does not keep the server from ending', async () => {
  const settings = { HATSTAND_OWNER: 'phil', HATSTAND_OWNER_PASSWORD: password }
  const child = at(freshFolder(), settings).start('serve')
  const { url } = await serving(child)
  const pda = connect(url)
  await pda.accessTokens.login('phil', password)
  await pda.records.createMany(
    'a/b',
    Array.from({ length: 20 }, (_, index) => `${index}`.padEnd(1_000_000, 'x')),
  )
  const socket = socketTo(url)
  socket.write(`GET /api/v2.6/data/a/b HTTP/1.1\r\nHost: x\r\nX-Auth-Token: ${pda.token}\r\n\r\n`)
  await once(socket, 'readable')
  assert.equal(await ends(child, 'SIGTERM'), 0)
  socket.destroy()
})
