import * as bundles from '@hatstand/api/bundles.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { shown } from '../domain/consent/disclosure.ts'
import { readBundle as compiled } from '../domain/queries/query.ts'
import { ApiError } from '../errors.ts'
import { sendJson } from '../http/answers.ts'
import { entryOf } from '../ledger/entries.ts'
import { readBundle } from '../store/queries/bundles.ts'
import { deleteQuery, findQuery, listQueries, saveQuery } from '../store/queries/saved.ts'
import { requireOwnerRole } from './combinators.ts'
import { askingOf, noted } from './query-answers.ts'
import { asRefusal, receiveQuery } from './query-bodies.ts'
import { savedQueries, savedQuery } from './saved-queries.ts'

type AskedBundle = FastifyRequest<{ Params: { id: string } }>

/** Saved named queries. */
export function bundleRoutes(app: App, context: Context): void {
  const { database } = context
  writingRoutes(app, context)

  app.get(bundles.readBundle.path, { schema: bundles.readBundle }, async (request, reply) => {
    const text = await bundleText(context, request)
    const pages = notedPages(context, request, compiled(text))
    try {
      const first = await pages.next()
      return await sendJson(reply, { first: first.value ?? '', rest: pages })
    } catch (error) {
      throw asRefusal(error)
    }
  })

  app.get(
    bundles.readBundleStructure.path,
    { schema: bundles.readBundleStructure },
    async (request, reply) => {
      const text = await bundleText(context, request)
      const first = savedQuery({ name: request.params.id, text }, 'bundle')
      return sendJson(reply, { first, rest: undefined })
    },
  )

  app.get(bundles.listBundles.path, { schema: bundles.listBundles }, async (request, reply) => {
    requireOwnerRole(request)
    return sendJson(reply, savedQueries(listQueries(database, request.account.pda, 'bundle'), 'bundle'))
  })
}

function writingRoutes(app: App, context: Context): void {
  const { database } = context

  app.post(bundles.registerBundle.path, { schema: bundles.registerBundle }, async (request, reply) => {
    requireOwnerRole(request)
    const { id: name } = request.params
    const { text } = await receiveQuery(request, compiled)
    const entry = entryOf(request, context, 'register', { detail: { bundle: name } })
    await saveQuery(database, request.account.pda, 'bundle', { name, text }, entry)
    return reply.code(201).send({ message: `Bundle ${name} registered` })
  })

  app.delete(bundles.deleteBundle.path, { schema: bundles.deleteBundle }, async (request) => {
    requireOwnerRole(request)
    const { id: name } = request.params
    const entry = entryOf(request, context, 'remove', { detail: { bundle: name } })
    if (!(await deleteQuery(database, request.account.pda, 'bundle', name, entry))) throw unknownBundle(name)
    return { message: `Bundle ${name} deleted` }
  })
}

async function bundleText({ database }: Context, request: AskedBundle): Promise<string> {
  requireOwnerRole(request)
  const { id } = request.params
  const text = await database.read((unit) => findQuery(unit, request.account.pda, 'bundle', id))
  if (text === undefined) throw unknownBundle(id)
  return text
}

const unknownBundle = (name: string) => new ApiError('bundle_unknown', `Bundle ${name} not found`)

/** What each page holds is in the ledger before it leaves; short ones leave together. */
async function* notedPages(context: Context, request: FastifyRequest, bundle: ReturnType<typeof compiled>) {
  const stretch = { take: Infinity, after: undefined }
  let waiting = ''
  for await (const page of readBundle(askingOf(request, context), bundle, shown, stretch)) {
    waiting += await noted(request, context, page)
    if (waiting.length < 65_536) continue
    yield waiting
    waiting = ''
  }
  yield waiting
}
