import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import type { ErrorCode } from '@hatstand/api/errors.ts'
import type { Operation } from '@hatstand/api/operation.ts'
import { operations } from '@hatstand/api/operations.ts'
import { sql } from 'kysely'
import type { Database } from '../src/database/port.ts'
import type { Tables } from '../src/database/tables.ts'
import { addAccessToken } from '../src/store/access-tokens.ts'
import { addUser } from '../src/store/users.ts'
import { ask, everyRow, type Reply, type Request } from './asking.ts'
import { engines } from './engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from './harness.ts'
import { type Rights, strangersTokens, type Who, whoAsks } from './tokens.ts'

/** What one cell of the matrix asks for: something in a namespace, that is there or is not. */
interface Cell {
  server: TestServer
  namespace: string
  exists: boolean
}

/** How to ask for an operation, and who may. */
interface Row {
  right: 'read' | 'write' | 'owner' | 'platform' | 'any caller' | 'anyone'
  request(cell: Cell): Promise<Omit<Request, 'method'>>
  status?: number
  /** Who has no right is told this; `forbidden` unless said otherwise. */
  refusal?: ErrorCode
  /** Whoever holds a record's id may be told that it is not theirs, where an unknown one is missing (architecture 1.3). */
  byId?: true
  /** Ends the token it is asked with, which is given back afterwards. */
  endsToken?: true
  /** Looks at the answer of a caller who may ask. */
  check?(reply: Reply, rights: Rights | undefined): void
}

const api = '/api/v2.6'
const unknownId = '00000000-0000-4000-8000-000000000000'
const json = { 'content-type': 'application/json' }
let count = 0
const fresh = () => JSON.stringify({ number: ++count })

/** An endpoint with one record, or one that nobody ever wrote to. */
async function endpoint({ server, namespace, exists }: Cell): Promise<string> {
  const name = `${namespace}/things-${++count}`
  if (exists) await server.owner.records.create(name, { number: ++count })
  return name
}

async function record({ server, namespace, exists }: Cell): Promise<{ endpoint: string; recordId: string }> {
  const name = `${namespace}/one-by-one`
  if (!exists) return { endpoint: name, recordId: unknownId }
  const { recordId } = await server.owner.records.create(name, { number: ++count })
  return { endpoint: name, recordId }
}

const onEndpoint = (base: string) => async (cell: Cell) => ({ path: `${api}${base}/${await endpoint(cell)}` })
const onRecord = (base: string) => async (cell: Cell) => ({
  path: `${api}${base}${(await record(cell)).recordId}`,
})
const plain = (path: string) => async () => ({ path })

/** The id of a session, or one that nobody has. */
async function tokenId({ server: { context }, exists }: Cell): Promise<string> {
  const id = `session-${++count}`
  const now = context.now()
  const kept = { kind: 'session', holder: 'owner', subject: 'owner-of-the-test', about: 'a test' } as const
  const token = { ...kept, tokenId: id, createdAt: now, expiresAt: now + 60_000 }
  if (exists) await context.database.write(1, (unit) => addAccessToken(unit, 1, token))
  return id
}

/** The id of a user, or one that nobody has. */
async function userId({ server: { context }, exists }: Cell): Promise<string> {
  const id = randomUUID()
  const user = { userId: id, name: id, displayName: id, passwordHash: 'none', enabled: true, roles: [] }
  if (exists) await context.database.write(1, (unit) => addUser(unit, 1, user, context.now()))
  return id
}

const onUser = (verb: string) => async (cell: Cell) => ({
  path: `/users/user/${await userId(cell)}/${verb}`,
})

const rows: Record<string, Row> = {
  createRecords: {
    right: 'write',
    status: 201,
    request: async (cell) => ({ path: `${api}/data/${await endpoint(cell)}`, headers: json, body: fresh() }),
  },
  listRecords: {
    right: 'read',
    request: onEndpoint('/data'),
    check: ({ text }) => assert.equal(JSON.parse(text).length, 1),
  },
  readRecord: { right: 'read', refusal: 'record_unknown', request: onRecord('/data-record/') },
  updateRecords: {
    right: 'write',
    status: 201,
    byId: true,
    request: async (cell) => ({
      path: `${api}/data`,
      headers: json,
      body: JSON.stringify([{ ...(await record(cell)), data: { number: ++count } }]),
    }),
  },
  deleteRecords: { right: 'write', byId: true, request: onRecord('/data?records=') },
  deleteEndpoint: { right: 'write', request: onEndpoint('/data') },
  createBatch: {
    right: 'write',
    status: 201,
    request: async (cell) => ({
      path: `${api}/data-batch`,
      headers: json,
      body: `[{"endpoint":"${await endpoint(cell)}","data":${fresh()}}]`,
    }),
  },
  createLink: { right: 'write', status: 201, byId: true, request: onRecord('/data-link?records=') },
  listSources: {
    right: 'any caller',
    request: async (cell) => {
      await endpoint(cell)
      return { path: `${api}/data/sources` }
    },
    check: ({ text }, rights) => {
      const seen = Object.keys(JSON.parse(text) as object)
      const all =
        rights?.all ?? rights?.roles?.some(({ role }) => role === 'platform' || role === 'datacredit')
      if (rights && !all)
        assert.deepEqual(
          seen.filter((namespace) => !rights.reads.includes(namespace)),
          [],
        )
      else assert.ok(seen.includes('mine') && seen.includes('theirs'))
    },
  },
  eraseRecords: { right: 'owner', request: onRecord('/data-erasure?records=') },
  eraseEndpoint: { right: 'owner', request: onEndpoint('/data-erasure') },
  createAccessToken: {
    right: 'anyone',
    request: async () => ({
      path: '/users/access_token',
      headers: { username: ownerName, password: encodeURIComponent(ownerPassword) },
    }),
  },
  endAccessToken: { right: 'any caller', endsToken: true, request: plain('/users/access_token') },
  listAccessTokens: { right: 'owner', request: plain(`${api}/access-tokens`) },
  revokeAccessToken: {
    right: 'owner',
    request: async (cell) => ({ path: `${api}/access-tokens/${await tokenId(cell)}` }),
  },
  revokeAccessTokens: { right: 'owner', request: plain(`${api}/access-tokens?holder=nobody`) },
  listUsers: { right: 'platform', request: plain('/users/user') },
  createUser: {
    right: 'platform',
    status: 201,
    request: async () => ({
      path: '/users/user',
      headers: json,
      body: JSON.stringify({ email: `user-${++count}`, password: ownerPassword }),
    }),
  },
  updateUser: {
    right: 'platform',
    status: 201,
    request: async (cell) => ({
      path: `/users/user/${await userId(cell)}/update`,
      headers: json,
      body: JSON.stringify({ name: `${++count}` }),
    }),
  },
  enableUser: { right: 'platform', request: onUser('enable') },
  disableUser: { right: 'platform', request: onUser('disable') },
  deleteUser: { right: 'platform', request: onUser('delete') },
  listPublicKeys: { right: 'anyone', request: plain('/.well-known/jwks.json') },
  validateAccessToken: { right: 'any caller', request: plain('/users/access_token/validate') },
  readPublicKey: { right: 'anyone', request: plain('/publickey') },
  readHealth: { right: 'anyone', request: plain('/healthz') },
  readVersion: { right: 'anyone', request: plain('/version') },
  readMetrics: { right: 'anyone', request: plain('/metrics') },
  readOpenApi: { right: 'anyone', request: plain('/openapi.json') },
  readDocs: { right: 'anyone', request: plain('/docs') },
}

const codeOf = ({ text }: Reply): string => JSON.parse(text).code

async function send(cell: Cell, { method }: Operation, row: Row, token: string | undefined): Promise<Reply> {
  const request = await row.request(cell)
  const headers = { ...request.headers, ...(token !== undefined && { 'x-auth-token': token }) }
  return ask(cell.server.url, { ...request, method, headers })
}

function may({ rights }: Who, { right }: Row, namespace: string): boolean {
  if (rights === undefined || right === 'anyone' || right === 'any caller') return true
  if (right === 'owner') return false
  if (right === 'platform')
    return rights.all ?? rights.roles?.some(({ role }) => role === 'platform') ?? false
  return rights.all === true || rights[right === 'read' ? 'reads' : 'writes'].includes(namespace)
}

async function admits(cell: Cell, operation: Operation, row: Row, who: Who): Promise<void> {
  const { database } = cell.server.context
  const tokens = row.endsToken && (await everyToken(database))
  const reply = await send(cell, operation, row, who.token)
  assert.equal(reply.status, row.status ?? 200, reply.text)
  if (tokens) await giveBack(database, tokens)
  row.check?.(reply, who.rights)
}

type Token = Tables['access_token']

function everyToken(database: Database): Promise<Token[]> {
  return database.read((unit) => unit.all<Token>(sql`select * from access_token`))
}

/** Puts tokens back that are there no more. */
async function giveBack(database: Database, tokens: Token[]): Promise<void> {
  const names = Object.keys(tokens[0]!) as (keyof Token)[]
  const columns = Object.fromEntries(names.map((name) => [name, tokens.map((token) => token[name])]))
  const back = await database.write(1, (unit) => unit.insertMissing('access_token', columns))
  assert.equal(back, 1)
}

/** Whoever comes with a token that does not count is refused, on every prefix and by HEAD, and nothing changed. */
async function keepsOut(cell: Cell, { method }: Operation, row: Row, what: string, token?: string) {
  const request = await row.request(cell)
  const headers = { ...request.headers, ...(token !== undefined && { 'x-auth-token': token }) }
  const kept = await everyRow(cell.server.context.database)
  for (const prefix of ['/api/v2.6', '/api/v2', '/api/v2.0']) {
    const path = request.path.replace(api, prefix)
    const reply = await ask(cell.server.url, { ...request, path, method, headers })
    assert.deepEqual([reply.status, codeOf(reply)], [401, 'not_authenticated'], what)
    assert.equal(reply.headers['x-auth-token'], undefined, what)
  }
  if (method === 'GET')
    assert.equal((await ask(cell.server.url, { ...request, method: 'HEAD', headers })).status, 401, what)
  assert.equal(await everyRow(cell.server.context.database), kept, what)
}

/** Refused with the right code, with nothing changed, and with the same words whether the thing is there or not. */
async function refuses(cell: Cell, operation: Operation, row: Row, who: Who): Promise<void> {
  const replies: Reply[] = []
  for (const exists of [true, false]) {
    const request = await row.request({ ...cell, exists })
    const kept = await everyRow(cell.server.context.database)
    const headers = { ...request.headers, 'x-auth-token': who.token }
    replies.push(await ask(cell.server.url, { ...request, method: operation.method, headers }))
    assert.equal(await everyRow(cell.server.context.database), kept, 'nothing changed')
  }
  const [there, notThere] = replies as [Reply, Reply]
  assert.equal(codeOf(there), row.refusal ?? 'forbidden')
  assert.equal(there.status, row.refusal === 'record_unknown' ? 404 : 403)
  if (row.byId && codeOf(notThere) === 'data_missing') assert.equal(notThere.status, 400)
  else assert.deepEqual([notThere.status, notThere.text], [there.status, there.text])
}

test('every operation has its row in the matrix of rights, and every row its operation', () => {
  assert.deepEqual(Object.keys(rows).toSorted(), operations.map((one) => one.operationId).toSorted())
})

for (const engine of engines)
  describe(`Rights on ${engine.name}`, () => {
    const ends: (() => unknown)[] = []
    let server: TestServer
    let everybody: Who[]
    let strangers: [string, string | undefined][]
    before(async () => {
      server = await startServer({ after: (end) => ends.push(end as () => unknown) }, engine)
      everybody = await whoAsks(server)
      strangers = await strangersTokens(server)
    })
    after(async () => {
      for (const end of ends) await end()
    })

    for (const operation of operations) {
      const row = rows[operation.operationId]!
      const name = `${operation.method} ${operation.path}`

      test(`${name}: ${row.right === 'anyone' ? 'no token is needed, and a bad one does no harm' : 'no stranger gets in'}`, async () => {
        const cell = { server, namespace: 'mine', exists: true }
        for (const [what, token] of strangers)
          if (row.right === 'anyone')
            assert.equal((await send(cell, operation, row, token)).status, 200, what)
          else await keepsOut(cell, operation, row, what, token)
      })

      test(`${name}: the owner may, an application what it was granted`, async () => {
        for (const who of everybody)
          for (const namespace of ['mine', 'theirs']) {
            const cell = { server, namespace, exists: true }
            const act = may(who, row, namespace) ? admits : refuses
            await act(cell, operation, row, who).catch((error: Error) => {
              throw new Error(`${who.name} on ${namespace}: ${error.message}`, { cause: error })
            })
          }
      })
    }
  })
