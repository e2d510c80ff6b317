import * as api from '@hatstand/api/passwords.ts'
import type { FastifyReply } from 'fastify'
import { changeOwnPassword, limitedReset, resetPassword } from '../actions/owners.ts'
import { issueToken } from '../auth/access-tokens.ts'
import { accountOf, sendPrivately } from '../auth/authenticate.ts'
import { limitsOf } from '../auth/passwords/login-limit.ts'
import { mailPasswordChanged, mailResetLink } from '../auth/passwords/recovery.ts'
import { needsSecondFactor } from '../auth/second-factors/second-factors.ts'
import type { Account, App, Context } from '../context.ts'
import { emailProblem } from '../domain/access/credentials.ts'
import { isOwner } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import type { AfterAnswer } from '../http/answers.ts'
import { readSmall } from '../http/small-body.ts'
import { entryOf } from '../ledger/entries.ts'
import type { Owner } from '../store/access/owners.ts'

const open = { public: true, cors: false } as const
/** The same whether the address is the owner's or anybody's. */
const neutral = 'If the e-mail address is right, a mail with a link to a new password is on its way'

/** The JSON routes of passwords: the owner changes it, or is mailed a link and chooses a new one by that. */
export function passwordRoutes(app: App, context: Context, later: AfterAnswer): void {
  // A browser asks before it sends what another origin's page wants to send here: it is told of nothing here.
  app.options('/control/*', { config: open }, async () => {
    throw new ApiError('route_unknown', 'Pages of other origins may not call this')
  })

  app.post(
    api.changePassword.path,
    { schema: api.changePassword, config: { cors: false } },
    async (request, reply) => {
      const { account, caller } = request
      if (!isOwner(caller)) throw new ApiError('forbidden', 'Only the owner may change the password')
      const { password, newPassword } = await readSmall<api.PasswordChange>(request, api.PasswordChange)
      if (password === undefined) throw new ApiError('password_wrong', 'Old password missing')
      const [entry, address] = [entryOf(request, context, 'password'), request.ip]
      const owner = await changeOwnPassword(context, account, { password, newPassword, address, entry })
      later(reply, () => mailPasswordChanged(context, account, owner, request.log))
      await sendToken(context, account, owner, reply)
      return { message: 'Password changed' }
    },
  )

  app.post(
    api.requestPasswordReset.path,
    { schema: api.requestPasswordReset, config: open },
    async (request, reply) => {
      const account = await accountOf(context, request)
      const { email } = await readSmall<api.PasswordResetRequest>(request, api.PasswordResetRequest)
      const problem = emailProblem(email.trim())
      if (problem) throw new ApiError('invalid_body', problem.replace(/\.$/, ''))
      await limitsOf(context).passwordReset(String(account.pda), request.ip, context.now(), counted)
      sendPrivately(reply)
      later(reply, () => mailResetLink(context, account, email, request.log))
      return { message: neutral }
    },
  )

  app.post(api.resetPassword.path, { schema: api.resetPassword, config: open }, async (request, reply) => {
    const account = await accountOf(context, request)
    const { newPassword } = await readSmall<api.PasswordReset>(request, api.PasswordReset)
    const owner = await limitedReset(context, account, request.ip, () =>
      resetPassword(context, account, { link: request.params.token, newPassword, address: request.ip }),
    )
    later(reply, () => mailPasswordChanged(context, account, owner, request.log))
    // The link shows who reads the owner's mail; that is no second factor.
    if (await needsSecondFactor(context, account.pda)) sendPrivately(reply)
    else await sendToken(context, account, owner, reply)
    return { message: 'Password reset' }
  })
}

/** Each counts, whatever comes of it. */
const counted = async () => undefined

async function sendToken(context: Context, account: Account, owner: Owner, reply: FastifyReply) {
  const { subject, passwordHash } = owner
  const bearer = { kind: 'owner', subject } as const
  sendPrivately(reply, await issueToken(context, account, bearer, 'password change', undefined, passwordHash))
}
