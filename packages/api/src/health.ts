import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'
import { Type, type Static } from './type.ts'

const open = {
  method: 'GET',
  root: true,
  public: true,
  tags: ['server'] as [string],
  querystring: NoQuery,
  refusals: ['invalid_query'],
} satisfies Partial<Operation>

export const Health = Type.Object({ status: Type.Enum(['ok']) }, { $id: 'Health' })
export type Health = Static<typeof Health>

export const Version = Type.Object({ version: Type.String({ examples: ['0.1.0'] }) }, { $id: 'Version' })
export type Version = Static<typeof Version>

export const readHealth = {
  ...open,
  operationId: 'readHealth',
  path: '/healthz',
  summary: 'Ask whether the server works',
  description: 'Asks the database, too.',
  refusals: ['database_unavailable', 'invalid_query'],
  answers: {
    200: { description: 'It works.', schema: Health, example: { status: 'ok' } },
  },
} satisfies Operation

export const readVersion = {
  ...open,
  operationId: 'readVersion',
  path: '/version',
  summary: 'Ask which hatstand this is',
  description: 'The version of the server.',
  answers: { 200: { description: 'The version.', schema: Version, example: { version: '0.1.0' } } },
} satisfies Operation

export const readMetrics = {
  ...open,
  operationId: 'readMetrics',
  path: '/metrics',
  summary: 'Read figures for Prometheus',
  description:
    'From the same machine, or with `HATSTAND_METRICS_TOKEN` as a bearer token. Holds no personal data and no namespaces.',
  answers: { 200: { description: 'Prometheus text format.', contentType: 'text/plain' } },
  refusals: ['forbidden', 'invalid_query'],
} satisfies Operation

export const readOpenApi = {
  ...open,
  operationId: 'readOpenApi',
  path: '/openapi.json',
  summary: 'Read this description as OpenAPI 3.1',
  description: 'Made from the schemas that validate.',
  answers: { 200: { description: 'An OpenAPI 3.1 document.', schema: Type.Unknown() } },
} satisfies Operation

export const readDocs = {
  ...open,
  operationId: 'readDocs',
  path: '/docs',
  summary: 'Read this description as a page',
  description: 'One page for people, without scripts.',
  answers: { 200: { description: 'A page.', contentType: 'text/html' } },
} satisfies Operation
