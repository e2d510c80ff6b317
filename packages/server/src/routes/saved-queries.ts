import * as bundles from '@hatstand/api/bundles.ts'
import {
  deleteCombinator,
  listCombinators,
  readCombinator,
  registerCombinator,
} from '@hatstand/api/combinators.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { hasRole } from '../domain/access/rights.ts'
import { shown } from '../domain/consent/disclosure.ts'
import { orderPathOf } from '../domain/queries/ordering.ts'
import { readEndpointQueries, readBundle as compiled } from '../domain/queries/query.ts'
import { QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { type Pieces, sendJson } from '../http/answers.ts'
import { sendPages, stretchOf } from '../http/lists.ts'
import { entryOf } from '../ledger/entries.ts'
import { queryContextOf } from '../ledger/reading.ts'
import { readBundle } from '../store/queries/bundles.ts'
import { listOf } from '../store/queries/queries.ts'
import { deleteQuery, findQuery, listQueries, saveQuery } from '../store/queries/saved.ts'
import { sendList, receiveQuery, asRefusal } from './queries.ts'

/** Saved queries as a list, each as it was registered: names need no escape. */
const savedQueries = (
  found: AsyncIterable<{ name: string; text: string }>,
  member: 'queries' | 'bundle',
): Pieces => ({ first: '[', rest: elements(found, member) })

async function* elements(found: AsyncIterable<{ name: string; text: string }>, member: string) {
  let comma = ''
  for await (const saved of found) {
    yield comma + savedQuery(saved, member)
    comma = ','
  }
  yield ']'
}

const savedQuery = ({ name, text }: { name: string; text: string }, member: string): string =>
  `{"name":"${name}","${member}":${text}}`

type AskedCombinator = FastifyRequest<{ Params: { '*': string } }>

/** Saved lists of queries. */
export function combinatorRoutes(app: App, context: Context): void {
  const { database } = context

  app.post(registerCombinator.path, { schema: registerCombinator }, async (request, reply) => {
    const name = nameOf(request)
    const { text } = await receiveQuery(request, readEndpointQueries)
    const entry = entryOf(request, context, 'register', { detail: { combinator: name } })
    await saveQuery(database.of(request.account.pda), 'combinator', { name, text }, entry)
    return reply.code(201).send({ message: `Combinator ${name} registered` })
  })

  app.get(readCombinator.path, { schema: readCombinator }, async (request, reply) => {
    const name = nameOf(request)
    const { pda } = request.account
    const text = await database.of(pda).read((unit) => findQuery(unit, 'combinator', name))
    if (text === undefined) throw unknownCombinator(name)
    const { orderBy, ordering, skip, take, after } = request.query
    const endpoints = readEndpointQueries(text)
    requireOrder(endpoints, orderBy)
    const list = listOf({
      endpoints,
      ...(orderBy !== undefined && { orderBy }),
      ...(ordering && { ordering }),
    })
    const stretch = stretchOf(request.account, list, { skip: Number(skip), take: Number(take), after })
    return sendList(request, reply, context, list, stretch)
  })

  app.get(listCombinators.path, { schema: listCombinators }, async (request, reply) => {
    requireOwnerRole(request)
    return sendJson(
      reply,
      savedQueries(listQueries(database.of(request.account.pda), 'combinator'), 'queries'),
    )
  })

  app.delete(deleteCombinator.path, { schema: deleteCombinator }, async (request) => {
    const name = nameOf(request)
    const entry = entryOf(request, context, 'remove', { detail: { combinator: name } })
    if (!(await deleteQuery(database.of(request.account.pda), 'combinator', name, entry)))
      throw unknownCombinator(name)
    return { message: `Combinator ${name} deleted` }
  })
}

function nameOf(request: AskedCombinator): string {
  requireOwnerRole(request)
  const name = request.params['*']
  if (/^[0-9a-z-]+(\/[0-9a-z-]+)*$/.test(name)) return name
  throw new ApiError(
    'invalid_query',
    'The name of a combinator must be parts of lower-case letters, digits and hyphens, joined by single slashes',
  )
}

const unknownCombinator = (name: string) => new ApiError('combinator_unknown', `Combinator ${name} not found`)

/** Combinators and bundles are the owner's, whatever their namespaces. */
function requireOwnerRole({ caller }: FastifyRequest): void {
  if (!hasRole(caller, 'owner')) throw new ApiError('forbidden', 'This needs the role owner')
}

function requireOrder(queries: ReturnType<typeof readEndpointQueries>, orderBy: string | undefined): void {
  if (orderBy === undefined) return
  try {
    for (const query of queries) orderPathOf(query, orderBy)
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new ApiError('invalid_query', `The parameter orderBy ${error.reason}`)
  }
}

type AskedBundle = FastifyRequest<{ Params: { id: string } }>

/** Saved named queries. */
export function bundleRoutes(app: App, context: Context): void {
  const { database } = context
  writingRoutes(app, context)

  app.get(bundles.readBundle.path, { schema: bundles.readBundle }, async (request, reply) => {
    const text = await bundleText(context, request)
    try {
      const pages = await readBundle(queryContextOf(request, context, 'query'), compiled(text), shown)
      return sendPages(reply, request, pages)
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
    return sendJson(reply, savedQueries(listQueries(database.of(request.account.pda), 'bundle'), 'bundle'))
  })
}

function writingRoutes(app: App, context: Context): void {
  const { database } = context

  app.post(bundles.registerBundle.path, { schema: bundles.registerBundle }, async (request, reply) => {
    requireOwnerRole(request)
    const { id: name } = request.params
    const { text } = await receiveQuery(request, compiled)
    const entry = entryOf(request, context, 'register', { detail: { bundle: name } })
    await saveQuery(database.of(request.account.pda), 'bundle', { name, text }, entry)
    return reply.code(201).send({ message: `Bundle ${name} registered` })
  })

  app.delete(bundles.deleteBundle.path, { schema: bundles.deleteBundle }, async (request) => {
    requireOwnerRole(request)
    const { id: name } = request.params
    const entry = entryOf(request, context, 'remove', { detail: { bundle: name } })
    if (!(await deleteQuery(database.of(request.account.pda), 'bundle', name, entry)))
      throw unknownBundle(name)
    return { message: `Bundle ${name} deleted` }
  })
}

async function bundleText({ database }: Context, request: AskedBundle): Promise<string> {
  requireOwnerRole(request)
  const { id } = request.params
  const text = await database.of(request.account.pda).read((unit) => findQuery(unit, 'bundle', id))
  if (text === undefined) throw unknownBundle(id)
  return text
}

const unknownBundle = (name: string) => new ApiError('bundle_unknown', `Bundle ${name} not found`)
