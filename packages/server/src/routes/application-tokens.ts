import type { AccessToken } from '@hatstand/api/access-tokens.ts'
import type { FastifyRequest } from 'fastify'
import { issueToken } from '../auth/access-tokens.ts'
import type { Context } from '../context.ts'
import { type Caller, hasRole, holderOf } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'

/**
 * Issues an access token of an enabled application to the owner, or to an application with exactly the role for it.
 * @param unknown the refusal when no application has this id
 */
export async function applicationToken(
  context: Context,
  request: FastifyRequest<{ Params: { application: string } }>,
  unknown: (id: string) => ApiError,
): Promise<AccessToken> {
  const { caller, account } = request
  const { application: id } = request.params
  if (!mayRetrieve(caller, id))
    throw new ApiError('forbidden', 'This needs the role retrieveapplicationtoken for the application')
  const [found, owner] = await context.database.read((unit) =>
    Promise.all([findApplication(unit, account.pda, id), findOwner(unit, account.pda)]),
  )
  if (found === undefined) throw unknown(id)
  if (!found.enabled || found.setupVersion === undefined || owner === undefined)
    throw new ApiError(
      'application_inactive',
      `Application ${id} does not appear to be activated by the user`,
    )
  const bearer = {
    kind: 'application',
    subject: owner.subject,
    application: id,
    version: found.setupVersion,
  } as const
  const accessToken = await issueToken(context, account, bearer, `asked for by ${holderOf(caller)}`)
  return { accessToken, userId: owner.subject }
}

/** The owner, or whoever was given the role for this application: an application with the role `owner` was not. */
function mayRetrieve(caller: Caller, id: string): boolean {
  if (caller.kind !== 'application') return hasRole(caller, 'owner')
  return hasRole(caller, 'retrieveapplicationtoken', id)
}
