import { join } from 'node:path'
import { freshFolder, removeFolder } from './folders.ts'
import { type Hatstand, path, startHatstand } from './hatstand.ts'
import { openBodies, openRaw, rawRows, startTiny, tinyRequests } from './limits.ts'
import { drive } from './load.ts'
import { locations } from './locations.ts'
import { beside, type Measure, type Scene, type Sizes } from './measures.ts'
import { saveSingly, saveThousands } from './posting.ts'

const readConnections = 4
const manyConnections = 64
/** Requests before the clock runs, where a row is about a server that is warm. */
const warming = 500

type Raw = ReturnType<typeof openRaw>

/** Rows 1, 2, 4, 5 and 6: writes into an empty store, then single ones, then reads, each beside its limit. */
export const saving: Scene = {
  rows: ['1', '2', '4', '5', '6'],
  async run(sizes, wanted) {
    const folders = [freshFolder(), freshFolder()] as const
    const raw = openRaw(folders[0])
    const server = await startHatstand({ folder: folders[1] })
    try {
      const measures = await thousands(sizes, raw, server)
      let records = sizes.small * 1000
      if (wanted.has('4')) {
        measures.push(await loneWrites(sizes, raw, server))
        records += sizes.lone + warming
      }
      if (wanted.has('5')) {
        measures.push(await manyWrites(sizes, server))
        records += sizes.many + warming
      }
      await server.mustHold(records)
      if (wanted.has('6')) measures.push(...(await reads(sizes, server, folders[1])))
      return measures
    } finally {
      raw.close()
      await server.stop()
      folders.forEach(removeFolder)
    }
  },
}

async function thousands(sizes: Sizes, raw: Raw, server: Hatstand): Promise<Measure[]> {
  const texts = locations(0, sizes.small * 1000)
  const rows = rawRows(0, texts)
  const cpuBefore = server.cpu()
  const measure = await beside(
    '1',
    sizes.small,
    async (from, to) => (await saveThousands(server, texts.slice(from * 1000, to * 1000))).seconds,
    (from, to) => raw.insertMany(rows.slice(from * 1000, to * 1000)),
  )
  const cpu = (server.cpu() - cpuBefore) / sizes.small
  return [
    { row: '1', figure: measure.figure * 1000, limit: measure.limit! * 1000 },
    { row: '2', figure: cpu },
  ]
}

async function loneWrites(sizes: Sizes, raw: Raw, server: Hatstand): Promise<Measure> {
  const first = sizes.small * 1000
  const texts = locations(first, sizes.lone + warming)
  const rows = rawRows(first, texts)
  await saveSingly(server, texts.slice(sizes.lone), 1)
  return beside(
    '4',
    sizes.lone,
    async (from, to) => (await saveSingly(server, texts.slice(from, to), 1)).seconds,
    (from, to) => raw.insertSingly(rows.slice(from, to)),
  )
}

async function manyWrites(sizes: Sizes, server: Hatstand): Promise<Measure> {
  const tiny = await startTiny()
  const texts = locations(sizes.small * 1000 + sizes.lone + warming, sizes.many + warming)
  await tinyRequests(tiny, manyConnections, warming)
  await saveSingly(server, texts.slice(sizes.many), manyConnections)
  const measure = await beside(
    '5',
    sizes.many,
    async (from, to) => (await saveSingly(server, texts.slice(from, to), manyConnections)).seconds,
    (from, to) => tinyRequests(tiny, manyConnections, to - from),
  )
  await tiny.stop()
  return measure
}

async function reads(sizes: Sizes, server: Hatstand, folder: string): Promise<Measure[]> {
  const bodies = openBodies(join(folder, 'hatstand.sqlite'))
  const request = server.request('GET', `${path}?take=1000`)
  const read = async (count: number) => {
    const load = { port: server.port, connections: readConnections, count, status: 200 }
    return (await drive({ ...load, request: () => request })).seconds
  }
  await read(warming)
  bodies.build(warming / 10)
  const cpuBefore = server.cpu()
  const measure = await beside(
    '6',
    sizes.reads,
    (from, to) => read(to - from),
    (from, to) => bodies.build(to - from),
  )
  bodies.close()
  const cpu = (server.cpu() - cpuBefore) / sizes.reads
  return [measure, { row: '6b', figure: cpu, limit: 1000 / measure.limit! }]
}
