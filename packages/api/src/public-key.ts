import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'

export const readPublicKey = {
  operationId: 'readPublicKey',
  method: 'GET',
  path: '/publickey',
  root: true,
  public: true,
  tags: ['access tokens'],
  summary: 'Read the key that verifies access tokens',
  description: 'The public half of the key that signs the access tokens of this personal data account.',
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
