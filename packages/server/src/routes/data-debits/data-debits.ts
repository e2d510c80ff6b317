import {
  deleteDataDebit,
  listDataDebits,
  proposeDataDebit,
  readDataDebit,
  updateDataDebit,
} from '@hatstand/api/data-debits.ts'
import type { FastifyRequest } from 'fastify'
import * as actions from '../../actions/data-debits.ts'
import type { App, Context } from '../../context.ts'
import { holderOf } from '../../domain/access/rights.ts'
import { type DataDebit, decides, mayPropose, mayUse } from '../../domain/consent/data-debit.ts'
import { ApiError } from '../../errors.ts'
import { arrayOf, sendJson } from '../../http/answers.ts'
import { findDebit, listDebits, markSeen } from '../../store/consent/data-debits.ts'
import { decisionRoutes } from './decisions.ts'
import { audienceOf, debitText, readProposed } from './json.ts'
import { previewRoutes } from './preview.ts'
import { valueRoutes } from './values.ts'

/** Data debits: asking for data, and what the owner decides. */
export function dataDebitRoutes(app: App, context: Context): void {
  readingRoutes(app, context)
  proposingRoutes(app, context)
  decisionRoutes(app, context)
  previewRoutes(app, context)
  valueRoutes(app, context)
}

function readingRoutes(app: App, context: Context): void {
  const { database } = context

  app.get(listDataDebits.path, { schema: listDataDebits }, async (request, reply) => {
    const { caller, account } = request
    if (!mayPropose(caller)) throw new ApiError('forbidden', 'Listing data debits needs the role datadebit')
    const holder = decides(caller) ? undefined : holderOf(caller)
    const found = await database.of(account.pda).read((unit) => listDebits(unit, holder))
    const debits = found.filter((debit) => mayUse(caller, debit))
    await seen(context, request, debits)
    const audience = audienceOf(app, context, request)
    return sendJson(reply, arrayOf(debits.map((debit) => debitText(debit, audience))))
  })

  app.get(readDataDebit.path, { schema: readDataDebit }, async (request, reply) => {
    const { dataDebit: id } = request.params
    const found = await database.of(request.account.pda).read((unit) => findDebit(unit, id))
    const debit = actions.allowed(request, id, found)
    await seen(context, request, [debit])
    const text = debitText(debit, audienceOf(app, context, request))
    return sendJson(reply, { first: text, rest: undefined })
  })
}

/** Keeps which permissions the owner has read: what is accepted unnamed later is not one that came since. */
async function seen({ database }: Context, request: FastifyRequest, debits: DataDebit[]): Promise<void> {
  if (!decides(request.caller) || request.method === 'HEAD') return
  const { pda } = request.account
  const unseen = debits.filter((debit) => debit.seen < (debit.permissions.at(-1)?.number ?? 0))
  if (unseen.length === 0) return
  await database.of(pda).write(async (unit) => {
    for (const { id, permissions } of unseen) await markSeen(unit, id, permissions.at(-1)!.number)
  })
}

function proposingRoutes(app: App, context: Context): void {
  const { database } = context

  app.post(proposeDataDebit.path, { schema: proposeDataDebit }, async (request, reply) => {
    actions.requireProposer(request)
    const { dataDebit: id } = request.params
    const debit = await actions.propose(context, request, id, await readProposed(request))
    const text = debitText(debit, audienceOf(app, context, request))
    return sendJson(reply.code(201), { first: text, rest: undefined })
  })

  app.put(updateDataDebit.path, { schema: updateDataDebit }, async (request, reply) => {
    const { dataDebit: id } = request.params
    const found = await database.of(request.account.pda).read((unit) => findDebit(unit, id))
    if (!decides(request.caller)) actions.allowed(request, id, found)
    const debit = await actions.proposeChange(context, request, id, await readProposed(request))
    return sendJson(reply, { first: debitText(debit, audienceOf(app, context, request)), rest: undefined })
  })

  app.delete(deleteDataDebit.path, { schema: deleteDataDebit }, async (request) => {
    await actions.remove(context, request, request.params.dataDebit)
    return { message: 'Data debit deleted' }
  })
}
