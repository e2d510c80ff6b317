import type { ErrorCode } from '@hatstand/api/errors.ts'
import { stringText } from '@hatstand/api/json.ts'
import type { Operation } from '@hatstand/api/operation.ts'
import type { FastifySchemaValidationError } from 'fastify'
import type { App } from '../context.ts'
import { ApiError } from '../errors.ts'

/** How Fastify's Ajv treats parameters: nothing is converted, nothing silently dropped; errors carry their schema. */
export const validation = {
  customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, verbose: true },
} as const

/** From now on every operation refuses the query parameters it does not know, unless it says that it passes over them. */
export function closeQueries(app: App): void {
  app.addHook('onRoute', (route) => {
    if (!isOperation(route.schema)) return
    const { querystring, ignoresUnknownQuery = false } = route.schema
    route.schema = {
      ...route.schema,
      querystring: { ...querystring, additionalProperties: ignoresUnknownQuery },
    }
  })
}

const isOperation = (schema: object | undefined): schema is Operation =>
  schema !== undefined && 'operationId' in schema

/** Why a value does not fit a schema, as Ajv says it. */
export type Failure = FastifySchemaValidationError & { parentSchema?: { title?: string } }

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
export function invalidMember(failures: readonly Failure[]): ApiError {
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
