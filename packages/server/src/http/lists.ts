import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Account } from '../context.ts'
import type { Text } from '../database/port.ts'
import { ApiError } from '../errors.ts'
import type { Page, Released } from '../store/queries/context.ts'
import type { List } from '../store/queries/queries.ts'
import type { Stretch } from '../store/queries/spliced.ts'
import { cursorOf, placeAt } from '../store/records/orders.ts'
import { bodyOf, linkNext, sendJson } from './answers.ts'

/**
 * Which stretch of a list is asked for.
 * @param after the parameter of the URL: what is skipped counts for nothing behind it
 * @param sameAs where such a cursor comes from, in words
 * @throws ApiError
 */
export function stretchOf(
  account: Account,
  list: List,
  { skip, take, after: cursor }: { skip: number; take: number; after: string | undefined },
  sameAs = 'to the same question',
): Stretch {
  if (cursor === undefined) return { after: undefined, skip, take }
  const after = placeAt(account, cursor)
  const isOfList =
    after &&
    (after.index ?? 0) < list.endpoints.length &&
    (after.key !== undefined) === (list.orderBy !== undefined)
  if (!isOfList)
    throw new ApiError(
      'invalid_query',
      `The parameter after must be taken from the Link header of an answer ${sameAs}`,
    )
  return { after, skip: 0, take }
}

/** Answers with pages of records, between `begin` and `end`, and says where it goes on. */
export function sendPages(
  reply: FastifyReply,
  request: FastifyRequest,
  { first, rest, next }: Released,
  { begin = '', end = '' } = {},
): FastifyReply {
  if (next) linkNext(reply, request, cursorOf(request.account, next))
  if (begin === '' && end === '') return sendJson(reply, { first: first.text, rest: rest && textsOf(rest) })
  const text = begin + String(bodyOf(first.text))
  return sendJson(reply, rest ? { first: text, rest: textsOf(rest, end) } : { first: text + end, rest })
}

async function* textsOf(pages: AsyncIterable<Page>, end = ''): AsyncGenerator<Text> {
  for await (const { text } of pages) yield text
  yield end
}
