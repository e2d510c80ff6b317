import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { freshFolder, removeFolder } from './folders.ts'
import { type Hatstand, path, startHatstand } from './hatstand.ts'
import { timed } from './limits.ts'
import { drive, type Run } from './load.ts'
import { location, locations } from './locations.ts'
import { type Measure, percentile, type Scene, timesBeside } from './measures.ts'
import { saveThousands } from './posting.ts'

/** A field whose values jump about, each there once. */
const field = 'data.locations.latitude'
const fives = ['one', 'two', 'three', 'four', 'five']
const ofEach = 10_000

/** Rows 14 and 15: filters over a million records, and a bundle of five endpoints. */
export const filtering: Scene = {
  rows: ['14', '15'],
  rounds: 2,
  async run({ large: thousands }, wanted) {
    const folder = freshFolder()
    const server = await startHatstand({ folder })
    try {
      const measures: Measure[] = []
      if (wanted.has('15')) measures.push(...(await bundling(server)))
      if (!wanted.has('14')) return measures
      for (let from = 0; from < thousands; from += 100)
        await saveThousands(server, locations(from * 1000, 100_000))
      await server.mustHold(thousands * 1000)
      measures.push(...(await filters(server, join(folder, 'hatstand.sqlite'), thousands * 1000)))
      return measures
    } finally {
      await server.stop()
      removeFolder(folder)
    }
  },
}

async function filters(server: Hatstand, file: string, records: number): Promise<Measure[]> {
  const hours = { transformation: 'datetimeExtract', part: 'hour' }
  const slow = {
    field: 'lastUpdated',
    transformation: hours,
    operator: { operator: 'between', lower: 24, upper: 24 },
  }
  // What no engine is asked: each record is looked at.
  const [looking, waits] = await beside(server, ask(server, slow))
  scanMilliseconds(file, valueOf(1))
  const limit = scanMilliseconds(file, valueOf(2))
  const [first] = (await ask(server, equal(3))).milliseconds
  while (!hasKeys(file)) await pause(20)
  const keyed = () => ask(server, equal(Math.floor(Math.random() * records)), 10)
  const newest = () => get(server, `${path}?take=1`, 10)
  await timesBeside('14b', keyed, newest)
  return [
    { row: '14', figure: first!, limit },
    await timesBeside('14b', keyed, newest),
    { row: '14c', figure: looking },
    { row: '14d', figure: waits },
  ]
}

const valueOf = (number: number): string =>
  (JSON.parse(location(number)) as { data: { locations: { latitude: string } } }).data.locations.latitude
const equal = (number: number) => ({ field, operator: { operator: 'contains', value: valueOf(number) } })

function ask(server: Hatstand, filter: object, count = 1): Promise<Run> {
  const target = path.replace('/data/', '/data-query/')
  const request = server.request('POST', target, JSON.stringify({ filters: [filter] }))
  return drive({ port: server.port, connections: 1, count, request: () => request, status: 200 })
}

function get(server: Hatstand, target: string, count: number): Promise<Run> {
  const request = server.request('GET', target)
  return drive({ port: server.port, connections: 1, count, request: () => request, status: 200 })
}

/** The milliseconds some work takes, and the 99th percentile of small reads meanwhile. */
async function beside(server: Hatstand, work: Promise<Run>): Promise<[number, number]> {
  const milliseconds: number[] = []
  let ended = false
  const end = () => (ended = true)
  work.then(end, end)
  while (!ended) milliseconds.push(...(await get(server, `${path}?take=1`, 10)).milliseconds)
  return [(await work).milliseconds[0]!, percentile(milliseconds, 0.99)]
}

function scanMilliseconds(file: string, value: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  const statement = database.prepare(`select place from record not indexed
    where pda_id = 1 and data ->> '$.${field}' = ?`)
  const seconds = timed(() => void statement.all(value))
  database.close()
  return seconds * 1000
}

function hasKeys(file: string): boolean {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 1000 })
  const found = database.prepare('select 1 from order_path where path = ? and filled_to is null').get(field)
  database.close()
  return found !== undefined
}

const property = (name: string) => ({
  endpoints: [{ endpoint: `bench/${name}`, mapping: { latitude: field, when: 'lastUpdated' } }],
  limit: 100,
})

/** Row 15: the newest hundred of each of five endpoints, mapped, beside as many plain reads. */
async function bundling(server: Hatstand): Promise<Measure[]> {
  for (const [index, name] of fives.entries()) {
    const texts = locations(2_000_000 + index * ofEach, ofEach)
    const body = `[${texts.join()}]`
    const request = server.request('POST', path.replace('locations', name), body)
    await drive({ port: server.port, connections: 1, count: 1, request: () => request, status: 201 })
  }
  const bundle = JSON.stringify(Object.fromEntries(fives.map((name) => [name, property(name)])))
  const target = '/api/v2.6/data-bundle/five'
  const saving = server.request('POST', target, bundle)
  await drive({ port: server.port, connections: 1, count: 1, request: () => saving, status: 201 })
  const plainly = async (): Promise<Run> => {
    const runs: Run[] = []
    for (const name of fives) runs.push(await get(server, `${path.replace('locations', name)}?take=100`, 10))
    const sums = runs[0]!.milliseconds.map((_, turn) =>
      runs.reduce((sum, run) => sum + run.milliseconds[turn]!, 0),
    )
    return { seconds: 0, milliseconds: sums }
  }
  const bundled = () => get(server, target, 10)
  await timesBeside('15', bundled, plainly)
  return [await timesBeside('15', bundled, plainly)]
}
