import { skipSpace, skipValue } from '@hatstand/api/json.ts'
import * as api from '@hatstand/api/record-queries.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { namespaceOf } from '../domain/access/endpoint-name.ts'
import { mayRead } from '../domain/access/rights.ts'
import { shown } from '../domain/consent/disclosure.ts'
import { readAggregates } from '../domain/queries/aggregates.ts'
import * as aggregation from '../domain/queries/aggregates.ts'
import { readMeant, readRecordQuery } from '../domain/queries/query.ts'
import { mostLevels, QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { type Pieces, sendJson, linkNext } from '../http/answers.ts'
import { receiveText } from '../http/receive-body.ts'
import { noteRead } from '../ledger/entries.ts'
import {
  countList,
  eachMatch,
  listOf,
  type Asking,
  type List,
  readList,
  type RecordPage,
  type Stretch,
  usualBounds,
  GoneError,
} from '../store/queries/queries.ts'
import { listCursorOf, standingOfCursor } from '../store/queries/streams.ts'

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

/** What the stores need to know to answer queries of a request. */
export const askingOf = ({ account, raw }: FastifyRequest, { config, database, now }: Context): Asking => ({
  database,
  pda: account.pda,
  now: now(),
  orderPaths: config.orderPaths,
  bounds: usualBounds,
  isGone: () => raw.socket.destroyed,
})

/**
 * Answers with the records of a list, and where it goes on. What each page holds is in the ledger before it leaves.
 * @throws ApiError
 */
export async function sendList(
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
  list: List,
  stretch: Stretch,
): Promise<FastifyReply> {
  const asked = [...new Set(list.endpoints.map(({ endpoint }) => endpoint))]
  try {
    const { first, rest, next } = await readList(askingOf(request, context), list, stretch, shown)
    if (next) linkNext(reply, request, listCursorOf(request.account.pda, next))
    const begin = await noted(request, context, first, asked)
    const pieces: Pieces = rest
      ? { first: `[${begin}`, rest: following(request, context, rest, first.records > 0) }
      : { first: `[${begin}]`, rest: undefined }
    return await sendJson(reply, pieces)
  } catch (error) {
    throw asRefusal(error)
  }
}

async function* following(
  request: FastifyRequest,
  context: Context,
  rest: AsyncIterable<RecordPage>,
  isBehind: boolean,
): AsyncGenerator<string> {
  let comma = isBehind ? ',' : ''
  for await (const page of rest) {
    if (page.records === 0) continue
    yield comma + (await noted(request, context, page))
    comma = ','
  }
  yield ']'
}

/** The text of a page that is in the ledger. */
export async function noted(
  request: FastifyRequest,
  context: Context,
  { text, shown: { records, endpoints } }: RecordPage,
  asked: readonly string[] = [],
): Promise<string> {
  if (records > 0 || asked.length > 0)
    await noteRead(request, context, { endpoints: records > 0 ? endpoints : asked, records }, 'query')
  return text
}

/**
 * Which stretch of a list is asked for.
 * @param after the parameter of the URL: what is skipped counts for nothing behind it
 * @throws ApiError
 */
export function stretchOf(
  pda: number,
  list: List,
  { skip, take, after: cursor }: { skip: number; take: number; after: string | undefined },
): Stretch {
  if (cursor === undefined) return { after: undefined, skip, take }
  const after = standingOfCursor(pda, cursor, list.orderBy !== undefined)
  if (!after || after.index >= list.endpoints.length)
    throw new ApiError(
      'invalid_query',
      'The parameter after must be taken from the Link header of an answer to the same question',
    )
  return { after, skip: 0, take }
}

/** A query takes no more bytes than this. */
const mostBytes = 1_048_576

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
  const text = await receiveText(request, mostBytes)
  skipValue(text, skipSpace(text, 0), mostLevels)
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
