import {
  deleteCombinator,
  listCombinators,
  readCombinator,
  registerCombinator,
} from '@hatstand/api/combinators.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { hasRole } from '../domain/access/rights.ts'
import { orderPathOf } from '../domain/queries/ordering.ts'
import { readEndpointQueries } from '../domain/queries/query.ts'
import { QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { sendJson } from '../http/answers.ts'
import { entryOf } from '../ledger/entries.ts'
import { listOf } from '../store/queries/queries.ts'
import { deleteQuery, findQuery, listQueries, saveQuery } from '../store/queries/saved.ts'
import { sendList, stretchOf } from './query-answers.ts'
import { receiveQuery } from './query-bodies.ts'
import { savedQueries } from './saved-queries.ts'

type AskedCombinator = FastifyRequest<{ Params: { '*': string } }>

/** Saved lists of queries. */
export function combinatorRoutes(app: App, context: Context): void {
  const { database } = context

  app.post(registerCombinator.path, { schema: registerCombinator }, async (request, reply) => {
    const name = nameOf(request)
    const { text } = await receiveQuery(request, readEndpointQueries)
    const entry = entryOf(request, context, 'register', { detail: { combinator: name } })
    await saveQuery(database, request.account.pda, 'combinator', { name, text }, entry)
    return reply.code(201).send({ message: `Combinator ${name} registered` })
  })

  app.get(readCombinator.path, { schema: readCombinator }, async (request, reply) => {
    const name = nameOf(request)
    const { pda } = request.account
    const text = await database.read((unit) => findQuery(unit, pda, 'combinator', name))
    if (text === undefined) throw unknownCombinator(name)
    const { orderBy, ordering, skip, take, after } = request.query
    const endpoints = readEndpointQueries(text)
    requireOrder(endpoints, orderBy)
    const list = listOf({
      endpoints,
      ...(orderBy !== undefined && { orderBy }),
      ...(ordering && { ordering }),
    })
    const stretch = stretchOf(pda, list, { skip: Number(skip), take: Number(take), after })
    return sendList(request, reply, context, list, stretch)
  })

  app.get(listCombinators.path, { schema: listCombinators }, async (request, reply) => {
    requireOwnerRole(request)
    return sendJson(reply, savedQueries(listQueries(database, request.account.pda, 'combinator'), 'queries'))
  })

  app.delete(deleteCombinator.path, { schema: deleteCombinator }, async (request) => {
    const name = nameOf(request)
    const entry = entryOf(request, context, 'remove', { detail: { combinator: name } })
    if (!(await deleteQuery(database, request.account.pda, 'combinator', name, entry)))
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
export function requireOwnerRole({ caller }: FastifyRequest): void {
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
