import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { type IncomingMessage, request as open } from 'node:http'
import { Readable } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setImmediate as nextTurn, setTimeout as pause } from 'node:timers/promises'
import { at, ends, password, serving } from './command-line.ts'
import { type Place, routeEngines } from './engines.ts'

/** How long the body is, in megabytes. */
const megabytes = Number(process.env['HATSTAND_TEST_BODY_MB'] ?? 30)
/** What the server may use at most, however long the body: 100 MB take 180 to 230 MB, depending on when garbage is collected. */
const goal = 280 * 2 ** 20
/** What a read of another client waits at most meanwhile, in milliseconds. */
const patience = 1000

const hasProc = process.platform === 'linux'
const skip = !hasProc && 'only Linux tells how much memory a process used at most'

for (const engine of routeEngines)
  test(
    `an array of ${megabytes} MB is stored in bounded memory while others are answered, on ${engine.name}`,
    { skip },
    async (t) => {
      const server = await startServer(t, await engine.place())
      const before = server.peak()
      const others = keepAsking(server)
      const began = performance.now()
      const sent = { records: 0, bytes: 0 }
      const answer = await server.post(
        '/api/v2.6/data/large/locations',
        locations(megabytes * 1_000_000, sent),
      )
      assert.equal(answer.statusCode, 201)
      const { records, head, tail } = await countRecords(answer)
      const seconds = (performance.now() - began) / 1000
      const { reads, writes } = await others()
      t.diagnostic(
        `${(sent.bytes / 1e6).toFixed(0)} MB, ${sent.records} records: ${seconds.toFixed(1)} s; memory at most ` +
          `${mb(server.peak())} MB (${mb(before)} before); ${told(reads, 'reads')}; ${told(writes, 'writes')}`,
      )
      assert.equal(records, sent.records)
      assert.ok(head.includes(`"data":${location(0)},`), head.slice(0, 500))
      assert.ok(tail.includes(`"data":${location(sent.records - 1)},"links":[]}]`), tail)
      assert.equal(await server.count('large', 'locations'), sent.records)
      assert.ok(server.peak() <= goal, `${mb(server.peak())} MB`)
      assert.ok(reads.longest <= patience, told(reads, 'reads'))
    },
  )

for (const engine of routeEngines)
  test(
    `${megabytes} MB of tiny values are refused by their number, in bounded memory, on ${engine.name}`,
    { skip },
    async (t) => {
      const server = await startServer(t, await engine.place())
      const others = keepAsking(server)
      const answer = await server.post('/api/v2.6/data/large/numbers', numbers(megabytes * 1_000_000))
      const text = await textOf(answer)
      const { reads, writes } = await others()
      t.diagnostic(
        `memory at most ${mb(server.peak())} MB; ${told(reads, 'reads')}; ${told(writes, 'writes')}`,
      )
      assert.equal(answer.statusCode, 413)
      assert.equal((JSON.parse(text) as { code: string }).code, 'too_many_records')
      assert.equal(await server.count('large', 'numbers'), 0)
      assert.ok(server.peak() <= goal, `${mb(server.peak())} MB`)
      assert.ok(reads.longest <= patience, told(reads, 'reads'))
    },
  )

const mb = (bytes: number) => (bytes / 2 ** 20).toFixed(0)

type Server = Awaited<ReturnType<typeof startServer>>

/** A server in a process of its own, whose memory is told. */
async function startServer(t: TestContext, { dataDir, databaseUrl }: Place) {
  const child = at(dataDir, {
    HATSTAND_OWNER: 'phil',
    HATSTAND_OWNER_PASSWORD: password,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  }).start('serve')
  const { url } = await serving(child)
  t.after(async () => assert.equal(await ends(child, 'SIGTERM'), 0))
  const signedIn = await fetch(`${url}/users/access_token`, { headers: { username: 'phil', password } })
  const { accessToken } = (await signedIn.json()) as { accessToken: string }
  const headers = { 'x-auth-token': accessToken, 'content-type': 'application/json' }
  // What counts is what comes from here on: starting and signing in have their own peaks.
  writeFileSync(`/proc/${child.pid}/clear_refs`, '5')
  return {
    url,
    headers,
    /** The most memory it had so far, in bytes. */
    peak: () =>
      Number(/^VmHWM:\s*(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))![1]) * 1024,
    post: (path: string, body: Iterable<string>) =>
      new Promise<IncomingMessage>((resolve, reject) => {
        const sending = open(`${url}${path}`, { method: 'POST', headers }, resolve).on('error', reject)
        Readable.from(inChunks(body), { objectMode: false }).pipe(sending)
      }),
    async count(namespace: string, path: string) {
      const sources = await fetch(`${url}/api/v2.6/data/sources?counts=true`, { headers })
      const counts = (await sources.json()) as Record<string, Record<string, { records: number }>>
      return counts[namespace]?.[path]?.records ?? 0
    },
  }
}

/** Making the body must not hold up the clients that run in this process, too. */
async function* inChunks(parts: Iterable<string>): AsyncGenerator<string> {
  for (const part of parts) {
    yield part
    await nextTurn()
  }
}

/** A location as phones send them: about 213 bytes. */
function location(number: number): string {
  const latitude = (51.5 + number / 1e7).toFixed(7)
  return (
    `{"latitude": ${latitude}, "longitude": -0.1277583, "accuracy": 12.5, "altitude": 35.0, "speed": 1.4, ` +
    `"dateCreated": "2026-05-04T12:00:00.000Z", "provider": "fused", "id": ${number}, "battery": 0.87}`
  )
}

function* locations(bytes: number, sent: { records: number; bytes: number }): Generator<string> {
  let part = '['
  while (sent.bytes + part.length < bytes) {
    part += `${sent.records > 0 ? ',' : ''}${location(sent.records++)}`
    if (part.length < 60_000) continue
    sent.bytes += part.length
    yield part
    part = ''
  }
  sent.bytes += part.length + 1
  yield `${part}]`
}

function* numbers(bytes: number): Generator<string> {
  yield '[0'
  for (let number = 1, sent = 0; sent < bytes;) {
    let part = ''
    while (part.length < 60_000) part += `,${number++ % 10}`
    sent += part.length
    yield part
  }
  yield ']'
}

/** Counts the records of an answer as it comes, and keeps its beginning and its end. */
async function countRecords(answer: IncomingMessage) {
  const mark = '"recordId":"'
  let [records, head, tail] = [0, '', '']
  for await (const part of answer.setEncoding('utf8') as AsyncIterable<string>) {
    // A mark may stand across two parts.
    const text = tail.slice(-(mark.length - 1)) + part
    for (let found = text.indexOf(mark); found >= 0; found = text.indexOf(mark, found + 1)) records += 1
    if (head.length < 1000) head += part
    tail = (tail + part).slice(-1000)
  }
  return { records, head, tail }
}

async function textOf(answer: IncomingMessage): Promise<string> {
  let text = ''
  for await (const part of answer.setEncoding('utf8') as AsyncIterable<string>) text += part
  return text
}

/**
 * Other clients read the newest record and save one, again and again. Gives how long each had to wait at most: a write waits for the
 * one being stored, which is all or nothing; a read waits for nobody.
 */
function keepAsking({ url, headers }: Server): () => Promise<{ reads: Waits; writes: Waits }> {
  let goesOn = true
  const address = `${url}/api/v2.6/data/other/notes`
  const ask = async (request: (number: number) => Promise<Response>): Promise<Waits> => {
    const waits = { longest: 0, count: 0 }
    for (; goesOn; waits.count++) {
      const began = performance.now()
      const answer = await request(waits.count)
      await answer.text()
      assert.ok(answer.ok)
      waits.longest = Math.max(waits.longest, performance.now() - began)
      await pause(10)
    }
    return waits
  }
  const reading = ask(() => fetch(`${address}?take=1`, { headers }))
  const writing = ask((number) => fetch(address, { method: 'POST', headers, body: `{"n":${number}}` }))
  return async () => {
    goesOn = false
    return { reads: await reading, writes: await writing }
  }
}

interface Waits {
  longest: number
  count: number
}

const told = ({ longest, count }: Waits, what: string) =>
  `${count} ${what} of others, the longest ${longest.toFixed(0)} ms`
