import {
  AggregateAnswer,
  AggregateQuery,
  exampleAggregateAnswer,
  exampleAggregateQuery,
} from './aggregates.ts'
import type { Operation } from './operation.ts'
import { Filter, LinkQuery, Mapping } from './queries.ts'
import { NoQuery, EndpointParams, exampleId } from './query.ts'
import { DataRecord } from './records.ts'
import { Type, type Static } from './type.ts'

const { Optional } = Type

const amount = (fallback: number, description: string) =>
  Optional(Type.Integer({ minimum: 0, maximum: 999_999_999_999_999, default: fallback, description }))

/** Where a list of records goes on. */
export const after = Optional(
  Type.String({
    title: 'taken from the `Link` header of an answer to the same question',
    description: 'Where the next page begins: taken from the `Link` header, never made up.',
  }),
)

export const RecordQuery = Type.Object(
  {
    filters: Optional(Type.Array(Filter, { maxItems: 100, description: 'All of them must pass.' })),
    mapping: Optional(Mapping),
    links: Optional(
      Type.Array(LinkQuery, {
        maxItems: 100,
        description: 'Which linked records are shown with each; of namespaces you may read.',
      }),
    ),
    orderBy: Optional(
      Type.String({
        title: 'a dotted path, or a key of the mapping',
        maxLength: 1000,
        description: 'A key of the mapping (its source counts), or else a path in the data.',
      }),
    ),
    ordering: Optional(
      Type.Enum(['ascending', 'descending'], {
        description:
          'With `orderBy`, ascending unless said otherwise. Alone it orders by time of saving. Neither: newest first.',
      }),
    ),
    skip: amount(0, 'How many records to leave out at the beginning. Counts for nothing with `after`.'),
    take: amount(1000, 'How many records at most. Any number: the answer is streamed.'),
    count: Optional(
      Type.Boolean({ default: false, description: 'Adds how many records pass in all, in `X-Total-Count`.' }),
    ),
  },
  { $id: 'RecordQuery', additionalProperties: false },
)
export type RecordQuery = Static<typeof RecordQuery>

export const link =
  'Where the next page is, `rel="next"`: the same question, asked there. Absent on the last page.'

export const exampleFiltered = [
  { endpoint: 'rumpel/locations', recordId: exampleId, data: { latitude: '51.671358277138' } },
]

export const queryRecords = {
  operationId: 'queryRecords',
  method: 'POST',
  path: '/data-query/:namespace/*',
  tags: ['queries'],
  summary: 'Read the records of an endpoint that pass filters',
  description:
    'The same as the method QUERY (RFC 10008) on `/data/{namespace}/{endpoint}`, with the same body. Changes nothing. A filter that few records pass is answered faster from its second use on. Needs the right to read the namespace, and those of the links.',
  params: EndpointParams,
  querystring: Type.Object({ after }),
  requestBody: {
    description: 'What is asked; `{}` asks for everything.',
    schema: RecordQuery,
    example: {
      filters: [
        {
          field: 'timestamp',
          transformation: { transformation: 'datetimeExtract', part: 'hour' },
          operator: { operator: 'between', lower: 7, upper: 9 },
        },
      ],
      mapping: { latitude: 'locations.latitude' },
      take: 10,
    },
  },
  answers: {
    200: {
      description: 'The records, `links` only where there are some.',
      schema: Type.Array(DataRecord),
      headers: { Link: link, 'X-Total-Count': 'With `count`: how many records pass in all.' },
      example: exampleFiltered,
    },
  },
  refusals: ['invalid_namespace', 'invalid_endpoint', 'invalid_query', 'invalid_body'],
} satisfies Operation

export const aggregateRecords = {
  operationId: 'aggregateRecords',
  method: 'POST',
  path: '/data-aggregate/:namespace/*',
  tags: ['queries'],
  summary: 'Count, add up and compare the records of an endpoint',
  description: 'Exactly, or not at all. Changes nothing. Needs the right to read the namespace.',
  params: EndpointParams,
  querystring: NoQuery,
  requestBody: {
    description: 'What is asked.',
    schema: AggregateQuery,
    example: exampleAggregateQuery,
  },
  answers: {
    200: { description: 'What came out.', schema: AggregateAnswer, example: exampleAggregateAnswer },
  },
  refusals: ['invalid_namespace', 'invalid_endpoint', 'invalid_query', 'invalid_body'],
} satisfies Operation
