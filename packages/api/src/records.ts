import { endpointPattern } from './endpoint-name.ts'
import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { EndpointParams, NoQuery, digits, exampleId, flag, recordId, recordIds } from './query.ts'
import { Type, type Static } from './type.ts'

export const endpoint = Type.String({
  pattern: endpointPattern,
  description: 'Namespace and path, as in `rumpel/locations`.',
  examples: ['rumpel/locations'],
})
export const data = Type.Unknown({
  description: 'Any JSON value; comes back byte for byte as it was submitted.',
})
const time = (description: string) => Type.Optional(Type.String({ format: 'date-time', description }))
const id = recordId('The id of the record: a UUID.')

/** A record as answers show it. `seq`, `created`, `updated` and `writer` come with `meta=true`. */
export interface DataRecord {
  endpoint: string
  recordId: string
  data: unknown
  links?: DataRecord[]
  seq?: number
  created?: string
  updated?: string
  writer?: string
}

export const DataRecord = Type.Object(
  {
    endpoint,
    recordId: id,
    data,
    links: Type.Optional(
      Type.Array(Type.Ref('Record'), { description: 'The records linked with this one.' }),
    ),
    seq: Type.Optional(
      Type.Integer({ minimum: 1, description: "The account's counter when this version was written." }),
    ),
    created: time('When it was first saved: ISO 8601, UTC, with milliseconds.'),
    updated: time('When it was last updated; left out while it is as first saved.'),
    writer: Type.Optional(
      Type.String({ description: '`owner`, or the id of the application that wrote this version.' }),
    ),
  },
  { $id: 'Record', description: 'One JSON value kept at an endpoint.' },
)

export const RecordUpdate = Type.Object(
  { endpoint, recordId: id, data },
  {
    $id: 'RecordUpdate',
    description: 'A record with its new data. The endpoint must be the stored one: a record never moves.',
  },
)
export type RecordUpdate = Static<typeof RecordUpdate>

export const ListQuery = Type.Object({
  take: digits({
    default: 1000,
    description: 'How many records at most. Any number: the answer is streamed.',
  }),
  skip: digits({ default: 0, description: 'How many records to leave out at the beginning.' }),
  orderBy: Type.Optional(
    Type.String({
      description: 'Dotted path into the data, `a.b.0.c`, to order by. Records without it come last.',
    }),
  ),
  ordering: Type.Optional(
    Type.Enum(['ascending', 'descending'], {
      title: '`ascending` or `descending`',
      description:
        'With `orderBy`, ascending unless said otherwise. Alone it orders by time of saving. Neither: newest first.',
    }),
  ),
  recordId: Type.Optional(recordId('Only this record, or an empty list.')),
  links: flag('Adds to each record the records linked with it.'),
  meta: flag('Adds `seq`, `created`, `updated` and `writer` to each record.'),
  after: Type.Optional(
    Type.String({ description: 'Where the next page begins: taken from the `Link` header, never made up.' }),
  ),
})
export type ListQuery = Static<typeof ListQuery>

export const CreateQuery = Type.Object({
  skipErrors: flag('Of an array, saves what is not a duplicate and leaves the rest out.'),
})

export const DeleteQuery = Type.Object({
  records: Type.Optional(
    recordIds('Ids of the records to delete, the parameter repeated or the ids joined by commas.'),
  ),
})

const location = {
  locations: { latitude: '51.671358277138', longitude: '0.101014673709963', accuracy: '10.0' },
}
export const savedExample = {
  endpoint: 'rumpel/locations',
  recordId: exampleId,
  data: location,
  links: [],
}
const tags: [string] = ['records']

export const createRecords = {
  operationId: 'createRecords',
  ignoresUnknownQuery: true,
  method: 'POST',
  path: '/data/:namespace/*',
  tags,
  summary: 'Save one record, or one for each element of an array',
  description:
    'All or nothing: one duplicate refuses the whole request, unless `skipErrors=true`. Needs the right to write in the namespace.',
  params: EndpointParams,
  querystring: CreateQuery,
  requestBody: {
    description: 'Any JSON value; an array makes one record of each element.',
    schema: Type.Unknown(),
    example: location,
  },
  answers: {
    201: {
      description: 'Saved: one record for one value, an array for an array, in the order of the request.',
      schema: Type.Union([DataRecord, Type.Array(DataRecord)]),
      headers: {
        'X-Skipped':
          'With `skipErrors=true`: positions that were left out as duplicates, at most 500, as in `0,5,7`.',
      },
      example: savedExample,
    },
  },
  refusals: [
    'duplicate_data',
    'invalid_namespace',
    'invalid_endpoint',
    'too_many_records',
    'record_too_large',
  ],
} satisfies Operation

export const listRecords = {
  operationId: 'listRecords',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data/:namespace/*',
  tags,
  summary: 'Read the records of an endpoint',
  description:
    'Newest first unless an order is asked for. An endpoint nobody wrote to has an empty list. Needs the right to read the namespace.',
  params: EndpointParams,
  querystring: ListQuery,
  answers: {
    200: {
      description: 'The records.',
      schema: Type.Array(DataRecord),
      headers: {
        Link: 'When there is more: `<...after=...>; rel="next"`. Neither repeats nor skips while others write.',
      },
      example: [{ endpoint: savedExample.endpoint, recordId: savedExample.recordId, data: location }],
    },
  },
  refusals: ['invalid_query', 'invalid_record_id', 'invalid_namespace', 'invalid_endpoint'],
} satisfies Operation

export const readRecord = {
  operationId: 'readRecord',
  method: 'GET',
  path: '/data-record/:recordId',
  tags,
  summary: 'Read one record',
  description: 'The record with this id, wherever it is kept. Unknown and not readable give the same answer.',
  params: Type.Object({ recordId: id }),
  querystring: Type.Object({
    links: flag('Adds the records linked with it.'),
    meta: flag('Adds `seq`, `created`, `updated` and `writer`.'),
  }),
  answers: { 200: { description: 'The record.', schema: DataRecord, example: savedExample } },
  refusals: ['record_unknown', 'invalid_record_id', 'invalid_query'],
} satisfies Operation

export const updateRecords = {
  operationId: 'updateRecords',
  method: 'PUT',
  path: '/data',
  tags,
  summary: 'Replace the data of records',
  description:
    'All or nothing. What is replaced is kept in the history. Two records may swap their data in one request.',
  querystring: NoQuery,
  requestBody: {
    description: 'The records with their new data.',
    schema: Type.Array(RecordUpdate),
    example: [{ endpoint: savedExample.endpoint, recordId: savedExample.recordId, data: location }],
  },
  answers: {
    201: {
      description: 'The records as they now are, in the order of the request.',
      schema: Type.Array(DataRecord),
      example: [savedExample],
    },
  },
  refusals: [
    'data_missing',
    'duplicate_data',
    'endpoint_changed',
    'record_twice',
    'invalid_record_id',
    'invalid_body',
    'record_too_large',
  ],
} satisfies Operation

export const deleteRecords = {
  operationId: 'deleteRecords',
  method: 'DELETE',
  path: '/data',
  tags,
  summary: 'Delete records by id',
  description:
    'All or nothing: one unknown or foreign record refuses the whole. Deleted records stay in the history until they are erased.',
  querystring: DeleteQuery,
  answers: { 200: { description: 'Deleted.', schema: Message, example: { message: 'All records deleted' } } },
  refusals: ['data_missing', 'invalid_record_id'],
} satisfies Operation

export const deleteEndpoint = {
  operationId: 'deleteEndpoint',
  method: 'DELETE',
  path: '/data/:namespace/*',
  tags,
  summary: 'Delete all records of an endpoint',
  description:
    'Exactly this endpoint, not those below it. Deleted records stay in the history until they are erased.',
  params: EndpointParams,
  querystring: NoQuery,
  answers: {
    200: {
      description: 'Deleted, or nothing was there.',
      schema: Message,
      example: { message: 'All records deleted' },
    },
  },
  refusals: ['invalid_namespace', 'invalid_endpoint'],
} satisfies Operation
