import { createLink } from '@hatstand/api/links.ts'
import { recordIdsOf } from '@hatstand/api/query.ts'
import { entryOf } from '../auth/ledger-notes.ts'
import type { App, Context } from '../context.ts'
import { namespaceOf } from '../domain/endpoint-name.ts'
import { mayWrite } from '../domain/rights.ts'
import { ApiError } from '../errors.ts'
import { linkRecords } from '../store/links.ts'
import { requireSomeWrite } from './saving.ts'

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
