import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'
import { Type, type Static } from './type.ts'

export const readPublicKey = {
  operationId: 'readPublicKey',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/publickey',
  root: true,
  public: true,
  tags: ['access tokens'],
  summary: 'Read the key that verifies access tokens',
  description:
    'The public half of the key that signs new access tokens of this personal data account. Older keys that still count are in `/.well-known/jwks.json`.',
  querystring: NoQuery,
  answers: {
    200: {
      description: 'A SubjectPublicKeyInfo in PEM.',
      contentType: 'text/plain',
      example: '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQ...\n-----END PUBLIC KEY-----\n',
    },
  },
  refusals: [],
} satisfies Operation

const Jwk = Type.Object({
  kty: Type.Enum(['RSA']),
  n: Type.String({ description: 'The modulus, base64url.' }),
  e: Type.String({ description: 'The exponent, base64url.' }),
  kid: Type.String({ description: 'As in the header of the tokens it signed.' }),
  alg: Type.Enum(['RS256']),
  use: Type.Enum(['sig']),
})

export const KeySet = Type.Object(
  { keys: Type.Array(Jwk) },
  { $id: 'KeySet', description: 'A JWK Set (RFC 7517): public halves only.' },
)
export type KeySet = Static<typeof KeySet>

export const listPublicKeys = {
  operationId: 'listPublicKeys',
  method: 'GET',
  path: '/.well-known/jwks.json',
  root: true,
  public: true,
  tags: ['access tokens'],
  summary: 'List the keys that verify access tokens',
  description:
    'Every key of this account whose tokens still count, the current one first. May be kept for five minutes.',
  querystring: NoQuery,
  answers: {
    200: {
      description: 'The keys.',
      schema: KeySet,
      headers: { 'Cache-Control': '`public, max-age=300`' },
      example: {
        keys: [
          {
            kty: 'RSA',
            n: 'xGOr-H7A...',
            e: 'AQAB',
            kid: 'Qm9uam91ciBsZSBtb25kZQ',
            alg: 'RS256',
            use: 'sig',
          },
        ],
      },
    },
  },
  refusals: [],
} satisfies Operation
