import { Readable, finished } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { App } from '../context.ts'
import type { Text } from '../database/port.ts'
import { ApiError } from '../errors.ts'

/** Characters of an answer made here that are sent in one piece. */
const pieceLength = 65_536
const json = 'application/json; charset=utf-8'
/** One piece waits while the one before it is sent; a stream of objects would gather sixteen. */
const oneAhead = { objectMode: false, highWaterMark: 1 }

/** A JSON text in pieces; `rest` is undefined when the first is all. */
export interface Pieces {
  first: Text
  rest: AsyncIterable<Text> | undefined
}

/** Answers with JSON text as it is. One that fails midway is cut, never ended as if it were whole. */
export function sendJson(reply: FastifyReply, { first, rest }: Pieces): FastifyReply {
  reply.header('content-type', json)
  return reply.send(rest ? Readable.from(inChunks(first, rest), oneAhead) : bodyOf(first))
}

export const bodyOf = (text: Text) =>
  typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength)

async function* inChunks(first: Text, rest: AsyncIterable<Text>): AsyncGenerator<Buffer> {
  yield Buffer.from(bodyOf(first) as string)
  for await (const text of rest) {
    if (text.length > 0) yield Buffer.from(bodyOf(text) as string)
    // A fast reader must not keep the others from their turn.
    await nextTurn()
  }
}

/** The pieces of an array, from the texts of its elements. */
export function arrayOf(elements: Iterable<string>): Pieces {
  const iterator = elements[Symbol.iterator]()
  const next = (begin: string): { text: string; done: boolean } => {
    const parts: string[] = []
    for (let length = 0; length < pieceLength;) {
      const { done, value } = iterator.next()
      if (done) return { text: `${parts.length > 0 || begin === '[' ? begin : ''}${parts.join()}]`, done }
      parts.push(value)
      length += value.length
    }
    return { text: begin + parts.join(), done: false }
  }
  const { text, done } = next('[')
  return { first: text, rest: done ? undefined : following(next) }
}

async function* following(next: (begin: string) => { text: string; done: boolean }): AsyncGenerator<string> {
  for (let last = false; !last;) {
    const { text, done } = next(',')
    yield text
    last = done
  }
}

/** Says in the `Link` header where the answer goes on: the same request, continued behind a cursor. */
export function linkNext(reply: FastifyReply, { url }: FastifyRequest, cursor: string): void {
  const end = url.includes('?') ? url.indexOf('?') : url.length
  const query = new URLSearchParams(url.slice(end + 1))
  query.delete('skip')
  query.set('after', cursor)
  reply.header('link', `<${url.slice(0, end)}?${query.toString()}>; rel="next"`)
}

/** How long a closing server waits for such work, in milliseconds. */
const patience = 5000

/** Runs work once the answer is on its way. */
export type AfterAnswer = (reply: FastifyReply, work: () => Promise<unknown>) => void

/** For what must not be seen in an answer, nor in the time it takes. What fails is in the log; a closing server waits a moment. */
export function afterAnswer(app: App): AfterAnswer {
  const running = new Set<Promise<unknown>>()
  app.addHook('onClose', async () => {
    const waited = new Promise<void>((resolve) => setTimeout(resolve, patience).unref())
    await Promise.race([Promise.allSettled(running), waited])
  })
  return (reply, work) => {
    const answered = new Promise<void>((resolve) => finished(reply.raw, () => resolve()))
    const done = answered
      .then(work)
      .catch((error: unknown) => logged(reply, error))
      .finally(() => running.delete(done))
    running.add(done)
  }
}

/** Its kind and place; what engines say may hold data. */
function logged({ request }: FastifyReply, error: unknown): void {
  const { name, stack } = error as Error
  request.log.error({ reqId: request.id, err: { type: name, stack } }, 'work after an answer failed')
}

/**
 * Changes by GET are there for existing clients, which send their token in `X-Auth-Token`. Nothing else is taken for a wish to
 * change something: no HEAD, and no kind of authorization that a browser, a cache or a link checker might send along by itself.
 */
export async function requireHeader(request: FastifyRequest): Promise<void> {
  if (request.method === 'HEAD') throw new ApiError('forbidden', 'HEAD changes nothing; use POST')
  if (request.headers['x-auth-token'] === undefined)
    throw new ApiError(
      'forbidden',
      'By GET this needs the access token in the header X-Auth-Token; with Authorization: Bearer, use POST',
    )
}
