import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exact, type Pda, type StoredRecord } from '@hatstand/sdk'
import fc from 'fast-check'
import { nasty, texts } from './documents-spelt.ts'
import { routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'
import { quick } from './quick.ts'

/** How many documents are made; they go out some at a time. */
const documents = Number(process.env['HATSTAND_TEST_DOCUMENTS'] ?? (quick ? 250 : 10_000))
const together = 250

const textsOf = (records: readonly StoredRecord[]) => records.map(({ text }) => text)
/** Makes each document another value, whatever it holds. */
const numbered = (all: readonly string[]) =>
  all.map((text, index) => `{ "n" :${index},\n"document": ${text}\t}`)

for (const engine of routeEngines) {
  test(`documents in every spelling come back byte for byte, on ${engine.name}`, async (t) => {
    const { owner: pda } = await startServer(t, engine)
    let run = 0
    await fc.assert(
      fc.asyncProperty(fc.array(texts, { minLength: together, maxLength: together }), async (all) => {
        run += 1
        const left = await plainAreExact(pda, `plain/run-${run}`, all)
        assert.ok(left < all.length)
        await linkedAreExact(pda, `linked/run-${run}`, numbered(all))
        await updatedAreExact(pda, `updated/run-${run}`, numbered(all))
      }),
      { numRuns: Math.ceil(documents / together), endOnFailure: true },
    )
    t.diagnostic(`${run * together} documents, each by POST, batch, PUT and GET`)
  })

  test(`documents that broke other stores come back byte for byte, each alone and together, on ${engine.name}`, async (t) => {
    const { owner: pda } = await startServer(t, engine)
    for (const [index, text] of nasty.entries()) {
      const endpoint = `nasty/document-${index}`
      const records = text.startsWith('[')
        ? [await aloneInArray(pda, endpoint, text)]
        : [
            await pda.records.create(endpoint, exact(` \n${text}\t`)),
            await aloneInArray(pda, `${endpoint}-listed`, text),
          ]
      for (const record of records) {
        assert.equal(record.text, text)
        assert.equal((await pda.records.get(record.recordId)).text, text)
        assert.deepEqual(textsOf(await pda.records.list(record.endpoint)), [text])
        assert.deepEqual(textsOf(await pda.records.list(record.endpoint, { meta: true, links: true })), [
          text,
        ])
        assert.equal(
          (await pda.records.update({ ...record, data: exact('{"other":true}') })).text,
          '{"other":true}',
        )
        assert.equal((await pda.records.update({ ...record, data: exact(text) })).text, text)
        assert.equal((await pda.records.get(record.recordId, { meta: true })).text, text)
      }
    }
    const shallow = nasty.filter(
      (text) => !text.includes('['.repeat(512)) && !text.includes('{"a":'.repeat(511)),
    )
    await plainAreExact(pda, 'nasty/all', nasty)
    await linkedAreExact(pda, 'nasty/linked', numbered(shallow))
    await updatedAreExact(pda, 'nasty/updated', numbered(shallow))
    const deep = nasty.filter((text) => !shallow.includes(text))
    const [batched] = await pda.batch.create([
      {
        endpoint: 'nasty/deep-0',
        data: exact(deep[0]!),
        links: [{ endpoint: 'nasty/deep-1', data: exact(deep[1]!) }],
      },
    ])
    assert.deepEqual(textsOf([batched!, ...batched!.links!]), deep.slice(0, 2))
  })

  for (const shift of [0, 1, 2, 3])
    test(`long bodies, read a window at a time, come back byte for byte, ${shift} bytes shifted, on ${engine.name}`, async (t) => {
      const server = await startServer(t, engine)
      const { owner: pda } = server
      const all = longDocuments(shift)
      const body = `${' '.repeat(shift)}[${all.join(` ,${' '.repeat(shift)}\n`)}]`
      assert.ok(Buffer.byteLength(body) > 4 * 262_144)
      const saved = await pda.records.createMany('long/array', exact(body))
      isSame(saved.records, all)
      isSame(await oldestFirst(pda, 'long/array'), all)
      await chunked(server, 'POST', '/data/long/chunked', body)
      isSame(await oldestFirst(pda, 'long/chunked'), all)
      const batched = await pda.batch.create(
        all.map((text) => ({ endpoint: 'long/batch', data: exact(text) })),
      )
      isSame(batched, all)
      const others = all.toReversed()
      const updates = batched.map((record, index) => ({ ...record, data: exact(others[index]!) }))
      isSame(await pda.records.updateMany(updates), others)
      isSame(await oldestFirst(pda, 'long/batch'), others)
      const long = `{"text":"${'.'.repeat(shift)}${'😀é漢\u2028\\ud800'.repeat(120_000)}"}`
      assert.equal((await pda.records.create('long/one', exact(long))).text, long)
      assert.deepEqual(textsOf(await pda.records.list('long/one')), [long])
    })
}

/** Saves documents as one array, leaving out repeated values, and reads them back; gives how many were left out. */
async function plainAreExact(pda: Pda, endpoint: string, all: readonly string[]): Promise<number> {
  const { records, skipped } = await pda.records.createMany(endpoint, exact(`[\n${all.join('\t,  ')} ]`), {
    skipErrors: true,
  })
  const left = new Set(skipped)
  const kept = all.filter((_, index) => !left.has(index))
  isSame(records, kept)
  isSame(await oldestFirst(pda, endpoint), kept)
  isSame(await pda.records.list(endpoint), kept.toReversed())
  const one = Math.floor(kept.length / 2)
  assert.equal((await pda.records.get(records[one]!.recordId, { meta: true })).text, kept[one])
  if (!kept[0]!.startsWith('['))
    assert.equal((await pda.records.create(`${endpoint}/alone`, exact(kept[0]!))).text, kept[0])
  return left.size
}

/** Saves different documents two by two as a batch and reads each together with its linked one. */
async function linkedAreExact(pda: Pda, endpoint: string, all: readonly string[]): Promise<void> {
  const firsts = all.filter((_, index) => index % 2 === 0)
  const seconds = all.filter((_, index) => index % 2 === 1)
  const linked = `${endpoint}/linked`
  const saved = await pda.batch.create(
    firsts.map((text, index) => ({
      endpoint,
      data: exact(text),
      links: seconds.slice(index, index + 1).map((second) => ({ endpoint: linked, data: exact(second) })),
    })),
  )
  isSame(saved, firsts)
  isSame(
    saved.flatMap(({ links }) => links ?? []),
    seconds,
  )
  const read = await pda.records.list(endpoint, { ordering: 'ascending', links: true, meta: true })
  isSame(read, firsts)
  isSame(
    read.flatMap(({ links }) => links ?? []),
    seconds,
  )
  isSame(await oldestFirst(pda, linked), seconds)
}

/** Puts different documents in the place of others. */
async function updatedAreExact(pda: Pda, endpoint: string, all: readonly string[]): Promise<void> {
  const { records } = await pda.records.createMany(endpoint, [...all.keys()])
  const updates = records.map((record, index) => ({ ...record, data: exact(all[index]!) }))
  isSame(await pda.records.updateMany(updates), all)
  isSame(await oldestFirst(pda, endpoint), all)
}

async function aloneInArray(pda: Pda, endpoint: string, text: string): Promise<StoredRecord> {
  const { records } = await pda.records.createMany(endpoint, exact(`[ ${text} ]`))
  return records[0]!
}

function oldestFirst(pda: Pda, endpoint: string): Promise<StoredRecord[]> {
  return pda.records.list(endpoint, { ordering: 'ascending', take: 100_000 })
}

/** Names the first document that is not the same, rather than all of them. */
function isSame(records: readonly StoredRecord[], expected: readonly string[]): void {
  const at = expected.findIndex((text, index) => text !== records[index]?.text)
  if (at !== -1) assert.equal(records[at]?.text, expected[at], `document ${at}`)
  assert.equal(records.length, expected.length)
}

/** Some 1.3 MB of different documents, with characters of one to four bytes all over. */
function longDocuments(shift: number): string[] {
  const shallow = nasty.filter((text) => text.length < 2000 && !text.includes('['.repeat(512)))
  return Array.from({ length: 1500 }, (_, index) => {
    const text = shallow[index % shallow.length]!
    return `{"n":${index}, "text" : "${'.'.repeat(index % 7)}${'é漢😀\u2028'.repeat(60 + (index % 11))}${'x'.repeat(shift)}","document":[${text} ] }`
  })
}

/** Sends a body without saying how long it is, in pieces that split characters. */
async function chunked(server: TestServer, method: string, path: string, body: string): Promise<void> {
  const bytes = Buffer.from(body)
  const pieces = Array.from({ length: Math.ceil(bytes.length / 77_777) }, (_, index) =>
    bytes.subarray(index * 77_777, (index + 1) * 77_777),
  )
  const response = await fetch(`${server.url}/api/v2.6${path}`, {
    method,
    headers: { 'x-auth-token': server.token, 'content-type': 'application/json' },
    body: ReadableStream.from(pieces),
    duplex: 'half',
  })
  assert.equal(response.status, 201, await response.text())
}
