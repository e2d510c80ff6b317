import { createAccessToken, validateAccessToken } from '@hatstand/api/access-tokens.ts'
import type { FastifyRequest } from 'fastify'
import { type Bearer, issueToken } from '../auth/access-tokens.ts'
import { accountOf, sendPrivately } from '../auth/authenticate.ts'
import { type Attempt, limitsOf } from '../auth/passwords/login-limit.ts'
import { readCredentials, whoSignsIn } from '../auth/passwords/login.ts'
import { checkSecondFactor, needsSecondFactor } from '../auth/second-factors/second-factors.ts'
import type { App, Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { ownerNameProblem } from '../domain/access/credentials.ts'
import { primaryRole } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { findOwner } from '../store/access/owners.ts'
import { findSigningIn } from '../store/access/users.ts'

/** `GET /users/access_token` signs the owner or a user in; `GET /users/access_token/validate` asks whether a token counts. */
export function accessTokenRoutes(app: App, context: Context): void {
  const attempt = limitsOf(context).signIn

  app.get(
    createAccessToken.path,
    { schema: createAccessToken, config: { public: true } },
    async (request, reply) => {
      const account = await accountOf(context, request)
      if (context.config.headerLogin === 'off')
        throw new ApiError('header_login_off', 'Sign in on the page /sign-in, or use an application')
      const { bearer, passwordHash } = await signIn(context, attempt, account.pda, request)
      const about = 'sign-in by name and password'
      const accessToken = await issueToken(context, account, bearer, about, undefined, passwordHash, request)
      sendPrivately(reply, accessToken)
      return { accessToken, userId: bearer.subject }
    },
  )

  app.get(validateAccessToken.path, { schema: validateAccessToken }, async () => ({
    message: 'Authenticated',
  }))
}

/** @throws `credentials_missing`, `credentials_wrong` or `second_factor_needed` (401), `too_many_attempts` (429) */
async function signIn(
  context: Context,
  attempt: Attempt,
  pda: number,
  request: FastifyRequest,
): Promise<Known> {
  const { username, password } = request.headers
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new ApiError('credentials_missing', 'No username or password provided to retrieve token')
  const readings = readCredentials(username, password)
  // Counted by the decoded name: otherwise each spelling of one name would have attempts of its own.
  const name = `${pda} ${readings.at(-1)?.name}`
  const found = await attempt(name, request.ip, context.now(), async () => {
    const known = await context.database.read((unit) => signingIn(unit, pda, readings))
    return whoSignsIn(readings, (one) => known.get(one))
  })
  if (found === undefined) throw new ApiError('credentials_wrong', 'The username or the password is wrong')
  if (found.bearer.kind === 'owner') await secondStep(context, pda, request.headers['one-time-code'])
  return found
}

/** The owner's second factor, where there is one. @throws `second_factor_needed` (401), `too_many_attempts` (429) */
async function secondStep(context: Context, pda: number, code: string | string[] | undefined): Promise<void> {
  if (!(await needsSecondFactor(context, pda))) return
  if (typeof code !== 'string')
    throw new ApiError('second_factor_needed', 'The header one-time-code is missing')
  if (!(await checkSecondFactor(context, pda, code)))
    throw new ApiError('second_factor_needed', 'The one-time code is wrong, or was used already')
}

type Known = { passwordHash: string; bearer: Bearer }

/** Who signs in with the names there are in the readings: the owner, or a user who is enabled. */
async function signingIn(unit: Unit, pda: number, readings: { name: string }[]) {
  const known = new Map<string, Known>()
  const names = readings.map(({ name }) => (ownerNameProblem(name) ? '' : name))
  for (const { userId: subject, name, passwordHash, roles } of await findSigningIn(unit, pda, names))
    known.set(name, { passwordHash, bearer: { kind: 'user', subject, title: primaryRole(roles) } })
  const owner = await findOwner(unit, pda)
  if (owner) {
    const { subject, passwordHash } = owner
    known.set(owner.name, { passwordHash, bearer: { kind: 'owner', subject } })
  }
  return known
}
