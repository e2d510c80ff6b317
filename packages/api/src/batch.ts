import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'
import { DataRecord, data, endpoint, savedExample } from './records.ts'
import { Type } from './type.ts'

/** A record of a batch: saved together with its own `links`, at any depth, as one group. */
export interface BatchRecord {
  endpoint: string
  data: unknown
  links?: BatchRecord[]
}

export const BatchRecord = Type.Object(
  { endpoint, data, links: Type.Optional(Type.Array(Type.Ref('BatchRecord'))) },
  {
    $id: 'BatchRecord',
    description: 'A record to save; it and its own `links` become one group, at any depth.',
  },
)

export const createBatch = {
  operationId: 'createBatch',
  ignoresUnknownQuery: true,
  method: 'POST',
  path: '/data-batch',
  tags: ['records'],
  summary: 'Save records for several endpoints at once, linked or not',
  description: 'All or nothing. Needs the right to write in every namespace named.',
  querystring: NoQuery,
  requestBody: {
    description: 'The records.',
    schema: Type.Array(BatchRecord),
    example: [
      {
        endpoint: 'rumpel/notable',
        data: { message: 'Showcasing the new HAT APIs' },
        links: [{ endpoint: 'rumpel/nudge', data: { type: 'time', time: '2017-04-30T14:22:52+01:00' } }],
      },
    ],
  },
  answers: {
    201: {
      description: 'Saved, in the order of the request.',
      schema: Type.Array(DataRecord),
      example: [savedExample],
    },
  },
  refusals: ['duplicate_data', 'invalid_endpoint', 'invalid_body', 'too_many_records', 'record_too_large'],
} satisfies Operation
