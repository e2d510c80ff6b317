import { randomUUID } from 'node:crypto'
import type { ErrorCode } from '@hatstand/api/errors.ts'
import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import { addAccessToken } from '../src/store/access/access-tokens.ts'
import { addUser } from '../src/store/access/users.ts'
import type { Reply, Request } from './asking.ts'
import type { TestServer } from './harness.ts'
import type { Rights } from './tokens.ts'

/** Who may: who may read or write in the namespace of a cell, who has the role `platform` or `owner`, lists or manages applications, proposes data debits or decides on them. */
export type Right =
  | 'read'
  | 'write'
  | 'owner'
  | 'platform'
  | 'role owner'
  | 'lists applications'
  | 'manages applications'
  | 'gets application tokens'
  | 'proposes'
  | 'decides'
  | 'any caller'
  | 'anyone'

/** What one cell of the matrix asks for: something in a namespace, that is there or is not. */
export interface Cell {
  server: TestServer
  namespace: string
  exists: boolean
}

/** How to ask for an operation, and who may. */
export interface Row {
  right: Right
  request(cell: Cell): Promise<Omit<Request, 'method'>>
  status?: number
  /** Who has no right is told this; `forbidden` unless said otherwise. */
  refusal?: ErrorCode
  /** Whoever holds a record's id may be told that it is not theirs, where an unknown one is missing (architecture 1.3). */
  byId?: true
  /** Ends the owner's tokens or the one it is asked with, which are given back afterwards. */
  endsToken?: true
  /** It reads: the ledger says so, by this word, of everybody but the owner, and of which endpoint and how many where records are read. */
  reads?: { as: LedgerAction; records?: true }
  /** Looks at the answer of a caller who may ask. */
  check?(reply: Reply, rights: Rights | undefined): void
}

export const api = '/api/v2.6'
const unknownId = '00000000-0000-4000-8000-000000000000'
export const json = { 'content-type': 'application/json' }
let made = 0
/** A number nobody has had. */
export const next = () => ++made
export const fresh = () => JSON.stringify({ number: next() })

/** An endpoint with one record, or one that nobody ever wrote to. */
export async function endpoint({ server, namespace, exists }: Cell): Promise<string> {
  const name = `${namespace}/things-${next()}`
  if (exists) await server.owner.records.create(name, { number: next() })
  return name
}

export async function record({
  server,
  namespace,
  exists,
}: Cell): Promise<{ endpoint: string; recordId: string }> {
  const name = `${namespace}/one-by-one`
  if (!exists) return { endpoint: name, recordId: unknownId }
  const { recordId } = await server.owner.records.create(name, { number: next() })
  return { endpoint: name, recordId }
}

export const onEndpoint = (base: string) => async (cell: Cell) => ({
  path: `${api}${base}/${await endpoint(cell)}`,
})
export const onRecord = (base: string) => async (cell: Cell) => ({
  path: `${api}${base}${(await record(cell)).recordId}`,
})
export const plain = (path: string) => async () => ({ path })

/** The id of a session, or one that nobody has. */
export async function tokenId({ server: { context }, exists }: Cell): Promise<string> {
  const id = `session-${next()}`
  const now = context.now()
  const kept = { kind: 'session', holder: 'owner', subject: 'owner-of-the-test', about: 'a test' } as const
  const token = { ...kept, tokenId: id, createdAt: now, expiresAt: now + 60_000 }
  if (exists) await context.database.of(1).write((unit) => addAccessToken(unit, token))
  return id
}

/** The id of a user, or one that nobody has. */
export async function userId({ server: { context }, exists }: Cell): Promise<string> {
  const id = randomUUID()
  const user = { userId: id, name: id, displayName: id, passwordHash: 'none', enabled: true, roles: [] }
  if (exists) await context.database.of(1).write((unit) => addUser(unit, user, context.now()))
  return id
}

export const onUser = (verb: string) => async (cell: Cell) => ({
  path: `/users/user/${await userId(cell)}/${verb}`,
})
