import { createHatLogin, createTokenForResource } from '@hatstand/api/hatlogin.ts'
import { applicationToken, findHatLogin, isRegisteredOrigin, redirectWithToken } from '../auth/hat-login.ts'
import type { App, Context } from '../context.ts'
import type { Caller } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'

/**
 * HAT login without its page, for the owner in person: `GET /control/v2/auth/hatlogin` and `GET /users/application_token`. What an
 * application may do was granted at its set-up; nothing is granted here.
 */
export function hatLoginTokenRoutes(app: App, context: Context): void {
  app.get(createHatLogin.path, { schema: createHatLogin, config: { cors: false } }, async (request) => {
    const subject = ownerIn(request.caller)
    const { name: application, redirect } = request.query
    const login = await findHatLogin(context, request.account, { application, redirect })
    return { message: await redirectWithToken(context, request.account, subject, login) }
  })

  app.get(createTokenForResource.path, { schema: createTokenForResource }, async (request) => {
    const subject = ownerIn(request.caller)
    const { name: application, resource: redirect } = request.query
    const login = await findHatLogin(context, request.account, { application, redirect }, isRegisteredOrigin)
    return { accessToken: await applicationToken(context, request.account, subject, login), userId: subject }
  })
}

function ownerIn(caller: Caller): string {
  if (caller.kind === 'owner') return caller.subject
  throw new ApiError('forbidden', 'Only the owner may sign in to an application')
}
