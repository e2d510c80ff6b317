import * as api from '@hatstand/api/record-queries.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { namespaceOf } from '../domain/access/endpoint-name.ts'
import { mayRead } from '../domain/access/rights.ts'
import { readAggregates } from '../domain/queries/aggregates.ts'
import * as aggregation from '../domain/queries/aggregates.ts'
import { readMeant, readRecordQuery } from '../domain/queries/query.ts'
import { ApiError } from '../errors.ts'
import { noteRead } from '../ledger/entries.ts'
import { countList, eachMatch, listOf } from '../store/queries/queries.ts'
import { askingOf, sendList, stretchOf } from './query-answers.ts'
import { asRefusal, receiveQuery } from './query-bodies.ts'

type Asked = FastifyRequest<{ Params: { namespace: string; '*': string } }>
type AskedBehind = Asked & { query: { after?: string } }

/** Records of one endpoint that pass filters, and what can be computed of them. */
export function queryRoutes(app: App, context: Context): void {
  const query = (request: AskedBehind, reply: FastifyReply) => sendRecords(context, request, reply)
  app.post(api.queryRecords.path, { schema: api.queryRecords }, query)
  // The same for clients that can send it: RFC 10008.
  app.route({ method: 'QUERY', url: '/data/:namespace/*', schema: api.queryRecords, handler: query })

  app.post(api.aggregateRecords.path, { schema: api.aggregateRecords }, async (request, reply) => {
    reply.type('application/json; charset=utf-8')
    return reply.send(await aggregated(context, request))
  })
}

async function sendRecords(
  context: Context,
  request: AskedBehind,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const endpoint = requireRead(request)
  const { value: asked } = await receiveQuery(request, (text) => readRecordQuery(text, endpoint))
  for (const { endpoint: linked } of asked.query.links) requireNamespace(request, namespaceOf(linked))
  const { query, orderBy, ordering, skip, take, count } = asked
  const list = listOf({
    endpoints: [query],
    ...(orderBy !== undefined && { orderBy }),
    ...(ordering && { ordering }),
  })
  const stretch = stretchOf(request.account.pda, list, { skip, take, after: request.query.after })
  if (count) reply.header('x-total-count', await countList(askingOf(request, context), list))
  reply.header('accept-query', 'application/json')
  return sendList(request, reply, context, list, stretch)
}

async function aggregated(context: Context, request: Asked): Promise<string> {
  const endpoint = requireRead(request)
  const { value } = await receiveQuery(request, (text) => ({
    query: readMeant(text, endpoint),
    state: aggregation.start(readAggregates(text)),
  }))
  let records = 0
  try {
    for await (const rows of eachMatch(askingOf(request, context), value.query)) {
      for (const { data } of rows) aggregation.add(value.state, data)
      records += rows.length
    }
    await noteRead(request, context, { endpoints: [endpoint], records }, 'aggregate')
    return aggregation.result(value.state)
  } catch (error) {
    throw asRefusal(error)
  }
}

/** The endpoint a request names, which its caller may read. */
function requireRead(request: Asked): string {
  const { namespace, '*': path } = request.params
  requireNamespace(request, namespace)
  return `${namespace}/${path}`
}

function requireNamespace({ caller }: FastifyRequest, namespace: string): void {
  if (!mayRead(caller, namespace))
    throw new ApiError('forbidden', `No rights to read the namespace ${namespace}`)
}
