import type { Operation } from './operation.ts'
import { NoQuery, EndpointParams, recordIds } from './query.ts'
import { Type, type Static } from './type.ts'

const Erased = Type.Object(
  {
    message: Type.String(),
    records: Type.Integer({
      minimum: 0,
      description: 'Records erased, deleted ones that lived on in the history included.',
    }),
  },
  { $id: 'Erased' },
)
export type Erased = Static<typeof Erased>

export const eraseRecords = {
  operationId: 'eraseRecords',
  method: 'DELETE',
  path: '/data-erasure',
  ownerOnly: true,
  tags: ['erasure'],
  summary: 'Erase records for good',
  description:
    'Record, history, links, indexes and free pages: no byte of the data stays. Also erases what was deleted before.',
  querystring: Type.Object({
    records: recordIds('Ids of the records to erase, the parameter repeated or the ids joined by commas.'),
  }),
  answers: { 200: { description: 'Erased.', schema: Erased, example: { message: 'Erased', records: 1 } } },
  refusals: ['data_missing', 'invalid_record_id', 'invalid_query'],
} satisfies Operation

export const eraseEndpoint = {
  operationId: 'eraseEndpoint',
  method: 'DELETE',
  path: '/data-erasure/:namespace/*',
  ownerOnly: true,
  tags: ['erasure'],
  summary: 'Erase an endpoint for good',
  description:
    'Every record that is or was kept at exactly this endpoint, with history, links, indexes and free pages.',
  params: EndpointParams,
  querystring: NoQuery,
  answers: {
    200: {
      description: 'Erased, or nothing was there.',
      schema: Erased,
      example: { message: 'Erased', records: 12 },
    },
  },
  refusals: ['invalid_namespace', 'invalid_endpoint', 'invalid_query'],
} satisfies Operation
