import { namespaceOf } from '@hatstand/api/endpoint-name.ts'
import { skipSpace, skipValue } from '@hatstand/api/json.ts'
import * as api from '@hatstand/api/record-queries.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { mayRead } from '../domain/access/rights.ts'
import { shown } from '../domain/consent/disclosure.ts'
import { readAggregates } from '../domain/queries/aggregates.ts'
import * as aggregation from '../domain/queries/aggregates.ts'
import { readMeant, readRecordQuery } from '../domain/queries/query.ts'
import { maxLevels, QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { sendPages, stretchOf } from '../http/lists.ts'
import { receiveText } from '../http/receive-body.ts'
import { queryContextOf } from '../ledger/reading.ts'
import { countList, type List, listOf, readAggregate, readList } from '../store/queries/queries.ts'
import { GoneError } from '../store/queries/scan.ts'
import type { Stretch } from '../store/queries/spliced.ts'

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
  const stretch = stretchOf(request.account, list, { skip, take, after: request.query.after })
  if (count) reply.header('x-total-count', await countList(queryContextOf(request, context, 'query'), list))
  reply.header('accept-query', 'application/json')
  return sendList(request, reply, context, list, stretch)
}

async function aggregated(context: Context, request: Asked): Promise<string> {
  const endpoint = requireRead(request)
  const { value } = await receiveQuery(request, (text) => ({
    query: readMeant(text, endpoint),
    state: aggregation.start(readAggregates(text)),
  }))
  const reading = queryContextOf(request, context, 'aggregate')
  try {
    return await readAggregate(reading, value.query, value.state)
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

/**
 * Answers with the records of a list, and where it goes on.
 * @throws ApiError
 */
export async function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
  list: List,
  stretch: Stretch,
): Promise<FastifyReply> {
  try {
    const pages = await readList(queryContextOf(request, context, 'query'), list, stretch, shown)
    return sendPages(reply, request, pages)
  } catch (error) {
    throw asRefusal(error)
  }
}

/** A query takes no more bytes than this. */
const maxBytes = 1_048_576

/** What was read of a body, and its text. */
interface Sent<T> {
  value: T
  text: string
}

/**
 * Receives the body of a request whose caller and rights were checked, and reads a query from it.
 * @throws ApiError as `receiveBody`, `invalid_body` naming the place of the fault; JsonError
 */
export async function receiveQuery<T>(request: FastifyRequest, read: (text: string) => T): Promise<Sent<T>> {
  const text = await receiveText(request, maxBytes)
  skipValue(text, skipSpace(text, 0), maxLevels)
  try {
    return { value: read(text), text: text.trim() }
  } catch (error) {
    throw asRefusal(error)
  }
}

/** A fault of a query as a refusal of the body it came in, anything else as it is. */
export function asRefusal(error: unknown): unknown {
  if (error instanceof GoneError)
    return new ApiError('body_unreadable', 'The connection was closed before the answer was made')
  return error instanceof QueryError ? new ApiError('invalid_body', sentence(error.message)) : error
}

const sentence = (message: string) => (message.startsWith('the ') ? `T${message.slice(1)}` : message)
