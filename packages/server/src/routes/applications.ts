import type { AccessToken } from '@hatstand/api/access-tokens.ts'
import {
  createApplicationToken,
  disableApplication,
  disableApplicationByGet,
  listApplications,
  listApplicationsForSignIn,
  readApplication,
  readDefinition,
  registerApplication,
  removeApplication,
  setUpApplication,
  setUpApplicationByGet,
} from '@hatstand/api/applications.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import * as actions from '../actions/applications.ts'
import { issueToken } from '../auth/access-tokens.ts'
import { accountOf } from '../auth/authenticate.ts'
import type { App, Context } from '../context.ts'
import { definitionAnswered } from '../domain/access/application-answer.ts'
import { parseDefinition } from '../domain/access/definition.ts'
import { type Caller, hasRole, isOwner, holderOf } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { arrayOf, sendJson, requireHeader } from '../http/answers.ts'
import { readDefinition as readSent } from '../http/definitions.ts'
import { entryOf, appendRead } from '../ledger/entries.ts'
import * as applications from '../store/access/applications.ts'
import { findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'
import { appendEntry } from '../store/ledger/entries.ts'
import { applicationText, applicationTexts } from './application-answers.ts'

type Asked = FastifyRequest<{ Params: { application: string } }>

/** The registry of applications: what they are, what they were granted, and its changes. */
export function applicationRoutes(app: App, context: Context): void {
  const list = (request: FastifyRequest, reply: FastifyReply) => sendList(context, request, reply)
  app.get(listApplications.path, { schema: listApplications }, list)
  app.get(listApplicationsForSignIn.path, { schema: listApplicationsForSignIn }, list)
  readingRoutes(app, context)
  ownersRoutes(app, context)
  changingRoutes(app, context)
}

async function sendList(context: Context, request: FastifyRequest, reply: FastifyReply) {
  const { caller, account } = request
  if (!hasRole(caller, 'owner') && !hasRole(caller, 'applicationlist'))
    throw new ApiError('forbidden', 'Listing the applications needs the role applicationlist')
  const texts = await applicationTexts(context, account.pda, caller, (id) => mayManage(caller, id))
  await appendRead(request, context, { detail: { what: 'applications' } })
  return sendJson(reply, arrayOf(texts))
}

/** Answers with one application as the caller sees it, or refuses by this code when there is none. */
async function sendOne(
  context: Context,
  { caller, account }: FastifyRequest,
  reply: FastifyReply,
  id: string,
  unknown: 'application_unknown' | 'application_missing' = 'application_unknown',
): Promise<FastifyReply> {
  const text = await applicationText(context, account.pda, caller, id)
  if (text === undefined) throw notRegistered(id, unknown)
  return sendJson(reply, { first: text, rest: undefined })
}

function notRegistered(id: string, code: 'application_unknown' | 'application_missing'): ApiError {
  return new ApiError(
    code,
    `Application ${id} does not appear to be a valid application registered with the DEX`,
  )
}

function mayManage(caller: Caller, id: string): boolean {
  return hasRole(caller, 'owner') || hasRole(caller, 'applicationmanage', id)
}

function requireManager(request: Asked): string {
  const { application } = request.params
  if (mayManage(request.caller, application)) return application
  throw new ApiError('forbidden', 'This needs the role applicationmanage for the application')
}

function readingRoutes(app: App, context: Context): void {
  app.get(readApplication.path, { schema: readApplication }, async (request, reply) =>
    sendOne(context, request, reply, requireManager(request)),
  )

  app.get(
    readDefinition.path,
    { schema: readDefinition, config: { public: true } },
    async (request, reply) => {
      const { pda } = await accountOf(context, request)
      const id = request.params.application
      const found = await context.database.of(pda).read((unit) => applications.findApplication(unit, id))
      if (found === undefined || !parseDefinition(found.definition).info.published)
        throw new ApiError(
          'definition_unknown',
          `Application configuration for ID ${id} could not be found. Make sure application is correctly registered`,
        )
      return sendJson(reply, { first: definitionAnswered(found.definition), rest: undefined })
    },
  )

  app.get(createApplicationToken.path, { schema: createApplicationToken }, async (request) =>
    applicationToken(context, request, (id) => notRegistered(id, 'application_unknown')),
  )
}

function ownersRoutes(app: App, context: Context): void {
  const { database, now } = context
  app.post(registerApplication.path, { schema: registerApplication }, async (request, reply) => {
    requireOwner(request)
    const { value, text } = await readSent(request)
    const { pda } = request.account
    const application = { id: value.id, version: value.info.version, definition: text }
    const detail = { application: value.id, version: value.info.version }
    const entry = entryOf(request, context, 'register', { detail })
    await database.of(pda).write(async (unit) => {
      await applications.registerApplication(unit, application, now())
      await appendEntry(unit, entry)
    })
    return sendOne(context, request, reply.code(201), value.id)
  })

  app.delete(removeApplication.path, { schema: removeApplication }, async (request) => {
    requireOwner(request)
    const { pda } = request.account
    const { application: id } = request.params
    const entry = entryOf(request, context, 'remove', { detail: { application: id } })
    const known = await actions.remove(database.of(pda), id, entry, now())
    if (!known) throw notRegistered(id, 'application_unknown')
    return { message: 'Application removed' }
  })
}

function requireOwner({ caller }: FastifyRequest): void {
  if (!isOwner(caller)) throw new ApiError('forbidden', 'Only the owner may register and remove applications')
}

function changingRoutes(app: App, context: Context): void {
  const accept = async (request: Asked, reply: FastifyReply) => {
    const id = requireManager(request)
    await setUp(context, request, id)
    return sendOne(context, request, reply, id, 'application_missing')
  }
  const disable = async (request: Asked, reply: FastifyReply) => {
    const id = requireManager(request)
    const { pda } = request.account
    const entry = entryOf(request, context, 'disable', { detail: { application: id } })
    await actions.disable(context.database.of(pda), id, entry, context.now())
    return sendOne(context, request, reply, id, 'application_missing')
  }
  app.post(setUpApplication.path, { schema: setUpApplication }, accept)
  app.get(setUpApplicationByGet.path, { schema: setUpApplicationByGet, preHandler: requireHeader }, accept)
  app.post(disableApplication.path, { schema: disableApplication }, disable)
  app.get(
    disableApplicationByGet.path,
    { schema: disableApplicationByGet, preHandler: requireHeader },
    disable,
  )
}

/** Sets an application up as its definition asks. Nothing happens when there is no such application. */
async function setUp(context: Context, request: FastifyRequest, id: string): Promise<void> {
  const now = context.now()
  const entry = (version: string) =>
    entryOf(request, context, 'set_up', { detail: { application: id, version } })
  const { account, caller } = request
  await actions.setUp(context.database.of(account.pda), id, actions.asItAsksOf(caller, now), { entry, now })
}

/**
 * Issues an access token of an enabled application to the owner, or to an application with exactly the role for it.
 * @param unknown the refusal when no application has this id
 */
async function applicationToken(
  context: Context,
  request: FastifyRequest<{ Params: { application: string } }>,
  unknown: (id: string) => ApiError,
): Promise<AccessToken> {
  const { caller, account } = request
  const { application: id } = request.params
  if (!mayRetrieve(caller, id))
    throw new ApiError('forbidden', 'This needs the role retrieveapplicationtoken for the application')
  const [found, owner] = await context.database
    .of(account.pda)
    .read((unit) => Promise.all([findApplication(unit, id), findOwner(unit)]))
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
