import assert from 'node:assert/strict'
import dns from 'node:dns'
import { createServer, type RequestListener } from 'node:http'
import { syncBuiltinESMExports } from 'node:module'
import type { AddressInfo } from 'node:net'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { FetchRefusedError, guardedFetch, isPublicAddress } from './guarded-fetch.ts'

/** A server on this machine that counts who reaches it. */
async function serverThat(answers: RequestListener) {
  let reached = 0
  const server = createServer((request, response) => {
    reached++
    answers(request, response)
  })
  server.on('connection', (socket) => socket.on('error', () => undefined))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  after(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  return { port, host: `127.0.0.1:${port}`, url: `http://127.0.0.1:${port}/`, reached: () => reached }
}

const refused = (address: string, asked = {}) =>
  assert.rejects(guardedFetch(address, { timeoutMs: 2000, ...asked }), FetchRefusedError, address)

test('nothing on this machine or in a private network is asked, however its address is spelt', async () => {
  const hosts = [
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f000001',
    '0x7f.1',
    '0177.0.0.1',
    '0.0.0.0',
    '0',
    '10.0.0.1',
    '172.16.0.1',
    '192.168.1.1',
    '100.64.0.1',
    '169.254.169.254',
    '224.0.0.1',
    '255.255.255.255',
    '[::1]',
    '[::]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[fe80::1]',
    '[fd00::1]',
    '１２７.0.0.1',
  ]
  for (const host of hosts) await refused(`https://${host}/`)
})

test('a name is looked up once, and refused when any of its addresses is not public', async (t) => {
  await refused('https://localhost/')
  await refused('https://localhost./')
  const asked: string[] = []
  const found: Record<string, string[]> = {
    'inside.example': ['10.0.0.1'],
    'both.example': ['8.8.8.8', '127.0.0.1'],
    'mapped.example': ['2606:4700::1111', '::ffff:127.0.0.1'],
    'metadata.example': ['169.254.169.254'],
    'nowhere.example': [],
  }
  t.mock.method(dns, 'lookup', (name: string, _options: unknown, callback: (...given: unknown[]) => void) => {
    asked.push(name)
    const addresses = found[name]?.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
    callback(null, addresses)
  })
  syncBuiltinESMExports()
  for (const name of Object.keys(found)) await refused(`https://${name}/`)
  t.mock.restoreAll()
  syncBuiltinESMExports()
  assert.deepEqual(asked, Object.keys(found))
})

test('an address is public only where the internet has addresses', () => {
  for (const address of ['8.8.8.8', '192.0.1.1', '2606:4700::1111', '2a00:1450::1', '::ffff:8.8.8.8'])
    assert.equal(isPublicAddress(address), true, address)
  const inside = [
    '127.255.255.254',
    '192.0.0.8',
    '192.0.2.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '::ffff:10.0.0.1',
    '::ffff:0:10.0.0.1',
    '::7f00:1',
    '::a00:1',
    '64:ff9b::a00:1',
    '64:ff9b:1::a00:1',
    '100::1',
    '2001::1',
    '2001:db8::1',
    '3fff::1',
    '4000::1',
    '5f00::1',
    'fec0::1',
    'ff02::1',
    'fe80::1%eth0',
    'localhost',
    '',
  ]
  for (const address of inside) assert.equal(isPublicAddress(address), false, address)
})

test('only https on its own port is asked, and never with a password in the address', async () => {
  for (const address of [
    'http://example.org/',
    'https://example.org:8443/',
    'https://name:secret@example.org/',
    'https://name@example.org/',
    'file:///etc/passwd',
    'data:,x',
    'ftp://example.org/',
    'example.org',
    '',
  ])
    await refused(address)
})

test('a host that the operator named is asked, on the port that was named, and no other', async () => {
  const server = await serverThat((request, response) => {
    response.setHeader('x-asked', `${request.method} ${request.url} ${request.headers['accept-encoding']}`)
    response.end('hello')
  })
  await refused(server.url)
  await refused(server.url, { privateHosts: ['127.0.0.1'] })
  await refused(server.url, { privateHosts: ['127.0.0.1:1'] })
  assert.equal(server.reached(), 0)
  const answer = await guardedFetch(`${server.url}a?b=c`, { privateHosts: [server.host] })
  assert.equal(answer.status, 200)
  assert.equal(answer.body.toString(), 'hello')
  assert.equal(answer.headers['x-asked'], 'GET /a?b=c identity')
})

test('a body is sent with its headers', async () => {
  const server = await serverThat((request, response) => {
    request.setEncoding('utf8').once('data', (text: string) => {
      response.end(`${request.method} ${request.headers['content-type']} ${text}`)
    })
  })
  const answer = await guardedFetch(server.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
    privateHosts: [server.host],
  })
  assert.equal(answer.body.toString(), 'POST application/json {}')
})

test('a redirect is given back and not followed', async () => {
  const server = await serverThat((_request, response) => {
    response.writeHead(302, { location: '/elsewhere' }).end()
  })
  const answer = await guardedFetch(server.url, { privateHosts: [server.host] })
  assert.equal(answer.status, 302)
  assert.equal(server.reached(), 1)
})

test('an answer that does not end in time is given up: no header, half a header, or a byte now and then', async () => {
  const silent = await serverThat(() => undefined)
  const dripping = await serverThat((_request, response) => {
    const drip = setInterval(() => response.write('.'), 20)
    response.on('close', () => clearInterval(drip))
  })
  for (const { url, host } of [silent, dripping])
    await assert.rejects(guardedFetch(url, { privateHosts: [host], timeoutMs: 300 }), /too long/)
})

test('an answer larger than asked for is given up before it is in memory', async () => {
  let written = 0
  const endless = await serverThat((_request, response) => {
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536))) written += 65_536
    }
    response.on('drain', more)
    more()
  })
  await assert.rejects(
    guardedFetch(endless.url, { privateHosts: [endless.host], maxBytes: 100_000 }),
    /more than 100000/,
  )
  assert.ok(written < 64 * 2 ** 20)
})

test('a compressed answer, which may hide its size, is refused', async () => {
  const server = await serverThat((_request, response) => {
    response.setHeader('content-encoding', 'gzip').end(gzipSync(Buffer.alloc(10_000_000)))
  })
  await assert.rejects(guardedFetch(server.url, { privateHosts: [server.host] }), /compressed/)
})

test('a connection that breaks off is an error, not half an answer', async () => {
  const server = await serverThat((_request, response) => {
    response.writeHead(200, { 'content-length': '100' }).write('half')
    setTimeout(() => response.destroy(), 20)
  })
  await refused(server.url, { privateHosts: [server.host] })
  const closed = await serverThat((request) => request.socket.destroy())
  await refused(closed.url, { privateHosts: [closed.host] })
})
