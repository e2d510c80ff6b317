import { createAccessToken, validateAccessToken } from '@hatstand/api/access-tokens.ts'
import type { FastifyRequest } from 'fastify'
import { issueToken } from '../auth/access-tokens.ts'
import { accountOf, sendPrivately } from '../auth/authenticate.ts'
import { type Attempt, limitLogins } from '../auth/login-limit.ts'
import { isOwnerLogin, readCredentials } from '../auth/login.ts'
import type { App, Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { findOwner, type Owner } from '../store/owners.ts'
import { currentSigningKey } from '../store/signing-keys.ts'

/** `GET /users/access_token` signs the owner in; `GET /users/access_token/validate` asks whether a token counts. */
export function accessTokenRoutes(app: App, context: Context): void {
  const attempt = limitLogins()

  app.get(
    createAccessToken.path,
    { schema: createAccessToken, config: { public: true } },
    async (request, reply) => {
      const { pda, domain } = await accountOf(context, request)
      const owner = await signIn(context, attempt, pda, request)
      const key = await context.database.read((unit) => currentSigningKey(unit, pda))
      const accessToken = await issueToken(
        key,
        domain,
        { kind: 'owner', subject: owner.subject },
        context.now(),
      )
      sendPrivately(reply, accessToken)
      return { accessToken, userId: owner.subject }
    },
  )

  app.get(validateAccessToken.path, { schema: validateAccessToken }, async () => ({
    message: 'Authenticated',
  }))
}

/** @throws `credentials_missing` or `credentials_wrong` (401), `too_many_attempts` (429) */
async function signIn(
  context: Context,
  attempt: Attempt,
  pda: number,
  request: FastifyRequest,
): Promise<Owner> {
  const { username, password } = request.headers
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new ApiError('credentials_missing', 'No username or password provided to retrieve token')
  const readings = readCredentials(username, password)
  // Counted by the decoded name: otherwise each spelling of one name would have attempts of its own.
  const name = `${pda} ${readings.at(-1)?.name}`
  const owner = await attempt(name, request.ip, context.now(), async () => {
    const known = await context.database.read((unit) => findOwner(unit, pda))
    return (await isOwnerLogin(readings, known)) ? known : undefined
  })
  if (owner === undefined) throw new ApiError('credentials_wrong', 'The username or the password is wrong')
  return owner
}
