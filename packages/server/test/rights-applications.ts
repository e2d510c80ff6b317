import assert from 'node:assert/strict'
import { findApplication } from '../src/store/access/applications.ts'
import { definition } from './definitions.ts'
import { api, type Cell, json, next, type Row } from './rights-cells.ts'

/** An application that is set up and may do nothing, or one that nobody registered. */
async function application({ server, namespace, exists }: Cell): Promise<string> {
  if (!exists) return `unheard-${next()}`
  const id = `managed-${namespace}`
  const found = await server.context.database.of(1).read((unit) => findApplication(unit, id))
  if (!found) await server.owner.applications.register(definition({ id, roles: [] }))
  if (!found?.enabled) await server.owner.applications.setUp(id)
  return id
}

const onApplication =
  (does = '') =>
  async (cell: Cell) => ({
    path: `${api}/applications/${await application(cell)}${does}`,
  })

/** Where the example of the documentation wants the browser back. */
const redirect = definition().setup.validRedirectUris![0]!

const byName = (path: string, address: string) => async (cell: Cell) => ({
  path: `${path}?name=${await application(cell)}&${address}=${encodeURIComponent(redirect)}`,
})

const list = (path: string): Row => ({
  right: 'lists applications',
  reads: { as: 'read' },
  request: async (cell) => {
    await application(cell)
    return { path: api + path }
  },
  check: ({ text }, rights) => {
    const seen = (JSON.parse(text) as unknown[]).length
    assert.equal(seen > 0, rights === undefined || rights.all === true)
  },
})

/** How the operations on applications are asked for, and who may. */
export const applicationRows: Record<string, Row> = {
  listApplications: list('/applications'),
  listApplicationsForSignIn: list('/applications/hmi'),
  readApplication: { right: 'manages applications', request: onApplication() },
  readDefinition: { right: 'anyone', request: onApplication('/hmi') },
  registerApplication: {
    right: 'owner',
    status: 201,
    request: async () => ({
      path: `${api}/applications`,
      headers: json,
      body: JSON.stringify(definition({ id: `registered-${next()}` })),
    }),
  },
  removeApplication: { right: 'owner', request: onApplication() },
  setUpApplication: { right: 'manages applications', request: onApplication('/setup') },
  setUpApplicationByGet: { right: 'manages applications', request: onApplication('/setup') },
  disableApplication: { right: 'manages applications', request: onApplication('/disable') },
  disableApplicationByGet: { right: 'manages applications', request: onApplication('/disable') },
  createHatLogin: { right: 'owner', request: byName('/control/v2/auth/hatlogin', 'redirect') },
  createTokenForResource: { right: 'owner', request: byName('/users/application_token', 'resource') },
  createApplicationToken: { right: 'gets application tokens', request: onApplication('/access-token') },
}
