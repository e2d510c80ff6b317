import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Text } from '../database/port.ts'

/** Characters of an answer that are sent in one piece. */
const pieceLength = 262_144
const json = 'application/json; charset=utf-8'

/** Answers with JSON text as it is. */
export function sendJson(reply: FastifyReply, text: Text): FastifyReply {
  return reply.header('content-type', json).send(typeof text === 'string' ? text : bufferOf(text))
}

const bufferOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Answers with an array whose elements come as texts, joined by commas within each text. One that fails midway is cut, never
 * closed as if it were whole.
 * @param rest undefined when the first text is all
 */
export function sendList(
  reply: FastifyReply,
  first: Text,
  rest: AsyncIterable<Text> | undefined,
): FastifyReply {
  if (rest) return reply.header('content-type', json).send(Readable.from(listed(first, rest)))
  return sendJson(
    reply,
    typeof first === 'string' ? `[${first}]` : Buffer.concat([Buffer.from('['), first, Buffer.from(']')]),
  )
}

async function* listed(first: Text, rest: AsyncIterable<Text>): AsyncGenerator<Buffer> {
  yield Buffer.concat([Buffer.from('['), Buffer.from(first as string)])
  for await (const text of rest) {
    yield Buffer.concat([Buffer.from(','), Buffer.from(text as string)])
    // A fast reader must not keep the others from their turn.
    await nextTurn()
  }
  yield Buffer.from(']')
}

/** Texts of single elements as the stretches `sendList` takes. */
export function stretches(texts: Iterable<string>): {
  first: string
  rest: AsyncIterable<string> | undefined
} {
  const iterator = texts[Symbol.iterator]()
  const next = (): string | undefined => {
    const parts: string[] = []
    for (let length = 0; length < pieceLength;) {
      const { done, value } = iterator.next()
      if (done) break
      parts.push(value)
      length += value.length
    }
    return parts.length === 0 ? undefined : parts.join()
  }
  const first = next()
  const second = first === undefined ? undefined : next()
  if (second === undefined) return { first: first ?? '', rest: undefined }
  return { first: first!, rest: following(second, next) }
}

async function* following(second: string, next: () => string | undefined): AsyncGenerator<string> {
  for (let text: string | undefined = second; text !== undefined; text = next()) yield text
}
