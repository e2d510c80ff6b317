import type { Operation } from './operation.ts'
import { flag } from './query.ts'
import { Type, type Static } from './type.ts'

export const Sources = Type.Map(Type.Array(Type.String()), {
  $id: 'Sources',
  description: 'Namespace -> the paths of its endpoints.',
})
export type Sources = Static<typeof Sources>

export const EndpointCount = Type.Object(
  {
    records: Type.Integer({ minimum: 0, description: 'How many records it holds.' }),
    bytes: Type.Integer({ minimum: 0, description: 'Bytes of their data as submitted, in UTF-8.' }),
    lastChanged: Type.String({
      format: 'date-time',
      description: 'When it was last written, updated or deleted from.',
    }),
  },
  { $id: 'EndpointCount' },
)
export type EndpointCount = Static<typeof EndpointCount>

export const SourcesWithCounts = Type.Map(Type.Map(EndpointCount), {
  $id: 'SourcesWithCounts',
  description: 'Namespace -> path -> what the endpoint holds.',
})
export type SourcesWithCounts = Static<typeof SourcesWithCounts>

export const listSources = {
  operationId: 'listSources',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data/sources',
  tags: ['endpoints'],
  summary: 'List the endpoints that hold records',
  description: 'An application sees those of the namespaces it may read.',
  querystring: Type.Object({
    counts: flag('Adds records, bytes and the time of the last change of each endpoint.'),
  }),
  answers: {
    200: {
      description: 'Endpoints by namespace; with `counts=true` each path has its figures.',
      schema: Type.Union([Sources, SourcesWithCounts]),
      example: { rumpel: ['locations', 'notable'] },
    },
  },
  refusals: ['invalid_query'],
} satisfies Operation
