import * as erasureApi from '@hatstand/api/erasure.ts'
import { recordIdsOf } from '@hatstand/api/query.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { isOwner } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import { eraseEndpoint, eraseRecords } from '../store/records/erase.ts'

/** Erasing for good, which only the owner may. */
export function erasureRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.delete(erasureApi.eraseRecords.path, { schema: erasureApi.eraseRecords }, async (request) => {
    requireOwner(request)
    const ids = [...new Set(recordIdsOf(request.query.records))]
    const entry = entryOf(request, context, 'erase')
    const records = await eraseRecords(database, request.account.pda, ids, now(), entry)
    if (records === undefined)
      throw new ApiError('data_missing', 'Could not erase records: one of them does not exist')
    return { message: 'Erased', records }
  })

  app.delete(erasureApi.eraseEndpoint.path, { schema: erasureApi.eraseEndpoint }, async (request) => {
    requireOwner(request)
    const { namespace, '*': path } = request.params
    const entry = entryOf(request, context, 'erase')
    const name = `${namespace}/${path}`
    const records = await eraseEndpoint(database, request.account.pda, name, now(), entry)
    return { message: 'Erased', records }
  })
}

function requireOwner({ caller }: FastifyRequest): void {
  if (!isOwner(caller)) throw new ApiError('forbidden', 'Only the owner may erase')
}
