import { createAccessToken, validateAccessToken } from '@hatstand/api/access-tokens.ts'
import type { FastifyRequest } from 'fastify'
import { issueToken } from '../auth/access-tokens.ts'
import { accountOf, sendPrivately } from '../auth/authenticate.ts'
import { type Attempt, limitsOf } from '../auth/login-limit.ts'
import { isOwnerLogin, readCredentials } from '../auth/login.ts'
import type { App, Context } from '../context.ts'
import { ApiError } from '../errors.ts'
import { findOwner, type Owner } from '../store/owners.ts'

/** `GET /users/access_token` signs the owner in; `GET /users/access_token/validate` asks whether a token counts. */
export function accessTokenRoutes(app: App, context: Context): void {
  const attempt = limitsOf(context).signIn

  app.get(
    createAccessToken.path,
    { schema: createAccessToken, config: { public: true } },
    async (request, reply) => {
      const account = await accountOf(context, request)
      const { subject } = await signIn(context, attempt, account.pda, request)
      const bearer = { kind: 'owner', subject } as const
      const accessToken = await issueToken(context, account, bearer, 'sign-in by name and password')
      sendPrivately(reply, accessToken)
      return { accessToken, userId: subject }
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
