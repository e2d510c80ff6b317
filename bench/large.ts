import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as pause } from 'node:timers/promises'
import { folderBytes, freshFolder, removeFolder } from './folders.ts'
import { type Hatstand, path, startHatstand } from './hatstand.ts'
import { timed } from './limits.ts'
import { drive, type Run } from './load.ts'
import { locations, recordBytes } from './locations.ts'
import { beside, type Measure, percentile, type Scene, timesBeside } from './measures.ts'
import { saveThousands } from './posting.ts'

/** Thousands of records before the clock runs: a server that has just started is slower. */
const warming = 20
/** Reads of one kind before those of the other have their turn. */
const readsOfTurn = 10
/** A field that grows with time, and one that jumps about. */
const fields = { growing: 'lastUpdated', shuffled: 'data.locations.latitude' }
/** A field nothing else in the bench is ordered by. */
const unused = 'data.locations.longitude'

/** Rows 3, 7, 8, 9 and 11: a store that grows to a million records, and reads of it. */
export const large: Scene = {
  rows: ['3', '7', '8', '9', '11'],
  rounds: 2,
  async run({ large: thousands }, wanted) {
    const folder = freshFolder()
    const file = join(folder, 'hatstand.sqlite')
    try {
      const measures = await grow(folder, thousands)
      const bytes = (thousands + warming) * 1000 * recordBytes
      measures.push({ row: '9', figure: folderBytes(folder) / bytes })
      const server = await startHatstand({ folder })
      if (wanted.has('7')) measures.push(...(await skipping(server, thousands * 500)))
      if (wanted.has('8')) measures.push(...(await ordering(server, file)))
      if (wanted.has('11')) measures.push(...(await meanwhile(server, file)))
      await server.stop()
      return measures
    } finally {
      removeFolder(folder)
    }
  },
}

/** Row 3. The last tenth is saved in turns with as many records into a store that is new. */
async function grow(folder: string, thousands: number): Promise<Measure[]> {
  const server = await startHatstand({ folder })
  const young = await startHatstand({ folder: freshFolder() })
  const [last, tenth] = [thousands * 0.9, thousands / 10]
  const milliseconds: number[] = []
  const save = async (to: Hatstand, from: number, until: number) => {
    const run = await saveThousands(to, locations(from * 1000, (until - from) * 1000))
    if (to === server) milliseconds.push(...run.milliseconds)
    return run.seconds
  }
  for (const one of [server, young]) await save(one, thousands, thousands + warming)
  milliseconds.length = 0
  for (let from = 0; from < last; from += tenth) await save(server, from, from + tenth)
  const measure = await beside(
    '3',
    tenth,
    (from, to) => save(server, last + from, last + to),
    (from, to) => save(young, from, to),
  )
  await server.mustHold((thousands + warming) * 1000)
  await young.mustHold((tenth + warming) * 1000)
  await Promise.all([server.stop(), young.stop()])
  const { figure, limit } = measure
  return [
    { row: '3', figure: figure * 1000, limit: limit! * 1000 },
    { row: '3b', figure: percentile(milliseconds, 0.99), limit: percentile(milliseconds, 0.5) },
  ]
}

function read(server: Hatstand, query: string, count = readsOfTurn): Promise<Run> {
  const request = server.request('GET', `${path}?${query}`)
  return drive({ port: server.port, connections: 1, count, request: () => request, status: 200 })
}

async function skipping(server: Hatstand, skip: number): Promise<Measure[]> {
  const row = (name: string, take: number) =>
    timesBeside(
      name,
      () => read(server, `take=${take}&skip=${skip}`),
      () => read(server, `take=${take}&skip=0`),
    )
  // Once to warm up.
  await row('7', 1000)
  return [await row('7', 1000), await row('7b', 1)]
}

async function ordering(server: Hatstand, file: string): Promise<Measure[]> {
  const measures: Measure[] = []
  for (const [letter, field] of [
    ['', fields.shuffled],
    ['b', fields.growing],
  ] as const) {
    measures.push(...(await firstUse(server, file, letter, field)))
    const ordered = () => read(server, `take=1000&orderBy=${field}`)
    const newest = () => read(server, 'take=1000')
    await timesBeside('8', ordered, newest)
    measures.push(await timesBeside(`8${letter}`, ordered, newest))
  }
  return measures
}

/** The first time a field is ordered by, beside SQLite's own scan and sort; then the keys are made. */
async function firstUse(server: Hatstand, file: string, letter: string, field: string): Promise<Measure[]> {
  sortMilliseconds(file, field)
  const limit = sortMilliseconds(file, field)
  const began = performance.now()
  const [figure] = (await read(server, `take=1000&orderBy=${field}`, 1)).milliseconds
  await filled(file, field)
  return [
    { row: letter === '' ? '8c' : '8d', figure: figure!, limit },
    { row: letter === '' ? '8e' : '8f', figure: (performance.now() - began) / 1000 },
  ]
}

function sortMilliseconds(file: string, field: string): number {
  const database = new DatabaseSync(file, { readOnly: true })
  const statement = database.prepare(`select place from record where pda_id = 1 and endpoint_id = 1
    order by data ->> '$.${field}', place desc limit 1000`)
  const seconds = timed(() => void statement.all())
  database.close()
  return seconds * 1000
}

/** Resolves when every record has its key of a field. */
async function filled(file: string, field: string): Promise<void> {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 1000 })
  const statement = database.prepare('select 1 from order_path where path = ? and filled_to is null')
  while (!statement.get(field)) await pause(20)
  database.close()
}

/** Row 11: small reads while the server sorts, and then while it makes the keys. */
async function meanwhile(server: Hatstand, file: string): Promise<Measure[]> {
  const until = async (work: Promise<unknown>): Promise<number> => {
    const milliseconds: number[] = []
    let ended = false
    const end = () => (ended = true)
    work.then(end, end)
    while (!ended) milliseconds.push(...(await read(server, 'take=1')).milliseconds)
    await work
    return percentile(milliseconds, 0.99)
  }
  await read(server, 'take=1', 1000)
  const sorting = await until(read(server, `take=1000&orderBy=${unused}`, 1))
  const filling = await until(filled(file, unused))
  return [
    { row: '11', figure: sorting },
    { row: '11b', figure: filling },
  ]
}
