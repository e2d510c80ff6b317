import type { FastifyReply, FastifyRequest } from 'fastify'
import { hostOf } from '../../auth/authenticate.ts'
import { requirePassword } from '../../auth/passwords/login.ts'
import { enrolmentQuestion, enrolPasskey, passkeysWorkAt } from '../../auth/second-factors/passkeys.ts'
import {
  confirmPendingTotp,
  makeRecoveryCodes,
  needsSecondFactor,
  pendingTotp,
  secondFactorsOf,
  startTotp,
  totpOffer,
} from '../../auth/second-factors/second-factors.ts'
import { type Session, sessionOf, startSession } from '../../auth/sessions.ts'
import type { App, Context } from '../../context.ts'
import type { Unit } from '../../database/port.ts'
import { ApiError, errors } from '../../errors.ts'
import { sendPage } from '../../http/page.ts'
import { entryOfPage } from '../../ledger/entries.ts'
import { findOwner, type Owner } from '../../store/access/owners.ts'
import {
  countFactorsIn,
  removeTotp,
  replaceRecoveryCodes,
  listPasskeys,
  removePasskey,
} from '../../store/access/second-factors.ts'
import { appendEntry } from '../../store/ledger/entries.ts'
import { formOf, hiddenFields, pages, sendOn } from '../forms.ts'
import { signInFirst, waitInWords } from '../sign-in.ts'
import {
  passkeyForm,
  qrCode,
  againPage,
  codesPage,
  enrolmentFields,
  factorsPage,
  totpPage,
} from './second-factor-views.ts'

const path = '/account/second-factors'
/** For so long after signing in, in milliseconds, nothing more is asked before a change. */
const fresh = 600_000

/** A request of the owner's browser, a short while after the owner signed in. */
interface Visit {
  context: Context
  request: FastifyRequest
  reply: FastifyReply
  session: Session
  owner: Owner
}

/** `/account/second-factors`: passkeys, an authenticator program and recovery codes are set up and removed. */
export function secondFactorRoutes(app: App, context: Context): void {
  const fresher =
    (act: (visit: Visit) => Promise<unknown>) => (request: FastifyRequest, reply: FastifyReply) =>
      whileFresh(context, request, reply, act)
  pages(app, context, (scope) => {
    scope.get(path, fresher(show))
    scope.post(`${path}/again`, async (request, reply) => signInAgain(context, request, reply))
    scope.post(`${path}/totp`, fresher(beginTotp))
    scope.get(`${path}/totp`, fresher(showTotp))
    scope.post(`${path}/totp/code`, fresher(confirmTotp))
    scope.post(`${path}/passkey`, fresher(addPasskey))
    scope.post(`${path}/remove`, fresher(remove))
    scope.post(`${path}/recovery-codes`, fresher(renewCodes))
  })
}

/** Acts while the sign-in is fresh; later the password is asked again first. */
async function whileFresh(
  context: Context,
  request: FastifyRequest,
  reply: FastifyReply,
  act: (visit: Visit) => Promise<unknown>,
) {
  const session = await sessionOf(context, request)
  const owner = session && (await context.database.of(session.account.pda).read((unit) => findOwner(unit)))
  if (!session || !owner) return signInFirst(request, reply)
  if (session.since > context.now() - fresh) return act({ context, request, reply, session, owner })
  if (request.method !== 'GET') return sendOn(reply, path)
  return sendPage(reply, 200, againPage(hiddenFields(context, request, reply), owner.name))
}

async function signInAgain(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const session = await sessionOf(context, request)
  if (!session) return signInFirst(request, reply)
  const { account } = session
  const owner = await context.database.of(account.pda).read((unit) => findOwner(unit))
  try {
    const password = formOf(request).get('password') ?? ''
    const { subject, passwordHash } = await requirePassword(context, account.pda, password, request.ip)
    await startSession(context, request, reply, account, subject, passwordHash)
    return sendOn(reply, path)
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    const problem = error.code === 'too_many_attempts' ? waitInWords(error) : 'This is not your password.'
    const page = againPage(hiddenFields(context, request, reply), owner?.name ?? '', problem)
    return sendPage(reply.headers(error.headers), errors[error.code].status, page)
  }
}

async function show({ context, request, reply, session, owner }: Visit, status = 200, problem?: string) {
  const { account } = session
  const factors = await secondFactorsOf(context, account.pda)
  const passkeys = await context.database.of(account.pda).read((unit) => listPasskeys(unit))
  const fields = hiddenFields(context, request, reply)
  const enrolment = passkeysWorkAt(account, hostOf(request))
    ? await passkeyForm(
        'create',
        `${path}/passkey`,
        await enrolmentQuestion(context, account, owner),
        enrolmentFields(fields),
      )
    : undefined
  const { form, script } = enrolment ?? {}
  const page = factorsPage({ ...factors, list: passkeys, fields, enrolment: form, script, problem })
  return sendPage(reply, status, page, { script })
}

async function beginTotp({ context, reply, session }: Visit) {
  const started = await startTotp(context, session.account.pda)
  return sendOn(reply, started === undefined ? path : `${path}/totp`)
}

async function showTotp({ context, request, reply, session, owner }: Visit, status = 200, problem?: string) {
  const { pda, domain } = session.account
  const secret = await pendingTotp(context, pda)
  if (secret === undefined) return sendOn(reply, path)
  const { uri } = await totpOffer(secret, owner.name, domain)
  const picture = await qrCode(
    uri,
    'QR code for your authenticator program; the same key stands below as text',
  )
  return sendPage(reply, status, totpPage(hiddenFields(context, request, reply), picture, secret, problem))
}

async function confirmTotp(visit: Visit) {
  const { context, request, session } = visit
  const { pda } = session.account
  const { codes, first } = firstCodes(visit, 'authenticator program added')
  if (await confirmPendingTotp(context, pda, formOf(request).get('code') ?? '', first))
    return done(visit, codes())
  return showTotp(
    visit,
    400,
    'This code is not right. Try the next one. If none is, the clock of your phone or of this server is wrong.',
  )
}

async function addPasskey(visit: Visit) {
  const { context, request, session } = visit
  const form = formOf(request)
  const about = (form.get('about') ?? '').trim().slice(0, 64) || 'Passkey'
  const { codes, first } = firstCodes(visit, 'passkey added')
  const answer = form.get('answer') ?? ''
  if (await enrolPasskey(context, session.account, { answer, about }, first)) return done(visit, codes())
  return show(visit, 400, 'No passkey was added: it is there already, or it took too long. Try again.')
}

/** Recovery codes come with the first second factor, in the same unit; `codes` gives them afterwards, if it was the first. */
function firstCodes(visit: Visit, change: string) {
  const entry = entryOfChange(visit, change)
  const { codes, kept } = makeRecoveryCodes()
  let made = false
  return {
    codes: () => (made ? codes : undefined),
    async first(unit: Unit): Promise<void> {
      const { totp, passkeys } = await countFactorsIn(unit)
      made = totp + passkeys === 1
      if (made) await replaceRecoveryCodes(unit, kept)
      await appendEntry(unit, entry)
    },
  }
}

function entryOfChange({ context, request, session }: Visit, change: string) {
  return entryOfPage(request, context, session, 'second_factor', { change })
}

function done({ reply }: Visit, codes: string[] | undefined) {
  return codes ? sendPage(reply, 200, codesPage(codes)) : sendOn(reply, path)
}

/** Removes an authenticator program or a passkey. Recovery codes go with the last of them: alone they are no second factor. */
async function remove(visit: Visit) {
  const { context, request, reply, session } = visit
  const { pda } = session.account
  const which = formOf(request).get('remove') ?? ''
  const entry = entryOfChange(visit, which === 'totp' ? 'authenticator program removed' : 'passkey removed')
  await context.database.of(pda).write(async (unit) => {
    await unit.lock()
    if (which === 'totp') await removeTotp(unit)
    else await removePasskey(unit, which)
    const { totp, passkeys } = await countFactorsIn(unit)
    if (totp + passkeys === 0) await replaceRecoveryCodes(unit, [])
    await appendEntry(unit, entry)
  })
  return sendOn(reply, path)
}

async function renewCodes(visit: Visit) {
  const { context, reply, session } = visit
  const { pda } = session.account
  if (!(await needsSecondFactor(context, pda))) return sendOn(reply, path)
  const { codes, kept } = makeRecoveryCodes()
  const entry = entryOfChange(visit, 'recovery codes renewed')
  await context.database.of(pda).write(async (unit) => {
    await replaceRecoveryCodes(unit, kept)
    await appendEntry(unit, entry)
  })
  return sendPage(reply, 200, codesPage(codes))
}
