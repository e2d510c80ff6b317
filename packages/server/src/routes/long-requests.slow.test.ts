import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { request } from 'node:http'
import { describe, it } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { routeEngines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'

const large = (name: string) => `${name} ${'x'.repeat(3 * 2 ** 20)}`
const texts = (all: unknown[]) => all.map(String).toSorted()

for (const engine of routeEngines) {
  describe(`a request of more records than are saved at once, on ${engine.name}`, () => {
    it('is refused whole for a duplicate that has links', async (t) => {
      const { owner } = await startServer(t, engine)
      const records = Array.from({ length: 1100 }, (_, index) => ({
        endpoint: 'long/heads',
        data: { index: index % 1050 },
        links: [{ endpoint: 'long/links', data: { index } }],
      }))
      const refusal = await refused(owner.batch.create(records))
      assert.equal(refusal.code, 'duplicate_data')
      assert.deepEqual(refusal.duplicates[0], { index: 2100, of: 0 })
      assert.deepEqual(await owner.endpoints.list(), {})
    })

    it('leaves out a hundred thousand duplicates of late records as fast as any', async (t) => {
      const { owner } = await startServer(t, engine)
      const data = Array.from({ length: 200_000 }, (_, index) => Math.min(index >> 1, 50_000))
      const { records, skipped } = await owner.records.createMany('long/pairs', data, { skipErrors: true })
      assert.equal(records.length, 50_001)
      assert.deepEqual(skipped.slice(0, 3), [1, 3, 5])
    })

    it('may be of large records, several requests at once, each saved whole', async (t) => {
      const { owner } = await startServer(t, engine)
      const lists = ['a', 'b', 'c', 'd'].map((name) => [large(`${name}1`), large(`${name}2`), name])
      await Promise.all(lists.map((list) => owner.records.createMany('long/large', list)))
      const stored = await owner.records.list('long/large')
      assert.deepEqual(texts(stored.map(({ data }) => data)), texts(lists.flat()))
    })

    it('lets its file go when the client has gone before the answer', async (t) => {
      const server = await startServer(t, engine)
      const body = `[${Array.from({ length: 200_000 }, (_, index) => index).join()}]`
      let saved: number | undefined
      // On a slow machine the client may be gone before all of it was received: nothing is saved then, and it stays longer.
      for (let stay = 300; saved === undefined; stay *= 2) {
        await leaveWhileSaving(server, body, stay)
        while (openFiles().some((name) => name.includes('/body-'))) await pause(50)
        saved = (await server.owner.endpoints.counts())['long']?.['left']?.records
      }
      assert.equal(saved, 200_000)
    })
  })
}

/** The files this process has open, where the system tells. */
function openFiles(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc/self/fd').flatMap((number) => {
    try {
      return readlinkSync(`/proc/self/fd/${number}`)
    } catch {
      return []
    }
  })
}

async function leaveWhileSaving({ url, token }: TestServer, body: string, stay: number): Promise<void> {
  const headers = { 'X-Auth-Token': token, 'Content-Type': 'application/json', 'Content-Length': body.length }
  const sending = request(`${url}/api/v2.6/data/long/left`, { method: 'POST', headers })
  const gone = new Promise((resolve) => sending.on('error', resolve).on('close', resolve))
  sending.end(body, () => setTimeout(() => sending.destroy(), stay))
  await gone
}
