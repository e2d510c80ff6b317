import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { type DataDebit, decides, isRequester } from '../domain/consent/data-debit.ts'
import { ApiError } from '../errors.ts'
import type { Audience } from './data-debits/json.ts'

/** How a data debit is shown to a caller, below this prefix. */
export const audienceOf = (app: App, { now }: Context, { caller }: FastifyRequest): Audience => ({
  now: now(),
  owner: decides(caller),
  contract: app.prefix !== '/api/v2.6',
})

/** The refusal of somebody who may not have to do with a data debit, in the same words whether there is one or not. */
export const notYours = () =>
  new ApiError('forbidden', 'Only the owner, and who proposed it, may have to do with a data debit')

export const unknownDebit = (id: string) => new ApiError('data_debit_unknown', `Data Debit ${id} not found`)

/** The data debit, if this caller may have to do with it. @throws `forbidden`, `data_debit_unknown` */
export function allowed({ caller }: FastifyRequest, id: string, found: DataDebit | undefined): DataDebit {
  const debit = found?.deletedAt === undefined ? found : undefined
  if (!decides(caller) && !(debit && isRequester(caller, debit))) throw notYours()
  if (debit === undefined) throw unknownDebit(id)
  return debit
}
