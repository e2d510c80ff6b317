import { readPublicKey } from '@hatstand/api/public-key.ts'
import { accountOf } from '../auth/authenticate.ts'
import type { App, Context } from '../context.ts'
import { currentSigningKey } from '../store/signing-keys.ts'

/** `GET /publickey`: the key that verifies the account's tokens, in PEM, for everyone. */
export function publicKeyRoutes(app: App, context: Context): void {
  app.get(readPublicKey.path, { schema: readPublicKey, config: { public: true } }, async (request, reply) => {
    const { pda } = await accountOf(context, request)
    const key = await context.database.read((unit) => currentSigningKey(unit, pda))
    return reply.type('text/plain; charset=utf-8').send(key.publicPem)
  })
}
