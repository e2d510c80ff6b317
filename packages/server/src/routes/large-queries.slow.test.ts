import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { startServer } from '../../test/harness.ts'

const json = { 'content-type': 'application/json' }

test('nothing more is read for a client that went away', async (t) => {
  const { url, token, owner, context } = await startServer(t)
  const records = Array.from({ length: 20_000 }, (_, n) => ({ n, at: '2026-01-01' }))
  await owner.records.createMany('test/many', records)
  const headers = { ...json, 'x-auth-token': token }
  const operator = { operator: 'between', lower: 5, upper: 5 }
  const transformation = { transformation: 'datetimeExtract', part: 'hour' }
  const body = JSON.stringify({ filters: [{ field: 'at', transformation, operator }] })
  let reads = 0
  const { database } = context
  const { of } = database
  database.of = (pda) => {
    const account = of(pda)
    const counted: typeof account.read = (fn) => {
      reads += 1
      return account.read(fn)
    }
    return { ...account, read: counted }
  }
  const leaving = AbortSignal.timeout(20)
  const path = `${url}/api/v2.6/data-query/test/many`
  await assert.rejects(fetch(path, { method: 'POST', headers, body, signal: leaving }))
  for (let before = -1; before !== reads; await pause(200)) before = reads
  assert.ok(reads > 0 && reads < 90, `${reads} reads`)
})

test('a mapping that makes much of many small records is answered in pages', async (t) => {
  const { url, token, owner } = await startServer(t)
  await owner.records.createMany(
    'test/many',
    Array.from({ length: 700 }, (_, v) => ({ v })),
  )
  const long = 'n'.repeat(900)
  const mapping = Object.fromEntries(Array.from({ length: 900 }, (_, index) => [`${long}${index}`, 'v']))
  const headers = { ...json, 'x-auth-token': token }
  const body = JSON.stringify({ mapping, take: 700 })
  const path = `${url}/api/v2.6/data-query/test/many`
  const reply = await fetch(path, { method: 'POST', headers, body })
  assert.equal(reply.status, 200)
  let length = 0
  for await (const chunk of reply.body!) length += chunk.length
  // More than one string can hold.
  assert.ok(length > 2 ** 29, `${length} bytes`)
})
