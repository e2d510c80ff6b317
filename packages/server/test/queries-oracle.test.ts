import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { shown } from '../src/domain/consent/disclosure.ts'
import { canonical, fingerprint } from '../src/domain/json/fingerprint.ts'
import { type PropertyQuery, readBundle } from '../src/domain/queries/query.ts'
import { QueryError } from '../src/domain/queries/text.ts'
import { type Bounds, type QueryContext, usualBounds } from '../src/store/queries/context.ts'
import { countList, listOf, readList } from '../src/store/queries/queries.ts'
import { linkRecords } from '../src/store/records/links.ts'
import { cursorOf, placeAt } from '../src/store/records/orders.ts'
import { saveRecords } from '../src/store/records/save.ts'
import { indexWords } from '../src/store/records/word-index.ts'
import { routeEngines } from './engines.ts'
import { properties } from './generated-queries.ts'
import { parsed, type Value } from './naive-order.ts'
import { answered, type Kept } from './naive-queries.ts'

const release = async () => undefined
/** How many generated queries each engine is asked: `HATSTAND_TEST_QUERIES`; with 5,000 they take two minutes. */
const queries = Number(process.env['HATSTAND_TEST_QUERIES'] ?? 60)

/** Every way to answer: as usual; keys at once, and what they leave listed; hardly anything at a time. */
const ways: Bounds[] = [
  usualBounds,
  { ...usualBounds, keysFrom: 1 },
  { ...usualBounds, rareFrom: 0, keysFrom: 100, window: 3, background: 2, pageRecords: 2 },
  {
    window: 2,
    bytes: 300,
    background: 3,
    listed: 2,
    keysFrom: 1,
    rareFrom: 1,
    sparseFrom: 1,
    pageRecords: 1,
    pageLength: 50,
  },
]

for (const engine of routeEngines)
  test(`${queries} generated queries answer what a naive reading answers, in its order, page by page, on ${engine.name}`, async (t) => {
    const place = await engine.place()
    const config = readConfig({ HATSTAND_DATA_DIR: place.dataDir })
    const database = await openDatabase({ ...config, databaseUrl: place.databaseUrl }, false)
    t.after(() => database.close())
    let [pda, shownRecords] = [1, 0]
    await fc.assert(
      fc.asyncProperty(properties(12), fc.nat(), async ({ property: text, records }, choice) => {
        const property = propertyOf(text)
        if (!property) return
        pda += 1
        const kept = await save(database, pda, records, {
          indexed: choice % 3 === 0,
          plain: choice % 2 === 0,
        })
        const bounds = ways[choice % ways.length]!
        const orderPaths = 1 + ((choice >> 5) % 4)
        const context = { database: database.of(pda), now: Date.now(), orderPaths, bounds, release }
        const expected = answered(kept, text).map(comparable)
        shownRecords += expected.length
        // Twice: the second time perhaps by keys that the first one made.
        for (let time = 1; time <= 2; time++) {
          const take = [1, 2, 3, 4, 100, Infinity][(choice >> 2) % 6]!
          assert.deepEqual(await readPaged(context, property, take), expected, `${text} in pages of ${take}`)
        }
        const { limit: _, ...whole } = property
        assert.equal(await countList(context, listOf(whole)), answered(kept, unlimited(text)).length)
      }),
      { numRuns: queries },
    )
    t.diagnostic(`${queries} queries answered ${shownRecords} records`)
    assert.ok(shownRecords > queries / 2)
  })

function propertyOf(text: string): PropertyQuery | undefined {
  try {
    return readBundle(`{"p":${text}}`).get('p')!
  } catch (error) {
    assert.ok(error instanceof QueryError && error.path === 'p.orderBy', String(error))
    return undefined
  }
}

/** The property with a later limit that counts for nothing. */
const unlimited = (text: string) =>
  `${text.trimEnd().slice(0, -1)}${/^\s*\{\s*\}\s*$/.test(text) ? '' : ','}"limit":null}`

/** Saves records of an account of their own, some with an index of their words; gives those that were no duplicates, with their ids. */
async function save(
  database: Database,
  pda: number,
  records: readonly Kept[],
  { indexed, plain }: { indexed: boolean; plain: boolean },
): Promise<Kept[]> {
  await database
    .of(pda)
    .write((unit) => unit.insertMany('pda', { pda_id: pda, seq: 0, created_at: 0 }).then(() => undefined))
  const ids = new Map<string, string>()
  for (const { recordId, endpoint, text: spelt } of records) {
    // What is not well formed does not travel: half a character has to be spelt out.
    const text = spelt.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)
    const { text: meaning, awkward } = canonical(text)
    // Only of what they read as we do are the engines asked anything.
    if (plain && awkward) continue
    const id = randomUUID()
    const draft = {
      endpoint,
      recordId: id,
      text,
      fingerprint: fingerprint(endpoint, meaning),
      awkward,
      links: [],
    }
    const slices = () => [{ drafts: [draft], groups: [] }]
    const saving = { writer: 'owner', now: 0, weight: 1, slices, skipDuplicates: false }
    const { saved } = await saveRecords(database.of(pda), saving)
    if (saved) ids.set(recordId, id)
    // In the middle, so that some get their words now and some as they are written.
    if (indexed && ids.size === 4)
      for (const endpointId of [1, 2]) await indexWords(database.of(pda), endpointId)
  }
  for (const [recordId, id] of ids)
    for (const other of records.find((one) => one.recordId === recordId)!.linked ?? []) {
      const to = ids.get(other)
      if (to !== undefined && id < to) await linkRecords(database.of(pda), [id, to], () => true)
    }
  return records.flatMap(({ recordId, linked, ...record }) => {
    const id = ids.get(recordId)
    return id === undefined
      ? []
      : [{ ...record, recordId: id, linked: linked?.flatMap((one) => ids.get(one) ?? []) ?? [] }]
  })
}

/** The whole answer, read some records at a time. */
async function readPaged(context: QueryContext, property: PropertyQuery, take: number): Promise<Value[]> {
  const all: Value[] = []
  let cursor: string | undefined
  do {
    const after = cursor === undefined ? undefined : placeAt(context.database, cursor)
    const most = Math.min(take, (property.limit ?? Infinity) - all.length)
    const answer = await readList(context, listOf(property), { after, skip: 0, take: most }, shown)
    let [text, count] = [Buffer.from(answer.first.text).toString(), answer.first.records]
    if (answer.rest)
      for await (const page of answer.rest) {
        text += Buffer.from(page.text).toString()
        count += page.records
      }
    const page = parsed(text) as Value[]
    assert.equal(page.length, count)
    all.push(...page)
    cursor = answer.next && cursorOf(context.database, answer.next)
  } while (cursor !== undefined && all.length < (property.limit ?? Infinity))
  return all
}

type Answer = ReturnType<typeof answered>[number]

function comparable({ endpoint, recordId, data, links }: Answer): Value {
  const members: [string, Value][] = [
    ['endpoint', endpoint],
    ['recordId', recordId],
    ['data', data],
  ]
  if (links.length > 0) members.push(['links', links.map(comparable)])
  return new Map(members)
}
