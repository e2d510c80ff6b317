import assert from 'node:assert/strict'
import { get } from 'node:http'
import { test, type TestContext } from 'node:test'
import { connect, HatstandError, type Pda } from '@hatstand/sdk'
import { sql } from 'kysely'
import { openDatabase } from '../src/database/open.ts'
import { indexWords } from '../src/store/records/word-index.ts'
import { at, ends, password, serving } from './command-line.ts'
import { invariantsHold, readContents } from './crash-invariants.ts'
import { engines, type Place, routeEngines } from './engines.ts'
import { marker, tracesIn, vacuumed } from './traces.ts'

const markedEndpoint = `private/${marker.toLowerCase()}`
const large = `${'l'.repeat(1_500_000)}${marker}${'l'.repeat(100_000)}`

const ways = ['the route', 'the command line beside the running server'] as const

for (const engine of routeEngines)
  for (const way of ways)
    test(`an erased record is nowhere any more, nor its versions, links and order keys, by ${way} on ${engine.name}`, async (t) => {
      const scene = await startScene(t, await engine.place())
      const others = await saveOthers(scene.owner)
      await indexed(scene.place, scene.owner, 'private/diary')
      const ids = await leaveTraces(scene.owner, 'private/diary', others[0]!.recordId)
      const before = (await tracesIn(scene.place, ids)).join('\n')
      for (const form of ['text in', 'name in', 'order key in', 'descending order key in', 'record id in'])
        assert.ok(before.includes(form), `what is there can be found: ${form}`)
      await withSlowReader(scene, async () => {
        if (way === 'the route') assert.equal((await scene.owner.records.erase(ids)).records, ids.length)
        else for (const id of ids) await erasesByCommand(scene, id, 1)
      })
      assert.deepEqual(await tracesIn(scene.place, ids), [])
      await isIntact(scene, others, 'private/diary')
    })

for (const engine of routeEngines)
  for (const way of ways)
    test(`of an erased endpoint not even the name is left, by ${way} on ${engine.name}`, async (t) => {
      const scene = await startScene(t, await engine.place())
      const others = await saveOthers(scene.owner)
      await indexed(scene.place, scene.owner, markedEndpoint)
      const ids = await leaveTraces(scene.owner, markedEndpoint, others[0]!.recordId)
      await withSlowReader(scene, async () => {
        if (way === 'the route')
          assert.equal((await scene.owner.records.eraseEndpoint(markedEndpoint)).records, ids.length)
        else await erasesByCommand(scene, markedEndpoint, ids.length)
      })
      assert.deepEqual(await tracesIn(scene.place, ids), [])
      await isIntact(scene, others, markedEndpoint)
    })

test('erasing goes through while others write without a pause, and they go on', async (t) => {
  const scene = await startScene(t, await engines[0]!.place())
  const ids = await leaveTraces(scene.owner, 'private/diary')
  let goesOn = true
  let written = 0
  const writers = Array.from({ length: 8 }, async (_, writer) => {
    for (let number = 0; goesOn; number++, written++)
      await scene.owner.records.create('busy/writing', { writer, number })
  })
  const began = performance.now()
  const before = written
  await scene.owner.records.erase(ids)
  t.diagnostic(
    `erased in ${(performance.now() - began).toFixed(0)} ms while others wrote ${written - before} records`,
  )
  assert.deepEqual(await tracesIn(scene.place, ids), [])
  goesOn = false
  await Promise.all(writers)
  assert.equal((await scene.owner.endpoints.counts())['busy']?.['writing']?.records, written)
})

interface Scene {
  place: Place
  url: string
  owner: Pda
  command: ReturnType<typeof at>['run']
}

async function startScene(t: TestContext, place: Place): Promise<Scene> {
  const { start, run } = at(place.dataDir, {
    HATSTAND_OWNER: 'phil',
    HATSTAND_OWNER_PASSWORD: password,
    HATSTAND_DOMAIN: 'erasure.example.org',
    ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
  })
  const child = start('serve')
  const { url } = await serving(child)
  t.after(async () => assert.equal(await ends(child, 'SIGTERM'), 0))
  const signedIn = await fetch(`${url}/users/access_token`, { headers: { username: 'phil', password } })
  const { accessToken } = (await signedIn.json()) as { accessToken: string }
  return { place, url, owner: connect(url, accessToken), command: run }
}

/** Records that have nothing to do with the erasing. */
async function saveOthers(owner: Pda) {
  const texts = Array.from({ length: 3000 }, (_, number) => ({
    text: `other ${number}`,
    fill: 'f'.repeat(700),
  }))
  const { records } = await owner.records.createMany('shared/other', texts)
  await owner.records.list('shared/other', { orderBy: 'text', take: 3 })
  return records
}

/** Gives an endpoint and that of the others an index of words: a word of the marked text is its name in lower case. */
async function indexed(place: Place, owner: Pda, endpoint: string): Promise<void> {
  const { recordId } = await owner.records.create(endpoint, { text: 'unmarked words' })
  const database = await openDatabase(place, false)
  const ids = await database.one<{ endpoint_id: number }>(
    sql`select endpoint_id from endpoint where pda_id = 1`,
  )
  for (const { endpoint_id } of ids) await indexWords(database.of(1), endpoint_id)
  await database.close()
  await owner.records.erase(recordId)
}

/** Marked data everywhere it can get to: records, versions, links, order keys, pages of its own. Gives the records' ids. */
async function leaveTraces(owner: Pda, endpoint: string, other?: string): Promise<string[]> {
  const first = await owner.records.create(endpoint, { text: `first ${marker} text` })
  await owner.records.list(endpoint, { orderBy: 'text' })
  await owner.records.list(endpoint, { orderBy: 'text', ordering: 'descending' })
  const change = (data: unknown) => owner.records.updateMany([{ endpoint, recordId: first.recordId, data }])
  await change({ text: `${marker} again` })
  await change({ text: 'harmless' })
  const [linked] = await owner.batch.create([
    { endpoint, data: { text: `head ${marker}` }, links: [{ endpoint, data: { text: `linked ${marker}` } }] },
  ])
  const big = await owner.records.create(endpoint, { text: `${marker}${'o'.repeat(3000)}`, large })
  const deleted = await owner.records.create(endpoint, { text: `deleted ${marker}` })
  await owner.records.delete(deleted.recordId)
  if (other) await owner.links.create([big.recordId, other])
  const inBatch = [linked!.recordId, ...(linked!.links ?? []).map(({ recordId }) => recordId)]
  return [first.recordId, ...inBatch, big.recordId, deleted.recordId]
}

/** Does something while a client that asked for everything does not take its answer. */
async function withSlowReader({ url, owner }: Scene, work: () => Promise<void>): Promise<void> {
  const headers = { 'x-auth-token': owner.token ?? '' }
  const request = get(`${url}/api/v2.6/data/shared/other?take=100000`, { headers })
  const bytes = new Promise<number>((resolve, reject) => {
    request.on('error', reject).on('response', (response) => {
      let length = 0
      response.on('end', () => resolve(length)).on('error', reject)
      work().then(() => response.on('data', (part: Buffer) => (length += part.length)), reject)
    })
  })
  assert.ok((await bytes) > 3000 * 700)
}

async function erasesByCommand({ command }: Scene, target: string, count: number): Promise<void> {
  const { said, complaint, code } = await command('erase', target, '--yes')
  const records = count === 1 ? '1 record' : `${count} records`
  assert.deepEqual([said, complaint, code], [`Erased ${records} of erasure.example.org for good.`, '', 0])
}

const isDuplicate = (error: unknown) => error instanceof HatstandError && error.code === 'duplicate_data'

/** The others are as they were, the tables sound, and the erased values may come again. */
async function isIntact(
  { place, owner }: Scene,
  others: { recordId: string; text: string }[],
  endpoint: string,
): Promise<void> {
  const found = await owner.records.list('shared/other', { take: 5000, ordering: 'ascending', links: true })
  const named = (records: typeof others) => records.map(({ recordId, text }) => [recordId, text])
  assert.deepEqual(named(found), named(others))
  assert.deepEqual(found[0]!.links, [], 'the link went with the erased record')
  for (const { data } of [found[0]!, found[2999]!])
    await assert.rejects(owner.records.create('shared/other', data), isDuplicate)
  const again = { text: `deleted ${marker}` }
  await owner.records.create(endpoint, again)
  await assert.rejects(owner.records.create(endpoint, again), isDuplicate)
  assert.deepEqual(
    (await owner.records.list(endpoint, { orderBy: 'text' })).map(({ data }) => data),
    [again],
  )
  const database = await openDatabase(place, false)
  invariantsHold(await readContents(database), true)
  await database.close()
  if (place.databaseUrl) assert.ok(await vacuumed(place.databaseUrl), 'VACUUM ran')
}
