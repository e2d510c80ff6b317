import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { shown } from '../domain/consent/disclosure.ts'
import { ApiError } from '../errors.ts'
import { type Pieces, sendJson, linkNext } from '../http/answers.ts'
import { noteRead } from '../ledger/entries.ts'
import { listCursorOf, standingOfCursor } from '../store/cursors.ts'
import {
  type Asking,
  type List,
  readList,
  type RecordPage,
  type Stretch,
  usualBounds,
} from '../store/queries/queries.ts'
import { asRefusal } from './query-bodies.ts'

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
