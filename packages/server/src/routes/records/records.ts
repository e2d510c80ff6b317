import { createBatch } from '@hatstand/api/batch.ts'
import { recordIdsOf } from '@hatstand/api/query.ts'
import * as api from '@hatstand/api/records.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../../context.ts'
import { namespaceOf } from '../../domain/access/endpoint-name.ts'
import { holderOf, mayRead, mayWrite } from '../../domain/access/rights.ts'
import { ApiError } from '../../errors.ts'
import { sendJson, linkNext } from '../../http/answers.ts'
import { entryOf } from '../../ledger/entries.ts'
import { cursorOf, positionOf } from '../../store/cursors.ts'
import type { Replacement } from '../../store/record-history.ts'
import { readRecord } from '../../store/record-lookups.ts'
import { deleteEndpoint, deleteRecords } from '../../store/records/delete.ts'
import { type Listing, listRecords } from '../../store/records/list.ts'
import type { Position } from '../../store/records/orders.ts'
import { nothing, type Shown } from '../../store/records/pages.ts'
import { updateRecords } from '../../store/records/update.ts'
import { noted } from '../noted-reads.ts'
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
      const refusal = await updateRecords(database, request.account.pda, {
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
  const { config, database, now } = context

  app.get(api.listRecords.path, { schema: api.listRecords }, async (request, reply) => {
    const { namespace, '*': path } = request.params
    if (!mayRead(request.caller, namespace))
      throw new ApiError('forbidden', `No rights to read the namespace ${namespace}`)
    const { query } = request
    const { pda } = request.account
    const endpoint = `${namespace}/${path}`
    const shown = shownOf(request, query)
    if (query.recordId !== undefined) {
      const id = query.recordId.toLowerCase()
      const found = await database.read((unit) =>
        readRecord(unit, pda, id, (name) => name === endpoint, shown, true),
      )
      return sendJson(reply, await noted(request, context, endpoint, found ? { first: found } : nothing))
    }
    const ordered = query.orderBy !== undefined
    const listing: Listing = {
      endpoint,
      orderBy: query.orderBy,
      // Newest first when nothing is said; whoever names a field or a direction begins with the smallest unless told otherwise.
      descending: query.ordering === 'descending' || (query.ordering === undefined && !ordered),
      after: query.after === undefined ? undefined : startOf(pda, query.after, ordered),
      skip: Number(query.skip),
      take: Number(query.take),
      shown,
      now: now(),
      orderPaths: config.orderPaths,
    }
    const pages = await listRecords(database, pda, listing)
    reply.header('accept-query', 'application/json')
    if (pages.next) linkNext(reply, request, cursorOf(pda, pages.next))
    return sendJson(reply, await noted(request, context, endpoint, pages))
  })

  app.get(api.readRecord.path, { schema: api.readRecord }, async (request, reply) => {
    const readable = (endpoint: string) => mayRead(request.caller, namespaceOf(endpoint))
    const id = request.params.recordId.toLowerCase()
    const shown = shownOf(request, request.query)
    const found = await database.read((unit) =>
      readRecord(unit, request.account.pda, id, readable, shown, false),
    )
    if (!found) throw new ApiError('record_unknown', 'There is no such record that you may read')
    return sendJson(reply, await noted(request, context, found.endpoint, { first: found }))
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
    const refused = await deleteRecords(database, request.account.pda, ids, writable, by)
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
    await deleteEndpoint(database, request.account.pda, `${namespace}/${path}`, by)
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

function shownOf({ caller }: FastifyRequest, query: { meta: string; links: string }): Shown {
  const readable = (endpoint: string) => mayRead(caller, namespaceOf(endpoint))
  return { meta: query.meta === 'true', linked: query.links === 'true' ? readable : undefined }
}

function startOf(pda: number, cursor: string, ordered: boolean): Position {
  const position = positionOf(pda, cursor, ordered)
  if (!position)
    throw new ApiError(
      'invalid_query',
      'The parameter after must be taken from the Link header of an answer in the same order',
    )
  return position
}
