import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ListOptions, StoredRecord } from '@hatstand/sdk'
import { engines, routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'

type Note = { number: number; text: string }
type Kept = StoredRecord<Note>

const endpoint = 'a/paged'
const many = 3000
/** Of every twelve records one is deleted, and one gets another text, while pages are read. */
const turns = 12

async function fill({ owner }: TestServer): Promise<Kept[]> {
  const data = Array.from({ length: many }, (_, index) => ({
    number: (index * 7919) % many,
    text: `old ${index}`,
  }))
  return (await owner.records.createMany<Note>(endpoint, data)).records
}

/** Writes of every kind beside a reading, until it is over; every record left alone stays as it was. */
async function writeAround(server: TestServer, records: Kept[], over: () => boolean): Promise<number> {
  const { records: mine } = server.owner
  const steps = Array.from({ length: many / turns }, (_, index) => index * turns)
  let written = 0
  for (const step of steps.toSorted(() => Math.random() - 0.5)) {
    if (over()) break
    const [gone, changed] = [records[step]!, records[step + 1]!]
    await Promise.all([
      mine.delete(gone.recordId),
      mine.update({ ...changed, data: { ...changed.data, text: `new ${step}` } }),
      mine.createMany(endpoint, [
        { number: step + 0.5, text: 'added' },
        { number: -1 - step, text: 'added' },
        { number: many + step, text: 'added' },
      ]),
    ])
    written += 5
  }
  return written
}

const orders: [string, ListOptions][] = [
  ['newest first', {}],
  ['oldest first', { ordering: 'ascending' }],
  ['by a field', { orderBy: 'number' }],
  ['by a field, the largest first', { orderBy: 'number', ordering: 'descending' }],
]

for (const engine of routeEngines)
  for (const [name, order] of orders)
    for (const ready of order.orderBy ? [false, true] : [true])
      test(`${engine.name}: pages ${name}${ready ? '' : ', asked for the first time,'} neither repeat nor skip while others write`, async (t) => {
        const server = await startServer(t, engine)
        const records = await fill(server)
        if (ready) await server.owner.records.list(endpoint, { ...order, take: 1 })
        let over = false
        const writing = writeAround(server, records, () => over)
        const read: Kept[] = []
        for await (const record of server.owner.records.listAll<Note>(endpoint, { ...order, take: 50 }))
          read.push(record)
        over = true
        const written = await writing

        const ids = read.map(({ recordId }) => recordId)
        assert.equal(new Set(ids).size, ids.length, 'none is repeated')
        const there = new Set(ids)
        const stayed = records.filter((_, index) => index % turns !== 0)
        assert.deepEqual(
          stayed.filter(({ recordId }) => !there.has(recordId)),
          [],
          'none is skipped',
        )
        if (order.orderBy) {
          const numbers = read.map(({ data }) => data.number)
          const sorted = numbers.toSorted((one, other) => one - other)
          assert.deepEqual(numbers, order.ordering ? sorted.toReversed() : sorted, 'all are in order')
        } else {
          const old = read.filter(({ data }) => data.text !== 'added').map(({ recordId }) => recordId)
          const before = records.map(({ recordId }) => recordId).filter((id) => there.has(id))
          assert.deepEqual(old, order.ordering ? before : before.toReversed(), 'all are in order')
        }
        t.diagnostic(`${written} writes beside the reading of ${read.length} records`)
      })

test('an update may move a record along an order by what it changes, and only that record', async (t) => {
  const server = await startServer(t, engines[0])
  const { records: mine } = server.owner
  const records = await fill(server)
  const first = await mine.page<Note>(endpoint, { orderBy: 'number', take: 100 })
  const ahead = records.find(({ data }) => data.number === 2000)!
  const behind = first.records[0]!
  await mine.update({ ...ahead, data: { ...ahead.data, number: -5 } })
  await mine.update({ ...behind, data: { ...behind.data, number: many + 5 } })
  const read = [...first.records]
  let { after } = first
  while (after !== undefined) {
    const page = await mine.page<Note>(endpoint, { orderBy: 'number', take: 500, after })
    read.push(...page.records)
    after = page.after
  }
  const times = Map.groupBy(read, ({ recordId }) => recordId)
  assert.equal(times.get(ahead.recordId), undefined, 'moved to where the reading had been')
  assert.equal(times.get(behind.recordId)?.length, 2, 'moved to where the reading was still to come')
  for (const { recordId } of records)
    if (recordId !== ahead.recordId && recordId !== behind.recordId)
      assert.equal(times.get(recordId)?.length, 1)
})
