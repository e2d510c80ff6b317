import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type ClientRequest, type IncomingMessage, request } from 'node:http'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import type { StoredRecord } from '@hatstand/sdk'
import { routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'

/** How long a write may take while others read or send slowly, in milliseconds. */
const soon = 2000
const many = 50_000

function begin({ url, token }: TestServer, method: string, path: string): ClientRequest {
  const { hostname, port } = new URL(url)
  const headers = { 'x-auth-token': token, 'content-type': 'application/json' }
  return request({ hostname, port, method, path: `/api/v2.6${path}`, headers, agent: false })
}

/** Takes the beginning of an answer, and the rest when it is asked for. */
async function readSome(server: TestServer, path: string): Promise<{ rest(): Promise<string> }> {
  const asked = begin(server, 'GET', path)
  asked.end()
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  await once(answer, 'readable')
  const parts = [answer.read() as Buffer]
  return {
    async rest() {
      for await (const part of answer as AsyncIterable<Buffer>) parts.push(part)
      return Buffer.concat(parts).toString()
    },
  }
}

/** Does some of each kind of write, and says how long the slowest took. */
async function writeAround({ owner: { records } }: TestServer, existing: StoredRecord[]): Promise<number> {
  let slowest = 0
  for (const [index, record] of existing.entries()) {
    const began = performance.now()
    if (index % 3 === 0) await records.delete(record.recordId)
    else if (index % 3 === 1) await records.update({ ...record, data: { number: -index, changed: true } })
    else await records.create(record.endpoint, { number: many + index, added: true })
    slowest = Math.max(slowest, performance.now() - began)
  }
  return slowest
}

async function fill({ owner }: TestServer, endpoint: string, count: number): Promise<StoredRecord[]> {
  const padding = 'x'.repeat(200)
  const { records } = await owner.records.createMany(
    endpoint,
    Array.from({ length: count }, (_, number) => ({ number, padding })),
  )
  return records
}

for (const engine of routeEngines) {
  test(`${engine.name}: who reads slowly holds nobody up, and gets the whole answer at the end`, async (t) => {
    const server = await startServer(t, engine)
    const records = await fill(server, 'a/long', many)
    const slow = await readSome(server, `/data/a/long?take=${many}`)
    const touched = records.filter((_, index) => index % 1000 === 500)
    const slowest = await writeAround(server, touched)
    assert.ok(slowest < soon, `a write took ${slowest} ms`)
    await pause(200)
    const read = JSON.parse(await slow.rest()) as StoredRecord[]
    const ids = new Set(touched.map(({ recordId }) => recordId))
    const left = (list: StoredRecord[]) => list.filter(({ recordId }) => !ids.has(recordId))
    assert.deepEqual(
      left(read).map(({ recordId }) => recordId),
      left(records)
        .map(({ recordId }) => recordId)
        .toReversed(),
      'every record that nobody touched, once, in order',
    )
    assert.ok(
      read.every(({ data }) => !('added' in (data as object))),
      'nothing newer than the reading',
    )
    t.diagnostic(`the slowest write took ${Math.round(slowest)} ms`)
  })

  test(`${engine.name}: who sends slowly holds nobody up, and is served at the end`, async (t) => {
    const server = await startServer(t, engine)
    const records = await fill(server, 'a/short', 60)
    const slow = [
      begin(server, 'POST', '/data/a/short'),
      begin(server, 'POST', '/data-batch'),
      begin(server, 'PUT', '/data'),
    ]
    const [plain, batch, update] = slow as [ClientRequest, ClientRequest, ClientRequest]
    const bodies: [ClientRequest, string][] = [
      [plain, '{"sent": "byte by byte"}'],
      [batch, '[{"endpoint":"a/short","data":1}]'],
      [update, JSON.stringify([{ ...records[59], data: { number: -1 } }])],
    ]
    const answers = Promise.all(slow.map((one) => once(one, 'response') as Promise<[IncomingMessage]>))
    let over = false
    const sending = bodies.map(async ([one, body]) => {
      for (let at = 0; at < body.length - 1 && !over; at++) {
        one.write(body[at])
        await pause(20)
      }
      while (!over) await pause(20)
      return body
    })
    const slowest = await writeAround(server, records.slice(0, 30))
    const read = await server.owner.records.list('a/short')
    assert.equal(read.length, 60, 'nothing of what is still being sent can be seen')
    over = true
    await Promise.all(sending)
    for (const [one] of bodies) one.destroy()
    await assert.rejects(answers, 'a request that never ended has no answer')
    assert.equal((await server.owner.records.list('a/short')).length, 60, 'and left nothing')

    const patient = begin(server, 'POST', '/data/a/short')
    const answered = once(patient, 'response') as Promise<[IncomingMessage]>
    for (const byte of '{"sent": "byte by byte"}') {
      patient.write(byte)
      await pause(10)
    }
    patient.end()
    assert.equal((await answered)[0].statusCode, 201)
    assert.ok(slowest < soon, `a write took ${slowest} ms`)
    t.diagnostic(`the slowest write took ${Math.round(slowest)} ms`)
  })
}
