import assert from 'node:assert/strict'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test, type TestContext } from 'node:test'
import { connect, HatstandError, type Pda } from './sdk.ts'

type Answering = (request: IncomingMessage, response: ServerResponse, count: number) => void

/** A server that answers as the test says; `asked` has each request's method and token. */
async function startServer(t: TestContext, answering: Answering) {
  const asked: string[] = []
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${String(request.headers['x-auth-token'] ?? '')}`.trim())
    request.resume().on('end', () => answering(request, response, asked.length))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked }
}

/** The address of a server that is gone. */
async function goneServer(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return `http://127.0.0.1:${port}`
}

const refuse = (response: ServerResponse, status: number, body: object, headers = {}) =>
  response.writeHead(status, headers).end(JSON.stringify(body))

const unavailable = {
  message: 'Service Unavailable',
  cause: 'The database does not answer',
  error: 'Service Unavailable',
  code: 'database_unavailable',
} as const

/** Refuses the first request, and answers every later one. */
const passing =
  (status: number, headers = {}): Answering =>
  (_request, response, count) =>
    count === 1 ? refuse(response, status, unavailable, headers) : response.end('[]')

const cutOff: Answering = (_request, response, count) =>
  count === 1 ? response.destroy() : response.end('[]')

async function errorOf(asked: Promise<unknown>): Promise<HatstandError> {
  const error = await asked.catch((reason: unknown) => reason)
  assert.ok(error instanceof HatstandError, String(error))
  return error
}

test('the message of a refusal is the sentence a person needs; the rest of the answer is in its details', async (t) => {
  const { url } = await startServer(t, (_request, response) => refuse(response, 503, unavailable))
  const error = await errorOf(connect(url, 'token', { retries: 0 }).version())
  assert.equal(error.message, 'The database does not answer')
  assert.deepEqual([error.code, error.status, error.details], ['database_unavailable', 503, unavailable])
  assert.equal(String(error), 'HatstandError: The database does not answer')
})

test("an answer that is not hatstand's is told as it is", async (t) => {
  const { url } = await startServer(t, (_request, response) =>
    response.writeHead(418).end('<h1>A proxy</h1>'),
  )
  const error = await errorOf(connect(url).version())
  assert.deepEqual([error.code, error.status], [undefined, 418])
  assert.equal(error.message, "The answer has the status 418 and is not hatstand's: <h1>A proxy</h1>")
})

test('a server that is not there, one that is silent, and a program that gave up are told apart', async (t) => {
  const gone = await goneServer()
  const nobody = await errorOf(connect(gone, undefined, { retries: 0 }).version())
  assert.deepEqual([nobody.code, nobody.status], ['unreachable', undefined])
  assert.equal(
    nobody.message,
    `${gone} cannot be reached: connect ECONNREFUSED ${gone.slice('http://'.length)}`,
  )

  const { url, asked } = await startServer(t, () => {})
  const silent = await errorOf(connect(url, undefined, { timeout: 300 }).version())
  assert.deepEqual([silent.code, silent.message], ['timeout', `${url} was silent for 300 ms`])
  assert.ok(asked.length <= 1, 'who has waited long enough is not kept waiting again')

  const pda = connect(url)
  const ending = new AbortController()
  const given = pda.with({ signal: ending.signal }).version()
  ending.abort()
  await assert.rejects(given, { name: 'AbortError' })
  await assert.rejects(pda.with({ signal: AbortSignal.timeout(20) }).version(), { name: 'TimeoutError' })
  const reason = new Error('the page was left')
  await assert.rejects(pda.with({ signal: AbortSignal.abort(reason) }).version(), reason)
})

test('an answer may take longer than the time-out, as long as it goes on', async (t) => {
  const { url } = await startServer(t, (_request, response) => {
    const pieces = ['[', '1', ',', '2', ']']
    const timer = setInterval(() => {
      const piece = pieces.shift()
      if (piece !== undefined) return response.write(piece)
      clearInterval(timer)
      return response.end()
    }, 400)
  })
  assert.deepEqual(await connect(url, undefined, { timeout: 1800 }).version(), [1, 2])
})

test('an answer that ends midway is not taken for a whole one', async (t) => {
  const { url, asked } = await startServer(t, (_request, response, count) => {
    if (count > 1) return response.end('[]')
    response.write('[{')
    return setTimeout(() => response.destroy(), 20)
  })
  assert.deepEqual(await connect(url, undefined, { retries: 0 }).with({ retries: 1 }).users.list(), [])
  assert.equal(asked.length, 2)
  assert.equal((await errorOf(cutConnection(t))).code, 'unreachable')
})

async function cutConnection(t: TestContext) {
  const { url } = await startServer(t, (_request, response) => {
    response.write('[{')
    setTimeout(() => response.destroy(), 20)
  })
  return connect(url, undefined, { retries: 0 }).users.list()
}

for (const [what, answering] of [
  ['a connection that broke', cutOff],
  ['503', passing(503)],
  ['502 of a proxy', passing(502)],
  ['429', passing(429, { 'retry-after': '0' })],
] as const) {
  test(`what only reads, or updates to the same again, is sent once more after ${what}`, async (t) => {
    const reads = await startServer(t, answering)
    await connect(reads.url).users.list()
    assert.deepEqual(reads.asked, ['GET', 'GET'])
    const queries = await startServer(t, answering)
    await connect(queries.url).queries.list('a/b', {})
    assert.deepEqual(queries.asked, ['POST', 'POST'])
    const updates = await startServer(t, answering)
    await connect(updates.url).records.updateMany([{ endpoint: 'a/b', recordId: 'x', data: 1 }])
    assert.deepEqual(updates.asked, ['PUT', 'PUT'])
  })

  test(`what saves, deletes, signs in or is counted is sent once, whatever comes of it: ${what}`, async (t) => {
    for (const once of [
      (pda: Pda) => pda.records.create('a/b', 1),
      (pda: Pda) => pda.records.deleteEndpoint('a/b'),
      (pda: Pda) => pda.accessTokens.login('anna', 'a password'),
      (pda: Pda) => pda.dataDebits.values('survey'),
    ]) {
      const { url, asked } = await startServer(t, answering)
      await errorOf(once(connect(url)))
      assert.equal(asked.length, 1, String(once))
    }
  })
}

test('what certainly never arrived is sent again, even if it saves', async () => {
  let goes = 0
  const counting: typeof fetch = (...asked) => {
    goes += 1
    return fetch(...asked)
  }
  await errorOf(
    connect(await goneServer(), undefined, { fetch: counting, retries: 1 }).records.create('a/b', 1),
  )
  assert.equal(goes, 2)
})

test('the server is left alone for as long as it says, and not at all kept waiting for when that is long', async (t) => {
  const soon = await startServer(t, passing(503, { 'retry-after': '1' }))
  const began = performance.now()
  await connect(soon.url).users.list()
  assert.ok(performance.now() - began >= 1000)
  const late = await startServer(t, passing(429, { 'retry-after': '60' }))
  const error = await errorOf(connect(late.url).users.list())
  assert.deepEqual([error.status, error.retryAfter, late.asked.length], [429, 60, 1])
  const dated = await startServer(
    t,
    passing(429, { 'retry-after': new Date(Date.now() + 90_000).toUTCString() }),
  )
  assert.ok((await errorOf(connect(dated.url).users.list())).retryAfter! > 60)
})

test('waiting to send again ends with the signal', async (t) => {
  const ending = new AbortController()
  const { url, asked } = await startServer(t, (_request, response) => {
    refuse(response, 503, unavailable, { 'retry-after': '9' })
    setTimeout(() => ending.abort(), 200)
  })
  await assert.rejects(connect(url, undefined, ending).users.list(), { name: 'AbortError' })
  assert.equal(asked.length, 1)
})

test('a refusal that will not pass is told at once', async (t) => {
  const { url, asked } = await startServer(t, passing(404))
  assert.equal((await errorOf(connect(url).users.list())).status, 404)
  assert.equal(asked.length, 1)
})

test('tokens may come from a function, which is asked once more when one is not taken', async (t) => {
  const { url, asked } = await startServer(t, (request, response) =>
    request.headers['x-auth-token'] === 'fresh' ? response.end('[]') : refuse(response, 401, {}),
  )
  const heard: (string | undefined)[] = []
  let now = 'stale'
  const pda = connect(url, async (refused) => {
    heard.push(refused)
    if (refused === 'stale') now = 'fresh'
    return now
  })
  await pda.records.createMany('a/b', [1])
  await pda.users.list()
  assert.deepEqual(asked, ['POST stale', 'POST fresh', 'GET fresh'])
  assert.deepEqual(heard, [undefined, 'stale', undefined])
  assert.equal(pda.token, 'fresh')
  const same = connect(url, () => 'stale')
  assert.equal((await errorOf(same.users.list())).status, 401)
  assert.equal(asked.length, 4, 'the same token is not tried twice')
})

test('a program may bring its own fetch', async () => {
  const asked: string[] = []
  const own: typeof fetch = async (address) => {
    asked.push(address as string)
    return new Response('{"version":"1"}')
  }
  assert.deepEqual(await connect('https://anna.example.org/', 'token', { fetch: own }).version(), {
    version: '1',
  })
  assert.deepEqual(asked, ['https://anna.example.org/version'])
})

test('an address that is none is said at once', () => {
  assert.throws(
    () => connect('localhost:8080'),
    /begins with https:\/\/ or http:\/\/, and this is localhost:8080/,
  )
})
