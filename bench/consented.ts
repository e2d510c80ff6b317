import { connect } from '@hatstand/sdk'
import { definition } from '../packages/server/test/definitions.ts'
import { freshFolder, removeFolder } from './folders.ts'
import { type Hatstand, startHatstand } from './hatstand.ts'
import { drive, requestBytes } from './load.ts'
import { locations } from './locations.ts'
import { type Measure, type Scene, timesBeside } from './measures.ts'
import { saveThousands } from './posting.ts'

const records = 10_000
const reads = 50
const mapping = { latitude: 'data.locations.latitude', when: 'lastUpdated' }
const bundle = { places: { endpoints: [{ endpoint: 'bench/locations', mapping }], limit: 1000 } }

/** Row 16: the values of a data debit, a thousand records, mapped, beside the owner's read of the same bundle. */
export const consented: Scene = {
  rows: ['16'],
  async run() {
    const folder = freshFolder()
    const server = await startHatstand({ folder })
    try {
      await saveThousands(server, locations(0, records))
      return await measured(server)
    } finally {
      await server.stop()
      removeFolder(folder)
    }
  },
}

async function measured(server: Hatstand): Promise<Measure[]> {
  const values = requestBytes('GET', '/api/v2.6/data-debit/bench/values', await requester(server))
  const target = '/api/v2.6/data-bundle/same'
  const saving = server.request('POST', target, JSON.stringify(bundle))
  await drive({ port: server.port, connections: 1, count: 1, request: () => saving, status: 201 })
  const plain = server.request('GET', target)
  const asking = (request: Buffer) => () =>
    drive({ port: server.port, connections: 1, count: reads, request: () => request, status: 200 })
  await timesBeside('16', asking(values), asking(plain))
  return [await timesBeside('16', asking(values), asking(plain))]
}

/** The headers of an application that asked for data, and was accepted. */
async function requester(server: Hatstand): Promise<Record<string, string>> {
  const url = `http://localhost:${server.port}`
  const owner = connect(url, server.headers['x-auth-token'])
  await owner.applications.register(definition({ id: 'requester', roles: ['datadebit'] }))
  await owner.applications.setUp('requester')
  const { accessToken } = await owner.applications.accessToken('requester')
  await connect(url, accessToken).dataDebits.propose('bench', {
    purpose: 'To measure',
    start: '2020-01-01',
    period: 'P30D',
    cancelAtPeriodEnd: false,
    requestClientName: 'Bench',
    requestClientUrl: '',
    requestClientLogoUrl: '',
    termsUrl: '',
    bundle: { name: 'bench', bundle },
  })
  await owner.dataDebits.enable('bench', { permission: 1 })
  return { ...server.headers, 'x-auth-token': accessToken }
}
