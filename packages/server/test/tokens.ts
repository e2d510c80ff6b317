import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import { issueToken } from '../src/auth/access-tokens.ts'
import { makeSigningKey } from '../src/auth/keys.ts'
import { makeOpaqueToken, opaqueId } from '../src/auth/opaque-tokens.ts'
import type { Role, RoleName } from '../src/domain/access/roles.ts'
import { addAccessToken } from '../src/store/access/access-tokens.ts'
import { disableApplication } from '../src/store/access/applications.ts'
import { currentSigningKey } from '../src/store/access/signing-keys.ts'
import { addUser, putUser } from '../src/store/access/users.ts'
import { rolesOfRights } from './applications.ts'
import type { TestServer } from './harness.ts'
import { signedWith } from './scene.ts'

/** What somebody other than the owner may do: namespaces, other roles, or everything with data. */
export interface Rights {
  reads: string[]
  writes: string[]
  roles?: Role[]
  /** The role `owner`: all data, but not what only the owner does in person. */
  all?: true
}

/** A caller of the matrix; without `rights` it is the owner. */
export interface Who {
  name: string
  token: string
  rights?: Rights
}

const plain = (role: RoleName): Role => ({ role, detail: '' })
const both = { reads: ['mine'], writes: ['mine'] }
const nothing = { reads: [], writes: [] }

const granted: Record<string, Rights> = {
  'an application without any right': nothing,
  'an application that only reads': { reads: ['mine'], writes: [] },
  'an application that only writes': { reads: [], writes: ['mine'] },
  'an application that reads and writes': both,
  'an application that reads here and writes there': { reads: ['mine'], writes: ['theirs'] },
  'an application with rights elsewhere': { reads: ['elsewhere'], writes: ['elsewhere'] },
  'an application with the role owner': { ...nothing, all: true, roles: [plain('owner')] },
  'an application that lists applications': { ...nothing, roles: [plain('applicationlist')] },
  'an application that manages another': {
    ...nothing,
    roles: [{ role: 'applicationmanage', detail: 'managed-mine' }],
  },
  'an application that gets tokens of another': {
    ...nothing,
    roles: [{ role: 'retrieveapplicationtoken', detail: 'managed-mine' }],
  },
}

const people: Record<string, Rights> = {
  'a user without any role': nothing,
  'a user who may only validate': { ...nothing, roles: [plain('validate')] },
  'a user who reads': { reads: ['mine'], writes: [] },
  'a user who writes': { reads: [], writes: ['mine'] },
  'a user of the platform': { ...nothing, roles: [plain('platform')] },
  'a user who proposes data debits': { ...nothing, roles: [plain('datadebit')] },
  'a user who gives data': { ...nothing, roles: [plain('datacredit')] },
}

/** What the application was granted, the scope of its token, and what is left. */
const scopes: Record<string, [granted: Rights, scope: string, left: Rights]> = {
  'an OAuth token for reading, of an application that writes, too': [
    both,
    'read:mine',
    { reads: ['mine'], writes: [] },
  ],
  'an OAuth token whose scope is wider than the grant': [
    { reads: ['mine'], writes: [] },
    'read:mine write:mine read:theirs write:theirs',
    { reads: ['mine'], writes: [] },
  ],
  'an OAuth token with an empty scope': [both, '', nothing],
  'an OAuth token of an application with the role owner': [
    { ...nothing, roles: [plain('owner')] },
    'read:mine',
    { reads: ['mine'], writes: [] },
  ],
}

/** The owner, an application and a user of each kind, and OAuth tokens of each scope. */
export async function whoAsks(server: TestServer): Promise<Who[]> {
  const callers: Who[] = [{ name: 'the owner', token: server.token }]
  for (const [index, [name, rights]] of Object.entries(granted).entries())
    callers.push({ name, token: await server.application(`program-${index}`, rights), rights })
  for (const [name, rights] of Object.entries(people))
    callers.push({ name, token: (await addPerson(server, name, rights)).token, rights })
  for (const [index, [name, [wide, scope, rights]]] of Object.entries(scopes).entries()) {
    await server.application(`client-${index}`, wide)
    callers.push({ name, token: await opaqueToken(server, { holder: `client-${index}`, scope }), rights })
  }
  return callers
}

async function addPerson({ context }: TestServer, name: string, rights: Rights) {
  const subject = randomUUID()
  const user = { userId: subject, name, displayName: name, passwordHash: 'none', enabled: true }
  await context.database
    .of(1)
    .write((unit) => addUser(unit, { ...user, roles: rolesOfRights(rights) }, context.now()))
  const bearer = { kind: 'user', subject, title: 'validate' } as const
  const token = await issueToken(context, { pda: 1, domain: context.config.domain }, bearer, 'a test')
  return { user, token }
}

/** An opaque token as OAuth issues them, or a session's cookie. */
async function opaqueToken(
  { context: { database } }: TestServer,
  token: { holder: string; scope?: string; kind?: 'oauth' | 'session'; expiresAt?: number },
): Promise<string> {
  const text = makeOpaqueToken()
  const createdAt = Date.now()
  const kept = {
    kind: 'oauth',
    subject: 'owner-of-the-test',
    expiresAt: createdAt + 600_000,
    ...token,
  } as const
  await database
    .of(1)
    .write((unit) =>
      addAccessToken(unit, { ...kept, tokenId: opaqueId(text).tokenId, about: 'a test', createdAt }),
    )
  return text
}

/** Tokens of holders that were enabled once, and are not any more. */
async function disabledTokens(server: TestServer): Promise<[string, string][]> {
  const { database } = server.context
  const application = await server.application('disabled', both)
  const opaque = await opaqueToken(server, { holder: 'disabled', scope: 'read:mine write:mine' })
  await database.of(1).write((unit) => disableApplication(unit, 'disabled', Date.now()))
  const { user, token } = await addPerson(server, 'somebody who was disabled', both)
  const roles = rolesOfRights(both)
  const before = { ...user, roles }
  await database.of(1).write((unit) => putUser(unit, { ...before, enabled: false }, before))
  return [
    ['the token of a disabled application', application],
    ['the OAuth token of a disabled application', opaque],
    ['the token of a disabled user', token],
  ]
}

/** Tokens that count for nothing here, by what is wrong with them. */
export async function strangersTokens(server: TestServer): Promise<[string, string | undefined][]> {
  const key = await server.context.database.of(1).read((unit) => currentSigningKey(unit))
  const claims = decodeJwt(server.token)
  const now = Math.floor(Date.now() / 1000)
  const another = await (foreignKey ??= makeSigningKey())
  const [head, body, signature] = server.token.split('.') as [string, string, string]
  const unsigned = Buffer.from('{"alg":"none","typ":"JWT"}').toString('base64url')
  const forger = { application: 'program-9', applicationVersion: '1.0.0' }
  const { accessScope: _scope, resource: _resource, ...shared } = claims
  return [
    ['no token', undefined],
    ['an empty token', ''],
    ['a broken token', 'not.a.token'],
    ['a token cut off', server.token.slice(0, -20)],
    ['a token with another signature', `${head}.${body}.${signature.split('').toReversed().join('')}`],
    ['an unsigned token', `${unsigned}.${body}.`],
    ['an expired token', await signedWith(key, { ...claims, iat: now - 7200, exp: now - 1 })],
    [
      "another account's token",
      await signedWith(another, { ...claims, iss: 'you.example.org', resource: 'you.example.org' }),
    ],
    ['a token of another key', await signedWith(another, claims)],
    [
      'a token of another key that claims to be ours',
      await signedWith({ ...another, keyId: key.keyId }, claims),
    ],
    ['a token of another issuer', await signedWith(key, { ...claims, iss: 'you.example.org' })],
    ['a token of another owner', await signedWith(key, { ...claims, sub: 'other' })],
    ['a token of an unknown application', await signedWith(key, { ...shared, ...forger })],
    ['a token that was revoked', await signedWith(key, { ...claims, jti: 'revoked' })],
    ['an opaque token nobody issued', makeOpaqueToken()],
    [
      'an expired OAuth token',
      await opaqueToken(server, { holder: 'client-0', scope: 'read:mine', expiresAt: 1 }),
    ],
    ["a session's cookie", await opaqueToken(server, { holder: 'owner', kind: 'session' })],
    ...(await disabledTokens(server)),
  ]
}

/** Made once: it takes its time. */
let foreignKey: ReturnType<typeof makeSigningKey> | undefined
