import { decodeJwt } from 'jose'
import { makeSigningKey } from '../src/auth/signing-keys.ts'
import { currentSigningKey } from '../src/store/signing-keys.ts'
import type { TestServer } from './harness.ts'
import { signedWith } from './scene.ts'

/** Namespaces an application may read and write. */
export interface Rights {
  reads: string[]
  writes: string[]
}

/** A caller of the matrix; without `rights` it is the owner. */
export interface Who {
  name: string
  token: string
  rights?: Rights
}

const granted: Record<string, Rights> = {
  'an application without any right': { reads: [], writes: [] },
  'an application that only reads': { reads: ['mine'], writes: [] },
  'an application that only writes': { reads: [], writes: ['mine'] },
  'an application that reads and writes': { reads: ['mine'], writes: ['mine'] },
  'an application that reads here and writes there': { reads: ['mine'], writes: ['theirs'] },
  'an application with rights elsewhere': { reads: ['elsewhere'], writes: ['elsewhere'] },
}

/** The owner, and an application of each kind. */
export async function whoAsks(server: TestServer): Promise<Who[]> {
  const callers: Who[] = [{ name: 'the owner', token: server.token }]
  for (const [index, [name, rights]] of Object.entries(granted).entries())
    callers.push({ name, token: await server.application(`program-${index}`, rights), rights })
  return callers
}

/** Tokens that count for nothing here, by what is wrong with them. */
export async function strangersTokens(server: TestServer): Promise<[string, string | undefined][]> {
  const key = await server.context.database.read((unit) => currentSigningKey(unit, 1))
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
    ['an opaque token nobody issued', 'nobody-issued-this-opaque-token'],
  ]
}

/** Made once: it takes its time. */
let foreignKey: ReturnType<typeof makeSigningKey> | undefined
