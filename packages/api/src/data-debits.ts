import { example, exampleRequest, one, requesters } from './data-debit-examples.ts'
import { dataDebitId, DataDebitRequest, PreviewRequest } from './data-debit-request.ts'
import { DataDebit } from './data-debit.ts'
import { Message } from './message.ts'
import { exampleNarrowing } from './narrowing.ts'
import type { Operation } from './operation.ts'
import { NoQuery, digits } from './query.ts'
import { Type } from './type.ts'

export const listDataDebits = {
  operationId: 'listDataDebits',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data-debit',
  tags: ['data debits'],
  querystring: NoQuery,
  summary: 'List the data debits',
  description: 'The newest first. The owner sees all of them, a requester its own.',
  answers: { 200: { description: 'Data debits.', schema: Type.Array(DataDebit), example: [example] } },
  refusals: [],
} satisfies Operation

export const readDataDebit = {
  ...one,
  operationId: 'readDataDebit',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data-debit/:dataDebit',
  summary: 'Read a data debit',
  description: requesters,
  refusals: ['data_debit_unknown', 'invalid_query'],
} satisfies Operation

export const proposeDataDebit = {
  ...one,
  operationId: 'proposeDataDebit',
  method: 'POST',
  path: '/data-debit/:dataDebit',
  params: Type.Object({ dataDebit: dataDebitId }),
  summary: 'Propose a data debit: ask for data',
  description:
    'Nothing leaves before the owner has accepted it. Needs the role `datadebit`, `platform` or `owner`. An id counts once: that of a deleted one is not free again. Bundles and filters are checked here, each fault named by its path.',
  requestBody: { description: 'What is asked for.', schema: DataDebitRequest, example: exampleRequest },
  answers: { 201: { description: 'Proposed.', schema: DataDebit, example } },
  refusals: ['bundle_exists', 'data_debit_exists', 'data_debit_malformed', 'invalid_body', 'invalid_query'],
} satisfies Operation

export const updateDataDebit = {
  ...one,
  operationId: 'updateDataDebit',
  method: 'PUT',
  path: '/data-debit/:dataDebit',
  summary: 'Change what a data debit asks for',
  description: `A new permission, which the owner has to accept; the one in force stays as it is until then. Who asks stays the same. ${requesters}`,
  requestBody: {
    description: 'What is asked for from now on.',
    schema: DataDebitRequest,
    example: exampleRequest,
  },
  refusals: ['bundle_exists', 'data_debit_malformed', 'data_debit_missing', 'invalid_body', 'invalid_query'],
} satisfies Operation

export const deleteDataDebit = {
  ...one,
  operationId: 'deleteDataDebit',
  method: 'DELETE',
  path: '/data-debit/:dataDebit',
  querystring: NoQuery,
  summary: 'Delete a data debit',
  description: `It ends at once and is not listed any more; the ledger and receipts still tell of it. ${requesters}`,
  answers: { 200: { description: 'Deleted.', schema: Message, example: { message: 'Data debit deleted' } } },
  refusals: ['data_debit_unknown', 'invalid_query'],
} satisfies Operation

const records = Type.Map(
  Type.Array(
    Type.Object({
      endpoint: Type.String(),
      recordId: Type.String(),
      data: Type.Unknown(),
      links: Type.Optional(Type.Array(Type.Unknown())),
    }),
  ),
  { description: 'Property of the bundle -> its records.' },
)
const conditions = Type.Optional(
  Type.Map(Type.Boolean(), { description: 'Property of the conditions -> whether there are records.' }),
)
export const DataDebitValues = Type.Object(
  { conditions, bundle: records },
  { $id: 'DataDebitValues', description: 'The bundle is empty while a condition is not met.' },
)
const exampleRecord = {
  endpoint: 'rumpel/locations',
  recordId: '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39',
  data: { latitude: 51.5, longitude: -0.12 },
}

export const readDataDebitValues = {
  ...one,
  operationId: 'readDataDebitValues',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data-debit/:dataDebit/values',
  querystring: Type.Object({
    take: Type.Optional(
      Type.Union([Type.Integer({ minimum: 0 }), Type.String({ pattern: '^[0-9]{1,15}$' })], {
        title: 'a whole number, 0 or more, in at most 15 decimal digits',
        description: 'At most so many records in one answer; left out: all of them.',
        examples: [1000],
      }),
    ),
    after: Type.Optional(
      Type.String({
        title: 'taken from the `Link` header of an answer',
        pattern: '^[\\w-]{1,4000}(\\.[\\w-]{1,100})?$',
        description: 'Where to go on; it belongs to that read, and counts for an hour.',
      }),
    ),
  }),
  summary: 'Read the values of a data debit',
  description: `What the permission in force lets leave at this moment. ${requesters}`,
  answers: {
    200: {
      description: 'The values.',
      schema: DataDebitValues,
      headers: { Link: 'Where the next page is, `rel="next"`; absent on the last one.' },
      example: { bundle: { places: [exampleRecord] } },
    },
  },
  refusals: [
    'data_debit_bundle',
    'data_debit_inactive',
    'data_debit_limit',
    'data_debit_unknown',
    'invalid_query',
  ],
} satisfies Operation

export const previewDataDebit = {
  ...one,
  operationId: 'previewDataDebit',
  method: 'POST',
  path: '/data-debit/:dataDebit/preview',
  querystring: Type.Object({
    take: digits({ default: 10, description: 'At most so many records of each property, up to 1000.' }),
  }),
  summary: 'See what would leave',
  description:
    'Exactly what would leave at this moment if a permission were accepted with this narrowing, and how much. Not counted as a read. For the owner, and applications with the role `owner`.',
  requestBody: {
    description:
      'The permission, the last one when left out, and what to take away; the body may be left out.',
    schema: PreviewRequest,
    example: { narrowing: exampleNarrowing },
  },
  answers: {
    200: {
      description: 'What would leave.',
      schema: Type.Object(
        {
          permission: Type.Integer(),
          conditions,
          bundle: records,
          counts: Type.Map(Type.Integer({ minimum: 0 }), {
            description: 'Property of the bundle -> how many of its records would leave.',
          }),
        },
        { $id: 'DataDebitPreview' },
      ),
      example: { permission: 1, bundle: { places: [exampleRecord] }, counts: { places: 1 } },
    },
  },
  refusals: [
    'data_debit_bundle',
    'data_debit_malformed',
    'data_debit_unknown',
    'invalid_body',
    'invalid_query',
  ],
} satisfies Operation
