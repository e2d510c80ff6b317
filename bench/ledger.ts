import { connect } from '@hatstand/sdk'
import { definition } from '../packages/server/test/definitions.ts'
import { freshFolder, removeFolder } from './folders.ts'
import { type Hatstand, path, startHatstand } from './hatstand.ts'
import { drive, requestBytes } from './load.ts'
import { locations } from './locations.ts'
import { beside, type Measure, type Scene, type Sizes } from './measures.ts'
import { saveSingly, saveThousands } from './posting.ts'

const manyConnections = 64
const readConnections = 4
const warming = 500
/** Records in the store that is read. */
const records = 10_000

/** Row 13: the work of rows 4 and 5, and reads by an application, with the ledger on beside the same with it off. */
export const ledger: Scene = {
  rows: ['13'],
  async run(sizes) {
    const folders = [freshFolder(), freshFolder()] as const
    const [on, off] = await Promise.all(
      folders.map((folder, index) =>
        startHatstand({ folder, settings: { HATSTAND_LEDGER: index === 0 ? 'on' : 'off' } }),
      ),
    )
    try {
      for (const server of [on!, off!]) await saveThousands(server, locations(0, records))
      return await measured(sizes, on!, off!)
    } finally {
      await on!.stop()
      await off!.stop()
      folders.forEach(removeFolder)
    }
  },
}

/** What saves a part of these texts, which gives the seconds it took. */
const save = (server: Hatstand, list: string[], connections: number) => (from: number, to: number) =>
  saveSingly(server, list.slice(from, to), connections).then(({ seconds }) => seconds)

async function measured(sizes: Sizes, on: Hatstand, off: Hatstand): Promise<Measure[]> {
  const texts = locations(records, sizes.many + sizes.lone + 2 * warming)
  const many = texts.slice(0, sizes.many)
  const lone = texts.slice(sizes.many, sizes.many + sizes.lone)
  const [warmMany, warmLone] = [texts.slice(-2 * warming, -warming), texts.slice(-warming)]
  for (const server of [on, off]) await save(server, warmMany, manyConnections)(0, warming)
  const ofMany = save(on, many, manyConnections)
  const first = await beside('13', many.length, ofMany, save(off, many, manyConnections))
  for (const server of [on, off]) await save(server, warmLone, 1)(0, warming)
  const second = await beside('13b', lone.length, save(on, lone, 1), save(off, lone, 1))
  const readOn = await reads(on)
  const readOff = await reads(off)
  for (const read of [readOn, readOff]) await read(0, warming)
  return [first, second, await beside('13c', sizes.reads, readOn, readOff)]
}

/** Reads of a thousand records by an application. Gives what does them, which gives the seconds it took. */
async function reads(server: Hatstand) {
  const owner = connect(`http://localhost:${server.port}`, server.headers['x-auth-token'])
  await owner.applications.register(definition({ id: 'reader', roles: ['namespaceread bench'] }))
  await owner.applications.setUp('reader')
  const { accessToken } = await owner.applications.accessToken('reader')
  const headers = { ...server.headers, 'x-auth-token': accessToken }
  const request = requestBytes('GET', `${path}?take=1000`, headers)
  const load = { port: server.port, connections: readConnections, request: () => request, status: 200 }
  return async (from: number, to: number) => (await drive({ ...load, count: to - from })).seconds
}
