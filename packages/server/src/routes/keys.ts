import { createPublicKey } from 'node:crypto'
import { type KeySet, listPublicKeys, readPublicKey } from '@hatstand/api/public-key.ts'
import { accountOf } from '../auth/authenticate.ts'
import type { App, Context } from '../context.ts'
import { currentSigningKey, listSigningKeys } from '../store/access/signing-keys.ts'

/** For everyone: `GET /publickey`, the key that verifies new tokens, in PEM; `GET /.well-known/jwks.json`, all that verify any. */
export function publicKeyRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.get(readPublicKey.path, { schema: readPublicKey, config: { public: true } }, async (request, reply) => {
    const { pda } = await accountOf(context, request)
    const key = await database.of(pda).read((unit) => currentSigningKey(unit))
    return reply.type('text/plain; charset=utf-8').send(key.publicPem)
  })

  app.get(
    listPublicKeys.path,
    { schema: listPublicKeys, config: { public: true } },
    async (request, reply): Promise<KeySet> => {
      const { pda } = await accountOf(context, request)
      const kept = await database.of(pda).read((unit) => listSigningKeys(unit, now()))
      reply.header('cache-control', 'public, max-age=300')
      return { keys: kept.map(({ keyId, publicPem }) => jwk(keyId, publicPem)) }
    },
  )
}

/** The public half of a key as RFC 7517 has it. */
function jwk(keyId: string, publicPem: string): KeySet['keys'][number] {
  const { n = '', e = '' } = createPublicKey(publicPem).export({ format: 'jwk' })
  return { kty: 'RSA', n, e, kid: keyId, alg: 'RS256', use: 'sig' }
}
