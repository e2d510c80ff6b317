import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { readConfig } from '../src/config.ts'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { canonical, fingerprint } from '../src/domain/json/fingerprint.ts'
import { readEndpointQueries } from '../src/domain/queries/query.ts'
import { type QueryContext, usualBounds } from '../src/store/queries/context.ts'
import { countList, readList } from '../src/store/queries/queries.ts'
import { withOrderKeys } from '../src/store/records/order-paths.ts'
import { saveRecords } from '../src/store/records/save.ts'
import { indexWords } from '../src/store/records/word-index.ts'
import { engines } from './engines.ts'
import { parsed } from './naive-order.ts'
import { passes } from './naive-queries.ts'

const endpoint = 'test/one'

/** In one text, since none of them has a space outside its words. */
const values = [
  'null true false 0 -0.0 1 1.0e0 15e-1 -3 100000 0.1 1e-7 "" "a" "b" "B" "\\u00e9" "tea" "2" "10" "😀" "\\uffff"',
  '[] ["a"] ["a","b"] [1,2] [[1]] [{"x":1}] {} {"x":1} {"x":1,"y":"tea"} "Tea,with-MILK"',
].flatMap((texts) => texts.split(' '))

/** The values at a path of two names and beside it, each several times and sometimes missing. */
const records = Array.from({ length: 400 }, (_, number) => {
  const [one, other] = [values[number % values.length]!, values[(number * 7) % values.length]!]
  const members = number % 11 === 0 ? '' : `,"a":{"b":${one}}`
  return `{"n":${number}${members},"c-d":${other}}`
})

const scalars = values.filter((text) => !/^[[{]/.test(text))
const operators = [
  ...values.map((value) => `{"operator":"contains","value":${value}}`),
  ...values.filter((text) => text !== '[]').map((value) => `{"operator":"in","value":${value}}`),
  ...scalars.map(
    (value, index) => `{"operator":"in","value":[${value},${values[(index * 5) % values.length]!}]}`,
  ),
  ...[
    '0,1',
    '-3,0.1',
    '1.5,1.5',
    '0.1,100000',
    '"a","b"',
    '"","z"',
    '"10","2"',
    'false,true',
    'true,true',
  ].map((bounds) => `{"operator":"between","lower":${bounds.replace(',', ',"upper":')}}`),
]
const filters = [
  ...operators.map((operator) => `[{"field":"a.b","operator":${operator}}]`),
  ...operators
    .filter((_, index) => index % 4 === 0)
    .map(
      (operator) => `[{"field":"c-d","operator":${operator}},{"field":"a.b.0","operator":${operators[13]}}]`,
    ),
  ...['tea', 'milk TEA', 'milk coffee', 'a'.repeat(3)].flatMap((search) =>
    ['', 'a', 'c-d'].map(
      (field) =>
        `[{"field":"${field}","transformation":{"transformation":"searchable"},"operator":{"operator":"find","search":"${search}"}}]`,
    ),
  ),
]

/** The numbers of the records that pass, newest first. */
const expected = new Map(
  filters.map((text) => {
    const query = parsed(`{"filters":${text}}`)
    return [
      text,
      [...records.keys()].filter((number) => passes(query, parsed(records[number]!))).toReversed(),
    ]
  }),
)

async function agrees(context: QueryContext, what: string): Promise<void> {
  for (const text of filters) {
    const endpoints = readEndpointQueries(`[{"endpoint":"${endpoint}","filters":${text}}]`)
    const list = { endpoints, orderBy: undefined, descending: true }
    const all = expected.get(text)!
    assert.equal(await countList(context, list), all.length, `${what}: ${text}`)
    const answer = await readList(context, list, { after: undefined, skip: 1, take: 500 }, (_, data) => data)
    const found = JSON.parse(Buffer.from(answer.first.text).toString()) as { data: { n: number } }[]
    assert.deepEqual(
      found.map(({ data }) => data.n),
      all.slice(1),
      `${what}: ${text}`,
    )
  }
}

for (const engine of engines)
  test(`${filters.length} filters find the same by the engine, along keys and by words as by looking at each record, on ${engine.name}`, async (t) => {
    const place = await engine.place()
    const config = readConfig({ HATSTAND_DATA_DIR: place.dataDir })
    const database = await openDatabase({ ...config, databaseUrl: place.databaseUrl }, false)
    t.after(() => database.close())
    await save(database)
    const bounds = { ...usualBounds, keysFrom: Infinity }
    const context = {
      database: database.of(1),
      now: 0,
      orderPaths: 8,
      bounds,
      release: async () => undefined,
    }
    await agrees(context, 'looking at each')
    // Few of those that the engine is asked about pass, it is asked about 150 at a time, and what it names comes in pieces.
    await agrees(
      { ...context, bounds: { ...bounds, rareFrom: 0, window: 7, background: 150 } },
      'by the engine',
    )
    for (const path of [['a', 'b'], ['c-d']])
      await withOrderKeys(
        database.of(1),
        1,
        path,
        { descending: false, most: 8, now: 0 },
        async () => undefined,
      )
    await agrees(context, 'along keys')
    await indexWords(database.of(1), 1)
    await agrees(context, 'by words')
  })

async function save(database: Database): Promise<void> {
  await database.of(1).write(async (unit) => {
    await unit.insertMany('pda', { pda_id: 1, seq: 0, created_at: 0 })
  })
  const drafts = records.map((text) => {
    const { text: meaning, awkward } = canonical(text)
    assert.equal(awkward, false, text)
    return {
      endpoint,
      recordId: randomUUID(),
      text,
      fingerprint: fingerprint(endpoint, meaning),
      awkward,
      links: [],
    }
  })
  const slices = () => [{ drafts, groups: [] }]
  await saveRecords(database.of(1), {
    writer: 'owner',
    now: 0,
    weight: undefined,
    slices,
    skipDuplicates: false,
  })
}
