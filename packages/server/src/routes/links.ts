import { createLink } from '@hatstand/api/links.ts'
import { recordIdsOf } from '@hatstand/api/query.ts'
import type { App, Context } from '../context.ts'
import { namespaceOf } from '../domain/access/endpoint-name.ts'
import { mayWrite } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import { linkRecords } from '../store/records/links.ts'
import { requireSomeWrite } from './records/saving.ts'

/** `POST /data-link` joins stored records as belonging together. */
export function linkRoutes(app: App, context: Context): void {
  const { database } = context
  app.post(createLink.path, { schema: createLink }, async (request, reply) => {
    requireSomeWrite(request)
    const ids = [...new Set(recordIdsOf(request.query.records))]
    if (ids.length === 0)
      throw new ApiError('data_missing', 'Could not link records: the parameter records names none')
    const writable = (endpoint: string) => mayWrite(request.caller, namespaceOf(endpoint))
    const entry = entryOf(request, context, 'link')
    const refused = await linkRecords(database, request.account.pda, ids, writable, entry)
    if (refused === 'forbidden')
      throw new ApiError('forbidden', 'One of the records is in a namespace you may not write')
    if (refused === 'missing')
      throw new ApiError('data_missing', 'Could not link records: one of them does not exist')
    return reply.code(201).send({ message: 'Grouping registered' })
  })
}
