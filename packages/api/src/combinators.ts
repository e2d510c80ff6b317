import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { Combinator } from './queries.ts'
import { digits, NoQuery } from './query.ts'
import { after, exampleFiltered, link } from './record-queries.ts'
import { DataRecord } from './records.ts'
import { Type, type Static } from './type.ts'

const tags: [string] = ['queries']
const rights = 'For the owner, and applications with the role owner.'

/** A combinator's name, which may have slashes. */
const CombinatorParams = Type.Object({
  '*': Type.String({
    description: 'Its name: parts of lower-case letters, digits and hyphens, joined by single slashes.',
    examples: ['locations/commute'],
  }),
})

export const SavedCombinator = Type.Object(
  { name: Type.String(), queries: Combinator },
  { $id: 'SavedCombinator' },
)
export type SavedCombinator = Static<typeof SavedCombinator>

const exampleCombinator: Combinator = [
  {
    endpoint: 'rumpel/locations',
    mapping: { when: 'timestamp' },
    filters: [{ field: 'accuracy', operator: { operator: 'between', lower: 0, upper: 10 } }],
  },
]

export const registerCombinator = {
  operationId: 'registerCombinator',
  method: 'POST',
  path: '/combinator/*',
  tags,
  summary: 'Register a combinator',
  description: `A list of queries, answered as one list. Takes the place of what had its name. ${rights}`,
  params: CombinatorParams,
  querystring: NoQuery,
  requestBody: { description: 'The queries.', schema: Combinator, example: exampleCombinator },
  answers: {
    201: {
      description: 'Registered.',
      schema: Message,
      example: { message: 'Combinator locations/commute registered' },
    },
  },
  refusals: ['invalid_query', 'invalid_body'],
} satisfies Operation

export const readCombinator = {
  operationId: 'readCombinator',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/combinator/*',
  tags,
  summary: 'Read the records of a combinator',
  description: `Records of all its queries, ordered together; \`orderBy\` names a key of a mapping, or a path in the data of a query whose mapping has no such key. ${rights}`,
  params: CombinatorParams,
  querystring: Type.Object({
    take: digits({
      default: 1000,
      description: 'How many records at most. Any number: the answer is streamed.',
    }),
    skip: digits({ default: 0, description: 'How many records to leave out at the beginning.' }),
    orderBy: Type.Optional(Type.String({ description: 'What to order by. Records without it come last.' })),
    ordering: Type.Optional(
      Type.Enum(['ascending', 'descending'], {
        title: '`ascending` or `descending`',
        description:
          'With `orderBy`, ascending unless said otherwise. Alone it orders by time of saving. Neither: newest first.',
      }),
    ),
    after,
  }),
  answers: {
    200: {
      description: 'The records, `links` only where there are some.',
      schema: Type.Array(DataRecord),
      headers: { Link: link },
      example: exampleFiltered,
    },
  },
  refusals: ['invalid_query', 'combinator_unknown'],
} satisfies Operation

export const listCombinators = {
  operationId: 'listCombinators',
  method: 'GET',
  path: '/combinator',
  tags,
  summary: 'List the combinators',
  description: `By name, each with its queries as they were registered. ${rights}`,
  querystring: NoQuery,
  answers: {
    200: {
      description: 'The combinators.',
      schema: Type.Array(SavedCombinator),
      example: [{ name: 'locations/commute', queries: exampleCombinator }],
    },
  },
  refusals: [],
} satisfies Operation

export const deleteCombinator = {
  operationId: 'deleteCombinator',
  method: 'DELETE',
  path: '/combinator/*',
  tags,
  summary: 'Delete a combinator',
  description: `The records it names stay. ${rights}`,
  params: CombinatorParams,
  querystring: NoQuery,
  answers: {
    200: {
      description: 'Deleted.',
      schema: Message,
      example: { message: 'Combinator locations/commute deleted' },
    },
  },
  refusals: ['invalid_query', 'combinator_unknown'],
} satisfies Operation
