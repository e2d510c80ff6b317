import AjvCompiler from '@fastify/ajv-compiler'
import type { ErrorCode } from '@hatstand/api/errors.ts'
import { elements, members, scalarEnd, skipSpace, unexpected, stringText } from '@hatstand/api/json.ts'
import type { Operation } from '@hatstand/api/operation.ts'
import type { TSchema } from '@hatstand/api/type.ts'
import type { FastifyRequest, FastifySchemaValidationError } from 'fastify'
import type { App } from '../context.ts'
import { ApiError } from '../errors.ts'
import { receiveText } from './receive-body.ts'

/** How many bytes a small body may have unless a route says otherwise. */
const usualBytes = 65_536

/** A schema that Fastify's Ajv compiled: whether a value fits; if not, `errors` says why. */
export interface Validate {
  (value: unknown): boolean
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
 * @param maxBytes how many bytes it may have, at most 1 MiB
 * @throws ApiError as `receiveBody`, `invalid_body` naming a member by its path (`info.version`); JsonError
 */
export async function readSmall<T>(
  request: FastifyRequest,
  schema: TSchema,
  maxBytes = usualBytes,
): Promise<T> {
  return (await readSmallText<T>(request, schema, maxBytes)).value
}

/** As `readSmall`, for what is kept exactly as it was sent: with its text. */
export async function readSmallText<T>(
  request: FastifyRequest,
  schema: TSchema,
  maxBytes = usualBytes,
): Promise<Small<T>> {
  const text = await receiveText(request, maxBytes)
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

/** Fastify's Ajv, one for the process: nothing is converted, nothing silently dropped; errors carry their schema. */
const ajv = AjvCompiler()(
  {},
  { customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, verbose: true } },
)

/**
 * Compiles a schema when the first value comes, and once, however many routes have it: all of them at the start take longer than
 * everything else a start does.
 */
export function compile({ schema }: { schema: unknown }): Validate {
  let compiled: Validate | undefined
  const validate: Validate = (value) => {
    compiled ??= ajv({ schema }) as Validate
    const fits = compiled(value)
    validate.errors = compiled.errors ?? null
    return fits
  }
  return validate
}

/** From now on every operation refuses the query parameters it does not know, unless it says that it passes over them. */
export function closeQueries(app: App): void {
  app.addHook('onRoute', (route) => {
    if (isOperation(route.schema)) route.schema = closed(route.schema)
  })
}

const closedOnes = new WeakMap<Operation, Operation>()

/** One object for each operation, by which its schemas are known as compiled. */
function closed(operation: Operation): Operation {
  const known = closedOnes.get(operation)
  if (known) return known
  const { querystring, ignoresUnknownQuery = false } = operation
  const made = { ...operation, querystring: { ...querystring, additionalProperties: ignoresUnknownQuery } }
  closedOnes.set(operation, made)
  return made
}

const isOperation = (schema: object | undefined): schema is Operation =>
  schema !== undefined && 'operationId' in schema

/** Why a value does not fit a schema, as Ajv says it. */
type Failure = FastifySchemaValidationError & { parentSchema?: { title?: string } }

const codes: Record<string, ErrorCode> = {
  namespace: 'invalid_namespace',
  '*': 'invalid_endpoint',
  records: 'invalid_record_id',
  recordId: 'invalid_record_id',
}

const names: Record<string, string> = { namespace: 'The namespace', '*': 'The endpoint' }

/**
 * What a schema of `@hatstand/api` refused, as the refusal that names the parameter and says what it must be.
 * @param failures `error.validation` of the error Fastify raised
 */
export function invalidRequest(failures: readonly FastifySchemaValidationError[]): ApiError {
  const failure: Failure | undefined = failures.at(-1)
  const extra = failure?.params['additionalProperty']
  if (typeof extra === 'string')
    return new ApiError('invalid_query', `There is no query parameter ${stringText(extra)} here`)
  const missing = failure?.params['missingProperty']
  if (typeof missing === 'string')
    return new ApiError('invalid_query', `The query parameter ${missing} is missing`)
  const name = failure?.instancePath.split('/')[1]?.replaceAll('~1', '/') ?? ''
  const expected = failure?.parentSchema?.title ?? 'given once'
  return new ApiError(
    codes[name] ?? 'invalid_query',
    `${names[name] ?? `The parameter ${name}`} must be ${expected}`,
  )
}

/**
 * What a schema refused in a body, as the refusal that names the member by its path.
 * @param failures the `errors` of a validation by Fastify's Ajv; the last one sums up the others
 */
function invalidMember(failures: readonly Failure[]): ApiError {
  const failure = failures.at(-1)
  const path = (failure?.instancePath ?? '').split('/').slice(1).map(unescaped)
  const missing = failure?.params['missingProperty']
  if (typeof missing === 'string')
    return new ApiError('invalid_body', `${memberPath([...path, missing])} is missing`)
  return new ApiError('invalid_body', `${memberPath(path)} must be ${expectation(failure)}`)
}

/** A member of a body in words: `The member info.screenshots[2].url`. */
export function memberPath(path: readonly (string | number)[]): string {
  if (path.length === 0) return 'The body'
  const steps = path.map((step) => (/^\d+$/.test(String(step)) ? `[${step}]` : `.${step}`))
  return `The member ${steps.join('').replace(/^\./, '')}`
}

const unescaped = (step: string) => step.replaceAll('~1', '/').replaceAll('~0', '~')

const kinds: Record<string, string> = {
  array: 'an array',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'an object',
  string: 'a string',
}

function expectation({ keyword, params = {}, parentSchema, message }: Partial<Failure> = {}): string {
  if (parentSchema?.title !== undefined) return parentSchema.title
  const limit = String(params['limit'])
  if (keyword === 'type') return kinds[String(params['type'])] ?? String(params['type'])
  if (keyword === 'enum') return `one of ${String(params['allowedValues']).replaceAll(',', ', ')}`
  if (keyword === 'format') return `a ${String(params['format'])}`
  if (keyword === 'minLength') return `at least ${limit} characters long`
  if (keyword === 'maxLength') return `at most ${limit} characters long`
  return (message ?? 'valid').replace(/^must (be )?/, '')
}
