import {
  disableDataDebit,
  disableDataDebitByGet,
  enableDataDebit,
  enableDataDebitBundle,
  enableDataDebitByGet,
  rejectDataDebit,
} from '@hatstand/api/data-debit-decisions.ts'
import type { Acceptance } from '@hatstand/api/data-debit-request.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App, Context } from '../../context.ts'
import type { Unit } from '../../database/port.ts'
import { accepted } from '../../domain/consent/acceptance.ts'
import { type DataDebit, openPermission, decides } from '../../domain/consent/data-debit.ts'
import { ApiError } from '../../errors.ts'
import { requireHeader } from '../../http/answers.ts'
import type { Small } from '../../http/small-body.ts'
import { expiryEntry } from '../../ledger/entries.ts'
import { findDebit } from '../../store/consent/data-debits.ts'
import { acceptPermission, disableDebit, rejectDebit, noteExpiry } from '../../store/consent/decisions.ts'
import { agreeToHost } from '../../store/consent/notices.ts'
import { debitText } from './json.ts'
import { orMalformed, readAccepted, audienceOf, unknownDebit, entryAbout } from './proposals.ts'

type Asked = FastifyRequest<{ Params: { dataDebit: string } }>

/** What the owner decides on a data debit. */
export function decisionRoutes(app: App, context: Context): void {
  const answer = (request: Asked, reply: FastifyReply, debit: DataDebit) =>
    reply.send(debitText(debit, audienceOf(app, context, request)))
  enablingRoutes(app, context, answer)
  endingRoutes(app, context, answer)
}

type SendDebit = (request: Asked, reply: FastifyReply, debit: DataDebit) => FastifyReply

function enablingRoutes(app: App, context: Context, answer: SendDebit): void {
  const enable = async (request: Asked, reply: FastifyReply, small: Small<Acceptance>, bundle?: string) =>
    answer(request, reply, await decide(context, request, missing, enabling(context, request, small, bundle)))

  app.post(enableDataDebit.path, { schema: enableDataDebit }, async (request, reply) => {
    requireDecider(request)
    return enable(request, reply, await readAccepted(request))
  })
  const nothing = { value: {}, text: '{}' }
  app.get(
    enableDataDebitByGet.path,
    { schema: enableDataDebitByGet, preHandler: requireHeader },
    (request, reply) => enable(request, reply, nothing),
  )
  app.get(
    enableDataDebitBundle.path,
    { schema: enableDataDebitBundle, preHandler: requireHeader },
    (request, reply) => enable(request, reply, nothing, request.params.bundleId),
  )
}

/** Accepts the open permission, if it is the one that is meant. */
function enabling(
  context: Context,
  request: FastifyRequest,
  { value, text }: Small<Acceptance>,
  bundle: string | undefined,
): Decide {
  return async (unit, pda, debit) => {
    const open = openPermission(debit)
    const isMeant = value.permission === undefined ? !isNews(debit) : value.permission === open.number
    if (!isMeant || (bundle !== undefined && bundle !== open.bundle.name))
      throw new ApiError(
        'data_debit_changed',
        `The data debit asks for something else by now, permission ${open.number}: read it again`,
      )
    const permission = orMalformed(() => accepted(open, value, text, context.now()))
    return acceptPermission(
      unit,
      pda,
      debit,
      permission,
      entryAbout(request, context, 'enable', debit, permission),
    )
  }
}

/** Whether something was proposed since the owner read the data debit; who never read it accepts whatever it says. */
const isNews = (debit: DataDebit) => debit.seen > 0 && openPermission(debit).number > debit.seen

function endingRoutes(app: App, context: Context, answer: SendDebit): void {
  const disable = async (
    request: FastifyRequest<{
      Params: { dataDebit: string }
      Querystring: { atPeriodEnd?: 'true' | 'false' }
    }>,
    reply: FastifyReply,
  ) => {
    requireDecider(request)
    const atPeriodEnd = request.query.atPeriodEnd ?? (app.prefix === '/api/v2.6' ? undefined : 'false')
    if (atPeriodEnd === undefined)
      throw new ApiError('invalid_query', 'The query parameter atPeriodEnd is missing')
    const when = { now: context.now(), atPeriodEnd: atPeriodEnd === 'true' }
    const debit = await decide(context, request, missing, (unit, pda, before) =>
      disableDebit(unit, pda, before, when, entryAbout(request, context, 'disable', before)),
    )
    return answer(request, reply, debit)
  }
  app.post(disableDataDebit.path, { schema: disableDataDebit }, disable)
  app.get(disableDataDebitByGet.path, { schema: disableDataDebitByGet, preHandler: requireHeader }, disable)

  app.post(rejectDataDebit.path, { schema: rejectDataDebit }, async (request, reply) => {
    const debit = await decide(context, request, unknownDebit, (unit, pda, before) =>
      rejectDebit(unit, pda, before, context.now(), entryAbout(request, context, 'reject', before)),
    )
    return answer(request, reply, debit)
  })
}

/** Decides on a data debit in one unit, in which nobody else changes it. */
function decide(
  context: Context,
  request: Asked,
  absent: (id: string) => ApiError,
  how: Decide,
): Promise<DataDebit> {
  requireDecider(request)
  return decideOn(
    context,
    request.account.pda,
    request.params.dataDebit,
    absent,
    async (unit, pda, debit) => {
      await agreeToTell(unit, pda, debit, request, context.now())
      return how(unit, pda, debit)
    },
  )
}

/** Takes the owner at their word when they name the host that the requester wants to be told at. */
async function agreeToTell(
  unit: Unit,
  pda: number,
  debit: DataDebit,
  { method, query }: FastifyRequest,
  now: number,
): Promise<void> {
  const { notify } = query as { notify?: string }
  if (method !== 'POST' || notify === undefined || (await agreeToHost(unit, pda, debit, notify, now))) return
  throw new ApiError(
    'invalid_query',
    'The query parameter notify must be the host, with its port if it has one, of the requestClientCallbackUrl',
  )
}

const missing = () => new ApiError('data_debit_missing', 'Data Debit with this ID does not exist')

function requireDecider({ caller }: FastifyRequest): void {
  if (!decides(caller)) throw new ApiError('forbidden', 'Only the owner decides on data debits')
}

type Decide = (unit: Unit, pda: number, debit: DataDebit) => Promise<DataDebit>

/**
 * Decides on a data debit in one unit, in which nobody else changes it.
 * @param absent the refusal when there is none
 */
export function decideOn(
  context: Context,
  pda: number,
  id: string,
  absent: (id: string) => ApiError,
  how: Decide,
): Promise<DataDebit> {
  const { database, now } = context
  return database.write(pda, async (unit) => {
    await unit.count(0)
    const debit = await findDebit(unit, pda, id)
    if (debit === undefined || debit.deletedAt !== undefined) throw absent(id)
    await noteExpiry(unit, pda, debit, now(), expiryEntry(context))
    return how(unit, pda, debit)
  })
}
