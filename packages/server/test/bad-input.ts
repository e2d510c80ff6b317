import assert from 'node:assert/strict'
import { type ErrorCode, errorCodes } from '@hatstand/api/errors.ts'
import { sql } from 'kysely'
import { errors } from '../src/errors.ts'
import type { TestServer } from './harness.ts'

/** A request that must be refused. */
export interface BadInput {
  what: string
  method: string
  /** Below `/api/v2.6`. */
  path: string
  headers?: Record<string, string>
  body?: Uint8Array<ArrayBuffer> | string | ReadableStream
  code: ErrorCode
  /** What the cause has to name: a field, a limit or a position. */
  cause: RegExp | string
}

export const someId = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'
/** What is no id of a record. */
export const badIds = [
  'x',
  '123',
  someId.slice(1),
  `${someId}0`,
  someId.replace('-', ''),
  `${someId},`,
  `,${someId}`,
  `${someId} ${someId}`,
  `{${someId}}`,
  someId.replace('9', 'g'),
  "1' or '1'='1",
  '\0',
  'é',
]

export type Described = Pick<BadInput, 'method' | 'path' | 'body'>
export const get = (path: string): Described => ({ method: 'GET', path })
export const remove = (path: string): Described => ({ method: 'DELETE', path })
export const post = (path: string, body?: string): Described => ({
  method: 'POST',
  path,
  ...(body !== undefined && { body }),
})
export const put = (body: string): Described => ({ method: 'PUT', path: '/data', body })

/** A request, and how it is refused. */
export function bad(request: Described, code: ErrorCode, cause: RegExp | string): BadInput {
  return { ...request, what: typeof request.body === 'string' ? request.body : '', code, cause }
}

export interface Answer {
  status: number
  type: string
  text: string
}

/** Sends a request as it is, with the owner's token. */
export async function send(
  server: TestServer,
  request: Omit<BadInput, 'what' | 'code' | 'cause'>,
): Promise<Answer> {
  const { method, path, headers, body } = request
  const response = await fetch(`${server.url}/api/v2.6${path}`, {
    method,
    headers: {
      'x-auth-token': server.token,
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body }),
    duplex: 'half',
  })
  return {
    status: response.status,
    type: response.headers.get('content-type') ?? '',
    text: await response.text(),
  }
}

/** Sends each request; all must be refused as they say, in the one error shape, and change nothing. */
export async function refusesAll(server: TestServer, inputs: readonly BadInput[]): Promise<void> {
  const before = await stored(server)
  for (const input of inputs) {
    const about = `${input.method} ${input.path.slice(0, 120)}: ${input.what}`
    const answer = await send(server, input)
    const body = refusalIn(answer, about)
    assert.equal(body['code'], input.code, `${about}: ${answer.text}`)
    const { cause } = body
    assert.ok(
      typeof input.cause === 'string' ? cause.includes(input.cause) : input.cause.test(cause),
      `${about}: the cause ${JSON.stringify(cause)} lacks ${String(input.cause)}`,
    )
    assert.deepEqual(await stored(server), before, `${about}: something was stored`)
  }
}

/** The body of a refusal, which has the one error shape and the status of its code. */
export function refusalIn(answer: Answer, about: string): { cause: string; code: ErrorCode } {
  assert.match(answer.type, /^application\/json/, about)
  const body = JSON.parse(answer.text) as Record<string, unknown>
  const { message, cause, error, code, duplicates: _, ...more } = body
  for (const part of [message, cause, error]) assert.ok(typeof part === 'string' && part !== '', about)
  assert.ok(errorCodes.includes(code as ErrorCode), about)
  assert.deepEqual(more, {}, about)
  assert.equal(answer.status, errors[code as ErrorCode].status, about)
  return body as { cause: string; code: ErrorCode }
}

/** All that a request could have changed, in figures. */
export async function stored({ context, owner }: TestServer): Promise<unknown> {
  const tables = ['endpoint', 'record', 'record_history', 'link', 'order_path', 'order_key']
  const counts = await context.database.read((unit) =>
    unit.all(
      sql`select seq, ${sql.join(
        tables.map((table) => sql`(select count(*) from ${sql.table(table)}) as ${sql.ref(`${table}s`)}`),
      )} from pda`,
    ),
  )
  return [counts, await owner.endpoints.counts()]
}
