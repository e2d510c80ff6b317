import type { ErrorCode } from '@hatstand/api/errors.ts'
import type { FastifySchemaValidationError } from 'fastify'
import { ApiError } from '../errors.ts'

/** How Fastify's Ajv treats parameters: nothing is converted, nothing silently dropped; errors carry their schema. */
export const validation = {
  customOptions: { coerceTypes: false, removeAdditional: false, useDefaults: true, verbose: true },
} as const

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
    return new ApiError('invalid_query', `There is no query parameter ${JSON.stringify(extra)} here`)
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
