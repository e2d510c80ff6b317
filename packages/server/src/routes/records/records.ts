import { createBatch } from '@hatstand/api/batch.ts'
import { namespaceOf } from '@hatstand/api/endpoint-name.ts'
import * as erasureApi from '@hatstand/api/erasure.ts'
import { createLink } from '@hatstand/api/links.ts'
import { recordIdsOf } from '@hatstand/api/query.ts'
import * as api from '@hatstand/api/records.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../../context.ts'
import { holderOf, mayRead, mayWrite, isOwner } from '../../domain/access/rights.ts'
import { ApiError } from '../../errors.ts'
import { sendPages, stretchOf } from '../../http/lists.ts'
import { entryOf } from '../../ledger/entries.ts'
import { queryContextOf } from '../../ledger/reading.ts'
import { listOf, readList, readListedRecord, readRecord } from '../../store/queries/queries.ts'
import type { Envelope } from '../../store/queries/spliced.ts'
import { type Replacement, deleteEndpoint, deleteRecords } from '../../store/records/delete.ts'
import { eraseEndpoint, eraseRecords } from '../../store/records/erase.ts'
import { linkRecords } from '../../store/records/links.ts'
import { updateRecords } from '../../store/records/update.ts'
import {
  envelopeDrafts,
  plainDrafts,
  requireSomeWrite,
  requireWrite,
  save,
  sendDrafts,
  updateRefused,
  withBody,
} from './saving.ts'

const deleted = { message: 'All records deleted' }

/** Saving, reading, updating and deleting records. */
export function recordRoutes(app: App, context: Context): void {
  writingRoutes(app, context)
  readingRoutes(app, context)
  deletingRoutes(app, context)
}

function writingRoutes(app: App, context: Context): void {
  const { database } = context

  app.post(api.createRecords.path, { schema: api.createRecords }, (request, reply) => {
    const { namespace, '*': path } = request.params
    requireWrite(request, namespace)
    return withBody(request, reply, context, async (body) => {
      const drafts = await plainDrafts(body, `${namespace}/${path}`, context)
      await save(request, reply, context, drafts, drafts.list && request.query.skipErrors === 'true')
    })
  })

  app.post(createBatch.path, { schema: createBatch }, (request, reply) => {
    requireSomeWrite(request)
    return withBody(request, reply, context, async (body) => {
      await save(request, reply, context, await envelopeDrafts(request, body, 'batch', context), false)
    })
  })

  app.put(api.updateRecords.path, { schema: api.updateRecords }, (request, reply) => {
    requireSomeWrite(request)
    return withBody(request, reply, context, async (body) => {
      const drafts = await envelopeDrafts(request, body, 'update', context)
      const refusal = await updateRecords(database.of(request.account.pda), {
        ...replacementOf(request, context, 'update'),
        slices: () => drafts.slices(),
        mayWrite: (endpoint) => mayWrite(request.caller, namespaceOf(endpoint)),
      })
      if (refusal) throw await updateRefused(request, context, refusal)
      sendDrafts(reply, drafts, new Set())
    })
  })
}

function readingRoutes(app: App, context: Context): void {
  app.get(api.listRecords.path, { schema: api.listRecords }, async (request, reply) => {
    const { namespace, '*': path } = request.params
    if (!mayRead(request.caller, namespace))
      throw new ApiError('forbidden', `No rights to read the namespace ${namespace}`)
    const { query } = request
    const endpoint = `${namespace}/${path}`
    const envelope = envelopeOf(request, query)
    const reading = queryContextOf(request, context, 'read')
    if (query.recordId !== undefined) {
      const recordId = query.recordId.toLowerCase()
      return sendPages(reply, request, await readListedRecord(reading, endpoint, { recordId, envelope }))
    }
    const { orderBy, ordering, after } = query
    const list = listOf({
      endpoints: [{ endpoint, filters: [], links: [] }],
      ...(orderBy !== undefined && { orderBy }),
      ...(ordering && { ordering }),
    })
    const asked = { skip: Number(query.skip), take: Number(query.take), after }
    const stretch = stretchOf(request.account, list, asked, 'in the same order')
    reply.header('accept-query', 'application/json')
    return sendPages(reply, request, await readList(reading, list, stretch, envelope))
  })

  app.get(api.readRecord.path, { schema: api.readRecord }, async (request, reply) => {
    const mayShow = (endpoint: string) => mayRead(request.caller, namespaceOf(endpoint))
    const recordId = request.params.recordId.toLowerCase()
    const one = { recordId, mayShow, envelope: envelopeOf(request, request.query) }
    const found = await readRecord(queryContextOf(request, context, 'read'), one)
    if (!found) throw new ApiError('record_unknown', 'There is no such record that you may read')
    return sendPages(reply, request, found)
  })
}

function deletingRoutes(app: App, context: Context): void {
  const { database } = context

  app.delete(api.deleteRecords.path, { schema: api.deleteRecords }, async (request) => {
    requireSomeWrite(request)
    const ids = [...new Set(recordIdsOf(request.query.records))]
    if (ids.length === 0) return deleted
    const writable = (endpoint: string) => mayWrite(request.caller, namespaceOf(endpoint))
    const by = replacementOf(request, context, 'delete')
    const refused = await deleteRecords(database.of(request.account.pda), ids, writable, by)
    if (refused === 'forbidden')
      throw new ApiError('forbidden', 'One of the records is in a namespace you may not write')
    if (refused === 'missing')
      throw new ApiError('data_missing', 'Could not delete records: one of them does not exist')
    return deleted
  })

  app.delete(api.deleteEndpoint.path, { schema: api.deleteEndpoint }, async (request) => {
    const { namespace, '*': path } = request.params
    requireWrite(request, namespace)
    const by = replacementOf(request, context, 'delete')
    await deleteEndpoint(database.of(request.account.pda), `${namespace}/${path}`, by)
    return deleted
  })
}

/** Who replaces records by this request, when, and how many versions of them are kept. */
function replacementOf(request: FastifyRequest, context: Context, action: 'update' | 'delete'): Replacement {
  const { config, now } = context
  const bounds = { days: config.historyDays, versions: config.historyVersions }
  const entry = entryOf(request, context, action)
  return { writer: holderOf(request.caller), now: now(), bounds, entry }
}

function envelopeOf({ caller }: FastifyRequest, query: { meta: string; links: string }): Envelope {
  const readable = (endpoint: string) => mayRead(caller, namespaceOf(endpoint))
  return { meta: query.meta === 'true', linked: query.links === 'true' ? readable : undefined }
}

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
    const refused = await linkRecords(database.of(request.account.pda), ids, writable, entry)
    if (refused === 'forbidden')
      throw new ApiError('forbidden', 'One of the records is in a namespace you may not write')
    if (refused === 'missing')
      throw new ApiError('data_missing', 'Could not link records: one of them does not exist')
    return reply.code(201).send({ message: 'Grouping registered' })
  })
}

/** Erasing for good, which only the owner may. */
export function erasureRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.delete(erasureApi.eraseRecords.path, { schema: erasureApi.eraseRecords }, async (request) => {
    requireOwner(request)
    const ids = [...new Set(recordIdsOf(request.query.records))]
    const entry = entryOf(request, context, 'erase')
    const records = await eraseRecords(database.of(request.account.pda), ids, now(), entry)
    if (records === undefined)
      throw new ApiError('data_missing', 'Could not erase records: one of them does not exist')
    return { message: 'Erased', records }
  })

  app.delete(erasureApi.eraseEndpoint.path, { schema: erasureApi.eraseEndpoint }, async (request) => {
    requireOwner(request)
    const { namespace, '*': path } = request.params
    const entry = entryOf(request, context, 'erase')
    const name = `${namespace}/${path}`
    const records = await eraseEndpoint(database.of(request.account.pda), name, now(), entry)
    return { message: 'Erased', records }
  })
}

function requireOwner({ caller }: FastifyRequest): void {
  if (!isOwner(caller)) throw new ApiError('forbidden', 'Only the owner may erase')
}
