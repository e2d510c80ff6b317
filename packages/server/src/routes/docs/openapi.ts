import { type ErrorCode, ErrorBody } from '@hatstand/api/errors.ts'
import type { Answer, Operation } from '@hatstand/api/operation.ts'
import { operations } from '@hatstand/api/operations.ts'
import manifest from '../../../package.json' with { type: 'json' }
import { errors } from '../../errors.ts'

type Json = Record<string, unknown>
interface Schema extends Json {
  $id?: string
  $ref?: string
  properties?: Record<string, Schema>
  required?: string[]
  description?: string
  default?: string | number
  examples?: (string | number)[]
}

/** Where the operations that are not at the root live. */
const prefix = '/api/v2.6'

const everywhere: ErrorCode[] = ['request_malformed', 'internal', 'database_unavailable', 'shutting_down']
const withToken: ErrorCode[] = ['account_unknown', 'not_authenticated', 'forbidden']
const withBody: ErrorCode[] = [
  'body_too_large',
  'body_unreadable',
  'byte_order_mark',
  'content_type_unsupported',
  'disk_full',
  'invalid_json',
  'invalid_utf8',
  'too_deep',
]

/** Every way an operation can refuse: its own and those it shares, in the order of the status. */
export function refusalsOf(operation: Operation): ErrorCode[] {
  const shared = [
    ...everywhere,
    ...(operation.ignoresUnknownQuery ? [] : (['invalid_query'] as const)),
    ...(operation.public ? [] : withToken),
    ...(operation.requestBody ? withBody : []),
  ]
  return [...new Set([...operation.refusals, ...shared])].toSorted(
    (a, b) => errors[a].status - errors[b].status,
  )
}

/** The whole path of an operation, `/api/v2.6/data/{namespace}/{endpoint}`. */
export function pathOf({ path, root }: Operation): string {
  return (root ? '' : prefix) + path.replace(/:(\w+)/g, '{$1}').replace('*', `{${restOf(path)}}`)
}

/** What stands for the star of a path. */
const restOf = (path: string) => (path.includes('/:namespace/*') ? 'endpoint' : 'name')

/** The parameters of an operation: name, where it stands, its schema, whether it must be there. */
export function parametersOf({ path, params, querystring, requestHeaders = {} }: Operation) {
  const from = (place: string, schema: Schema = {}) =>
    Object.entries(schema.properties ?? {}).map(([name, property]) => ({
      name: name === '*' ? restOf(path) : name,
      in: place,
      required: schema.required?.includes(name) === true && property.default === undefined,
      description: property.description ?? '',
      schema: without(property, 'title', 'description'),
    }))
  const headers = Object.entries(requestHeaders).map(([name, description]) => ({
    name,
    in: 'header',
    required: true,
    description,
    schema: { type: 'string' } as Schema,
  }))
  return [
    ...from('path', params as unknown as Schema),
    ...from('query', querystring as unknown as Schema),
    ...headers,
  ]
}

/** The OpenAPI 3.1 description of the API, made from the schemas that validate. */
export function openApiDocument(): Json {
  const schemas: Json = {}
  const paths: Record<string, Json> = {}
  for (const operation of operations) {
    const item = (paths[pathOf(operation)] ??= {})
    item[operation.method.toLowerCase()] = named(operationObject(operation), schemas)
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'hatstand',
      version: manifest.version,
      summary: 'A personal data server that speaks the HAT/PDA API v2.6.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ accessToken: [] }, { bearer: [] }],
    tags: [...new Set(operations.map(({ tags: [tag] }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas: Object.fromEntries(Object.entries(schemas).toSorted(([a], [b]) => (a < b ? -1 : 1))),
      securitySchemes: {
        accessToken: { type: 'apiKey', in: 'header', name: 'X-Auth-Token' },
        bearer: {
          type: 'http',
          scheme: 'bearer',
          description: 'The same token, or one by OAuth 2.1: see `/.well-known/oauth-authorization-server`.',
        },
      },
    },
  }
}

function operationObject(operation: Operation): Json {
  const { operationId, tags, summary, description, requestBody, answers, ownerOnly } = operation
  const parameters = parametersOf(operation)
  return {
    operationId,
    tags,
    summary,
    description: ownerOnly ? `${description} For the owner only.` : description,
    ...(operation.public && { security: [] }),
    ...(parameters.length > 0 && { parameters }),
    ...(requestBody && {
      requestBody: {
        description: requestBody.description,
        required: true,
        content: { 'application/json': { schema: requestBody.schema, example: requestBody.example } },
      },
    }),
    responses: { ...mapValues(answers, answerObject), ...refusalObjects(refusalsOf(operation)) },
  }
}

function answerObject({ description, schema, contentType, headers, example }: Answer): Json {
  const type = contentType ?? 'application/json'
  return {
    description,
    ...(headers && {
      headers: mapValues(headers, (does) => ({ description: does, schema: { type: 'string' } })),
    }),
    content: { [type]: { schema: schema ?? { type: 'string' }, ...(example !== undefined && { example }) } },
  }
}

const retryAfter = { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer' } } }

function refusalObjects(codes: ErrorCode[]): Json {
  const byStatus = Object.groupBy(codes, (code) => errors[code].status)
  return mapValues(byStatus as Record<string, ErrorCode[]>, (list) => ({
    description: list.map((code) => `\`${code}\``).join(', '),
    ...(list.includes('too_many_attempts') && { headers: retryAfter }),
    content: { 'application/json': { schema: ErrorBody }, 'application/problem+json': { schema: ErrorBody } },
  }))
}

/** A copy in which each schema with an `$id` is a reference, and is put into `schemas` once. */
function named(value: unknown, schemas: Json): unknown {
  if (Array.isArray(value)) return value.map((item) => named(item, schemas))
  if (typeof value !== 'object' || value === null) return value
  const { $id, ...schema } = value as Schema
  if (typeof schema.$ref === 'string') return { $ref: `#/components/schemas/${schema.$ref}` }
  if (typeof $id !== 'string') return mapValues(schema, (item) => named(item, schemas))
  if (!($id in schemas)) {
    schemas[$id] = {}
    schemas[$id] = mapValues(schema, (item) => named(item, schemas))
  }
  return { $ref: `#/components/schemas/${$id}` }
}

function without(schema: Schema, ...keys: string[]): Schema {
  return Object.fromEntries(Object.entries(schema).filter(([key]) => !keys.includes(key)))
}

function mapValues<T>(object: Record<string, T>, change: (value: T) => unknown): Json {
  return Object.fromEntries(Object.entries(object).map(([key, value]) => [key, change(value)]))
}
