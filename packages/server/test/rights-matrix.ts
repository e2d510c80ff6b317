import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Operation } from '@hatstand/api/operation.ts'
import { operations } from '@hatstand/api/operations.ts'
import { decodeJwt } from 'jose'
import { sql } from 'kysely'
import { opaqueId } from '../src/auth/opaque-tokens.ts'
import type { Database } from '../src/database/port.ts'
import type { Tables } from '../src/database/tables.ts'
import { listEntries } from '../src/store/ledger/entries.ts'
import { ask, everyRow, type Reply } from './asking.ts'
import { type Engine, routeEngines } from './engines.ts'
import { startServer, type TestServer } from './harness.ts'
import { quick } from './quick.ts'
import { api, type Cell, type Row } from './rights-cells.ts'
import { rows } from './rights-rows.ts'
import { strangersTokens, type Who, whoAsks } from './tokens.ts'

const codeOf = ({ text }: Reply): string => JSON.parse(text).code

function may({ rights }: Who, { right }: Row, namespace: string): boolean {
  if (rights === undefined || right === 'anyone' || right === 'any caller') return true
  if (right === 'owner') return false
  const has = (wanted: string, detail = '') =>
    rights.roles?.some((one) => one.role === wanted && one.detail === detail) === true
  if (right === 'role owner') return rights.all ?? has('owner')
  if (right === 'platform') return rights.all ?? has('platform')
  if (right === 'proposes') return rights.all ?? (has('platform') || has('datadebit'))
  if (right === 'decides') return rights.all === true
  if (right === 'lists applications') return rights.all ?? has('applicationlist')
  if (right === 'manages applications') return rights.all ?? has('applicationmanage', `managed-${namespace}`)
  if (right === 'gets application tokens') return has('retrieveapplicationtoken', `managed-${namespace}`)
  return rights.all === true || rights[right === 'read' ? 'reads' : 'writes'].includes(namespace)
}

async function admits(cell: Cell, { method }: Operation, row: Row, who: Partial<Who>): Promise<void> {
  const { context, url } = cell.server
  const request = await row.request(cell)
  const tokens = row.endsToken && (await everyToken(context.database))
  const [newest] = await listEntries(context.database.of(1), {}, 1)
  const headers = { ...request.headers, ...(who.token !== undefined && { 'x-auth-token': who.token }) }
  const reply = await ask(url, { ...request, method, headers })
  assert.equal(reply.status, row.status ?? 200, reply.text)
  if (row.reads) await isNoted(cell, row.reads, who as Who, newest?.entryId)
  if (tokens) await giveBack(context.database, tokens)
  row.check?.(reply, who.rights)
}

/** What anyone but the owner reads is in the ledger by the time they have it; what the owner reads is only summed up, later. */
async function isNoted(
  { server, namespace }: Cell,
  { as, records }: NonNullable<Row['reads']>,
  { token, rights }: Who,
  last: string | undefined,
): Promise<void> {
  const newest = await listEntries(server.context.database.of(1), {}, 10)
  const end = newest.findIndex(({ entryId }) => entryId === last)
  const fresh = newest.slice(0, end < 0 ? newest.length : end).filter(({ action }) => action === as)
  assert.equal(fresh.length, rights ? 1 : 0, `entries of the ledger that say ${as}`)
  const [entry] = fresh
  if (!entry) return
  const tokenId = token.includes('.') ? decodeJwt(token).jti : opaqueId(token).tokenId
  assert.equal(entry.tokenId, tokenId, 'the entry says who it was')
  if (!records) return
  assert.ok(entry.records > 0, 'the entry says how many records')
  assert.ok(entry.endpoints.length > 0 && entry.endpoints.every((name) => name.startsWith(`${namespace}/`)))
}

type Token = Tables['access_token']

function everyToken(database: Database): Promise<Token[]> {
  return database.read((unit) => unit.all<Token>(sql`select * from access_token`))
}

/** Puts tokens back that are there no more. */
async function giveBack(database: Database, tokens: Token[]): Promise<void> {
  const names = Object.keys(tokens[0]!) as (keyof Token)[]
  const columns = Object.fromEntries(names.map((name) => [name, tokens.map((token) => token[name])]))
  const back = await database.of(1).write((unit) => unit.insertMissing('access_token', columns))
  assert.ok(back > 0)
}

/** Whoever comes with a token that does not count is refused, on every prefix and by HEAD, and nothing changed. */
async function keepsOut(
  cell: Cell,
  { method }: Operation,
  row: Row,
  strangers: [string, string | undefined][],
) {
  const request = await row.request(cell)
  const kept = await everyRow(cell.server.context.database)
  // Who is asking is found out before the prefix matters: in `npm test` one is enough.
  const prefixes = quick ? ['/api/v2.6'] : ['/api/v2.6', '/api/v2', '/api/v2.0']
  const prefixed = prefixes.map((prefix) => request.path.replace(api, prefix))
  for (const [what, token] of strangers) {
    const headers = { ...request.headers, ...(token !== undefined && { 'x-auth-token': token }) }
    for (const path of new Set(prefixed)) {
      const reply = await ask(cell.server.url, { ...request, path, method, headers })
      assert.deepEqual([reply.status, codeOf(reply)], [401, 'not_authenticated'], what)
      assert.equal(reply.headers['x-auth-token'], undefined, what)
    }
    if (method === 'GET')
      assert.equal((await ask(cell.server.url, { ...request, method: 'HEAD', headers })).status, 401, what)
  }
  assert.equal(await everyRow(cell.server.context.database), kept)
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

/** Where no token is looked at, a few of each kind say as much as all; and hashing passwords takes its time on purpose. */
function asking<One>(all: readonly One[], { right }: Row): readonly One[] {
  return right === 'anyone' ? all.filter((_, index) => index % 8 === 0) : all
}

/** Whether a right is one for some namespaces or applications, and not for others. */
function dependsOnPlace({ right }: Row): boolean {
  return ['read', 'write', 'manages applications', 'gets application tokens', 'any caller'].includes(right)
}

/** Every operation with one of these tags, asked by everybody. The matrix is large, and files run side by side: each has some tags. */
export function askEverything(...tags: string[]): void {
  for (const engine of routeEngines)
    askOn(
      engine,
      operations.filter((one) => one.tags.some((tag) => tags.includes(tag))),
    )
}

function askOn(engine: Engine, asked: readonly Operation[]): void {
  describe(`Rights on ${engine.name}`, () => {
    const ends: (() => unknown)[] = []
    let server: TestServer
    let everybody: Who[]
    let strangers: [string, string | undefined][]
    before(async () => {
      const settings = { HATSTAND_TRUST_PROXY: '127.0.0.1' }
      server = await startServer({ after: (end) => ends.push(end as () => unknown) }, engine, { settings })
      everybody = await whoAsks(server)
      strangers = await strangersTokens(server)
    })
    after(async () => {
      for (const end of ends) await end()
    })

    for (const operation of asked) {
      const row = rows[operation.operationId]!
      const name = `${operation.method} ${operation.path}`

      test(`${name}: ${row.right === 'anyone' ? 'no token is needed, and a bad one does no harm' : 'no stranger gets in'}`, async () => {
        const cell = { server, namespace: 'mine', exists: true }
        if (row.right !== 'anyone') return keepsOut(cell, operation, row, strangers)
        for (const [, token] of asking(strangers, row))
          await admits(cell, operation, row, token === undefined ? {} : { token })
      })

      test(`${name}: the owner may, an application what it was granted`, async () => {
        for (const who of asking(everybody, row))
          for (const namespace of dependsOnPlace(row) ? ['mine', 'theirs'] : ['mine']) {
            const cell = { server, namespace, exists: true }
            const act = may(who, row, namespace) ? admits : refuses
            await act(cell, operation, row, who).catch((error: Error) => {
              throw new Error(`${who.name} on ${namespace}: ${error.message}`, { cause: error })
            })
          }
      })
    }
  })
}
