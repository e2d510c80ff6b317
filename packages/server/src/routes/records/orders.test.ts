import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { exact, type ListOptions, type Pda } from '@hatstand/sdk'
import fc from 'fast-check'
import { sql } from 'kysely'
import { routeEngines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'
import { inOrder, type Kept } from '../../../test/naive-order.ts'
import { models, spell } from '../../../test/spellings.ts'

/** Values every engine reads as we do, of every kind and many of them equal. */
const plain = fc.constantFrom(
  'null',
  'true',
  'false',
  '0',
  '1',
  '2',
  '10',
  '-3',
  '2.5',
  '0.1',
  '-0.25',
  '1000000',
  '""',
  '"a"',
  '"A"',
  '"b"',
  '"ab"',
  '"é"',
  '"😀"',
  '"\uffee"',
  '"10"',
  '"1"',
  '[]',
  '[1]',
  '{}',
  '{"b":1}',
  '{"b":"x"}',
  '{"b":null}',
  '[3,"x"]',
  '{"0":7}',
)
const plainRecord = fc.record({ a: plain, c: plain, flag: plain }, { requiredKeys: [] }).map(
  (members) =>
    `{${Object.entries(members)
      .map(([name, text]) => `"${name}":${text}`)
      .join()}}`,
)

/** Values the engines misread: repeated keys, big numbers, halves of characters, any spelling. */
const awkward = fc
  .tuple(models, fc.nat(1e6))
  .map(([model, seed]) => spell(model, seed).replace(/\p{Surrogate}/gu, escaped))
const awkwardRecord = fc
  .array(fc.tuple(fc.constantFrom('a', 'a', 'c', 'flag', '\\u0061'), awkward), { maxLength: 4 })
  .map((members) => `{${members.map(([name, text]) => `"${name}": ${text}`).join()}}`)

const paths = ['a', 'c', 'a.b', 'a.0', 'n', 'nothing', 'a.b.c', '0', '', 'flag']

for (const engine of routeEngines) {
  for (const [what, record] of [
    ['plain', plainRecord],
    ['awkward', awkwardRecord],
  ] as const)
    test(`${what} records come in the order of any path, before and after it has keys, on ${engine.name}`, async (t) => {
      const server = await startServer(t, engine)
      const all = await made(server.owner, record, 300)
      for (const orderBy of paths)
        for (const descending of [false, true]) {
          await isOrdered(server.owner, all, orderBy, descending, { take: 100_000 })
          await isOrdered(server.owner, all, orderBy, descending, { take: 100_000 })
        }
      await filled(server)
      await everyWay(server.owner, all)
      t.diagnostic(`${paths.length * 2} orders of ${all.length} records`)
    })

  test(`orders stay right while records are added, updated and deleted, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const all = await made(server.owner, fc.oneof(plainRecord, awkwardRecord), 200)
    await everyWay(server.owner, all, ['a', 'c'])
    for (let round = 0; round < 3; round++) {
      await changed(server.owner, all, round)
      await everyWay(server.owner, all, ['a', 'c', 'a.b'])
    }
    await filled(server)
    await everyWay(server.owner, all, ['a', 'c', 'a.b'])
  })

  test(`more paths than may be kept are all ordered right, again and again, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_ORDER_PATHS: '2' } })
    const all = await made(server.owner, plainRecord, 120)
    for (let round = 0; round < 3; round++) {
      await everyWay(server.owner, all, ['a', 'c', 'n', 'flag'])
      await changed(server.owner, all, round)
    }
    const [row] = await server.context.database.read((unit) =>
      unit.all<{ count: number }>(sql`select count(*) as count from order_path`),
    )
    assert.ok(row!.count <= 2, `${row!.count} paths are kept`)
  })

  test(`many who order by different paths at once are all answered right, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_ORDER_PATHS: '2' } })
    const all = await made(server.owner, fc.oneof(plainRecord, awkwardRecord), 300)
    for (let round = 0; round < 4; round++)
      await Promise.all(
        ['a', 'c', 'n', 'a.b', 'flag', 'a.0', '0'].flatMap((orderBy) =>
          [false, true].map((descending) =>
            isOrdered(server.owner, all, orderBy, descending, { take: 1000 }),
          ),
        ),
      )
  })

  test(`a key spelled with escapes is that key, whatever was read before, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    // Having read the first, V8's JSON.parse takes the escaped key of the second for a backslash (nodejs/node#63785).
    const { records } = await owner.records.createMany(
      'orders/all',
      exact(
        String.raw`[{"of its own":false,"\\":1}, {"of its own":false,"\u0061":{}}, {"a":false}, {"a":3}]`,
      ),
    )
    assert.deepEqual(
      inOrder(records, 'a', true),
      [1, 2, 3, 0].map((index) => records[index]!.recordId),
    )
    for (const orderBy of ['a', '\\'])
      for (const descending of [false, true]) {
        await isOrdered(owner, records, orderBy, descending, { take: 1000 })
        await isOrdered(owner, records, orderBy, descending, { take: 1000 })
      }
  })

  test(`a path may be anything a name in JSON can be, on ${engine.name}`, async (t) => {
    const { owner } = await startServer(t, engine)
    const names = [
      '\0',
      'a b',
      '?',
      '&=#',
      '%',
      '"',
      "'",
      '\\',
      '$',
      '*',
      '[0]',
      '__proto__',
      'toString',
      'é',
      '😀',
      ' ',
      'x'.repeat(3000),
      '-1',
      '01',
      '1e1',
    ]
    const texts = names.flatMap((name) =>
      ['2', '1', '"x"', '{"b":1}'].map((value) => `{${JSON.stringify(name)}:${value}}`),
    )
    const { records } = await owner.records.createMany('orders/all', exact(`[${texts.join()}]`))
    for (const name of names)
      for (const descending of [false, true]) {
        await isOrdered(owner, records, name, descending, { take: 1000 })
        await isOrdered(owner, records, name, descending, { take: 1000 })
        await isOrdered(owner, records, `${name}.b`, descending, { take: 1000 })
      }
  })
}

function escaped(half: string): string {
  return `\\u${half.charCodeAt(0).toString(16)}`
}

/** Makes a record's text another value than every other's. */
function numbered(text: string, number: string): string {
  return `${text.slice(0, -1)}${text === '{}' ? '' : ','}"n":${number}}`
}

/** Saves records made up at random; each has a number of its own. */
async function made(pda: Pda, record: fc.Arbitrary<string>, count: number): Promise<Kept[]> {
  const texts = fc.sample(record, count).map((text, index) => numbered(text, String(index)))
  const { records } = await pda.records.createMany(
    'orders/all',
    exact(`[${texts.join()}, [3, {"b": 1}], "x", 7, [[1]]]`),
  )
  return [...records]
}

async function isOrdered(
  pda: Pda,
  all: readonly Kept[],
  orderBy: string,
  descending: boolean,
  options: ListOptions,
): Promise<void> {
  const asked: ListOptions = { ...options, orderBy, ...(descending && { ordering: 'descending' }) }
  const found = (await pda.records.list('orders/all', asked)).map(({ recordId }) => recordId)
  const from = options.skip ?? 0
  const expected = inOrder(all, orderBy, descending).slice(from, from + (options.take ?? 1000))
  isSame(found, expected, all, JSON.stringify(asked))
}

/** Every order, whole, in parts and page by page. */
async function everyWay(pda: Pda, all: readonly Kept[], orders = paths): Promise<void> {
  for (const orderBy of orders)
    for (const descending of [false, true]) {
      await isOrdered(pda, all, orderBy, descending, {})
      await isOrdered(pda, all, orderBy, descending, { take: 5, skip: 17 })
      await isOrdered(pda, all, orderBy, descending, { take: 9, skip: all.length - 4 })
      await isOrdered(pda, all, orderBy, descending, { take: 9, skip: all.length })
      const asked: ListOptions = { orderBy, take: 37, ...(descending && { ordering: 'descending' }) }
      const found = (await Array.fromAsync(pda.records.listAll('orders/all', asked))).map(
        ({ recordId }) => recordId,
      )
      isSame(found, inOrder(all, orderBy, descending), all, `page by page ${JSON.stringify(asked)}`)
    }
}

/** Updates, deletes and adds some records, and keeps the list as it then is. */
async function changed(pda: Pda, all: Kept[], round: number): Promise<void> {
  const some = all.filter((_, index) => index % 11 === round)
  const texts = fc.sample(fc.oneof(plainRecord, awkwardRecord), some.length + 10)
  const named = texts.map((text, index) => numbered(text, `"round ${round}, ${index}"`))
  const updates = some.map(({ recordId }, index) => ({
    endpoint: 'orders/all',
    recordId,
    data: exact(named[index]!),
  }))
  await pda.records.updateMany(updates)
  for (const [index, record] of some.entries())
    all[all.indexOf(record)] = { recordId: record.recordId, text: named[index]! }
  const gone = all.filter((_, index) => index % 13 === round + 5)
  await pda.records.delete(gone.map(({ recordId }) => recordId))
  for (const record of gone) all.splice(all.indexOf(record), 1)
  const { records } = await pda.records.createMany(
    'orders/all',
    exact(`[${named.slice(some.length).join()}]`),
  )
  all.push(...records)
}

function isSame(found: string[], expected: string[], all: readonly Kept[], about: string): void {
  const at = expected.findIndex((recordId, index) => recordId !== found[index])
  const text = (recordId: string | undefined) => all.find((record) => record.recordId === recordId)?.text
  if (at !== -1)
    assert.equal(text(found[at]), text(expected[at]), `${about}, record ${at} of ${found.length}`)
  assert.equal(found.length, expected.length, about)
}

/** Waits until every path that was asked for has its keys. */
async function filled({ context }: TestServer): Promise<void> {
  for (let left = 1; left > 0; await pause(20)) {
    const [row] = await context.database.read((unit) =>
      unit.all<{ count: number }>(sql`select count(*) as count from order_path where filled_to is not null`),
    )
    left = row!.count
  }
}
