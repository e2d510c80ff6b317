import { elements, members, scalarEnd, skipSpace, unexpected } from '@hatstand/api/json.ts'
import type { TSchema } from '@hatstand/api/type.ts'
import type { FastifyRequest } from 'fastify'
import { ApiError } from '../errors.ts'
import { type Failure, invalidMember, memberPath } from '../routes/validation.ts'
import { receiveText } from './receive-body.ts'

/** How many bytes a small body may have unless a route says otherwise. */
const usualBytes = 65_536

/** A schema that Fastify's Ajv compiled: whether a value fits; if not, `errors` says why. */
export interface Validate {
  (value: unknown): unknown
  errors?: Failure[] | null
}

/** A small JSON text, its parsed value, and the text without white space around it. */
export interface Small<T> {
  value: T
  text: string
}

/**
 * Reads a small JSON body (a password, a user) of a request whose caller and rights were checked.
 * @param schema what it must be: `requestBody.schema` of its operation. Members it does not know are allowed
 * @param mostBytes how many bytes it may have, at most 1 MiB
 * @throws ApiError as `receiveBody`, `invalid_body` naming a member by its path (`info.version`); JsonError
 */
export async function readSmall<T>(
  request: FastifyRequest,
  schema: TSchema,
  mostBytes = usualBytes,
): Promise<T> {
  return (await readSmallText<T>(request, schema, mostBytes)).value
}

/** As `readSmall`, for what is kept exactly as it was sent: with its text. */
export async function readSmallText<T>(
  request: FastifyRequest,
  schema: TSchema,
  mostBytes = usualBytes,
): Promise<Small<T>> {
  const text = await receiveText(request, mostBytes)
  return parseSmall(text, request.compileValidationSchema(schema) as Validate)
}

/**
 * Parses a JSON text and checks it against a schema. Readers of a text do not agree on what a key means that one object has
 * twice: such a text is refused.
 * @throws JsonError; ApiError `invalid_body`
 */
export function parseSmall<T>(text: string, validate: Validate): Small<T> {
  const start = skipSpace(text, 0)
  const end = uniqueEnd(text, start)
  const behind = skipSpace(text, end)
  if (behind < text.length) throw unexpected(text, behind, 'expected the end of the body')
  const value = JSON.parse(text) as T
  if (!validate(value)) throw invalidMember(validate.errors ?? [])
  return { value, text: text.slice(start, end) }
}

/** The offset right behind the value at `at`. @throws as `parseSmall` */
function uniqueEnd(text: string, at: number, limit?: number, path: (string | number)[] = []): number {
  if (text[at] === '{') {
    const seen = new Set<string>()
    return walked(
      members(text, at, limit, (_, start, left, key) => {
        if (seen.has(key)) throw new ApiError('invalid_body', `${memberPath([...path, key])} is there twice`)
        seen.add(key)
        return uniqueEnd(text, start, left, [...path, key])
      }),
    )
  }
  if (text[at] !== '[') return scalarEnd(text, at)
  let index = 0
  return walked(
    elements(text, at, limit, (_, start, left) => uniqueEnd(text, start, left, [...path, index++])),
  )
}

function walked(walk: Generator<unknown, number>): number {
  let step = walk.next()
  while (!step.done) step = walk.next()
  return step.value
}
