import { Readable } from 'node:stream'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyReply } from 'fastify'
import type { Text } from '../database/port.ts'

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
  return reply.send(rest ? Readable.from(inTurns(first, rest), oneAhead) : bodyOf(first))
}

const bodyOf = (text: Text) =>
  typeof text === 'string' ? text : Buffer.from(text.buffer, text.byteOffset, text.byteLength)

async function* inTurns(first: Text, rest: AsyncIterable<Text>): AsyncGenerator<Buffer> {
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
