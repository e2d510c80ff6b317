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
import * as actions from '../../actions/data-debits.ts'
import type { App, Context } from '../../context.ts'
import type { DataDebit } from '../../domain/consent/data-debit.ts'
import { ApiError } from '../../errors.ts'
import { requireHeader } from '../../http/answers.ts'
import type { Small } from '../../http/small-body.ts'
import { audienceOf, debitText, readAccepted } from './json.ts'

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
  const enable = async (
    request: Asked,
    reply: FastifyReply,
    { value: acceptance, text }: Small<Acceptance>,
    bundle?: string,
  ) => {
    const accepting = { ...decidedIn(request), acceptance, text, bundle }
    return answer(request, reply, await orMissing(actions.accept(context, request, accepting)))
  }

  app.post(enableDataDebit.path, { schema: enableDataDebit }, async (request, reply) => {
    actions.requireDecider(request)
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

function endingRoutes(app: App, context: Context, answer: SendDebit): void {
  const disable = async (
    request: FastifyRequest<{
      Params: { dataDebit: string }
      Querystring: { atPeriodEnd?: 'true' | 'false' }
    }>,
    reply: FastifyReply,
  ) => {
    actions.requireDecider(request)
    const atPeriodEnd = request.query.atPeriodEnd ?? (app.prefix === '/api/v2.6' ? undefined : 'false')
    if (atPeriodEnd === undefined)
      throw new ApiError('invalid_query', 'The query parameter atPeriodEnd is missing')
    const disabling = { ...decidedIn(request), atPeriodEnd: atPeriodEnd === 'true' }
    return answer(request, reply, await orMissing(actions.disable(context, request, disabling)))
  }
  app.post(disableDataDebit.path, { schema: disableDataDebit }, disable)
  app.get(disableDataDebitByGet.path, { schema: disableDataDebitByGet, preHandler: requireHeader }, disable)

  app.post(rejectDataDebit.path, { schema: rejectDataDebit }, async (request, reply) =>
    answer(request, reply, await actions.reject(context, request, decidedIn(request))),
  )
}

/** Only a POST takes the owner at their word when they name the host that the requester wants to be told at. */
function decidedIn({ method, params, query }: Asked): { id: string; notify: string | undefined } {
  const { notify } = query as { notify?: string }
  return { id: params.dataDebit, notify: method === 'POST' ? notify : undefined }
}

/** Enabling and disabling answer in words of their own that there is no such data debit. */
async function orMissing(decided: Promise<DataDebit>): Promise<DataDebit> {
  try {
    return await decided
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== 'data_debit_unknown') throw error
    throw new ApiError('data_debit_missing', 'Data Debit with this ID does not exist')
  }
}
