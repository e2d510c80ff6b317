import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { Bundle } from './queries.ts'
import { NoQuery } from './query.ts'
import { exampleFiltered } from './record-queries.ts'
import { DataRecord } from './records.ts'
import { Type, type Static } from './type.ts'

const tags: [string] = ['queries']
const rights = 'For the owner, and applications with the role owner.'

const BundleParams = Type.Object({
  id: Type.String({
    title: 'one or more letters, digits and hyphens',
    pattern: '^[0-9a-zA-Z-]+$',
    description: 'The name of the bundle.',
    examples: ['commute'],
  }),
})

export const SavedBundle = Type.Object({ name: Type.String(), bundle: Bundle }, { $id: 'SavedBundle' })
export type SavedBundle = Static<typeof SavedBundle>

const exampleBundle: Bundle = {
  places: {
    endpoints: [{ endpoint: 'rumpel/locations', mapping: { when: 'timestamp' } }],
    orderBy: 'when',
    ordering: 'descending',
    limit: 5,
  },
}
const saved = { name: 'commute', bundle: exampleBundle }

export const registerBundle = {
  operationId: 'registerBundle',
  method: 'POST',
  path: '/data-bundle/:id',
  tags,
  summary: 'Register a bundle',
  description: `Named queries, answered as one object. Takes the place of what had its name; data debits keep their own copy. ${rights}`,
  params: BundleParams,
  querystring: NoQuery,
  requestBody: { description: 'Property -> queries.', schema: Bundle, example: exampleBundle },
  answers: {
    201: { description: 'Registered.', schema: Message, example: { message: 'Bundle commute registered' } },
  },
  refusals: ['invalid_query', 'invalid_body'],
} satisfies Operation

export const readBundle = {
  operationId: 'readBundle',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data-bundle/:id',
  tags,
  summary: 'Read the records of a bundle',
  description: `Of each property as many as its limit says, or all: the answer is streamed. ${rights}`,
  params: BundleParams,
  querystring: NoQuery,
  answers: {
    200: {
      description: 'Property -> records, `links` only where there are some.',
      schema: Type.Map(Type.Array(DataRecord)),
      example: { places: exampleFiltered },
    },
  },
  refusals: ['invalid_query', 'bundle_unknown'],
} satisfies Operation

export const readBundleStructure = {
  operationId: 'readBundleStructure',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/data-bundle/:id/structure',
  tags,
  summary: 'Read what a bundle asks for',
  description: `As it was registered. ${rights}`,
  params: BundleParams,
  querystring: NoQuery,
  answers: { 200: { description: 'The bundle.', schema: SavedBundle, example: saved } },
  refusals: ['invalid_query', 'bundle_unknown'],
} satisfies Operation

export const listBundles = {
  operationId: 'listBundles',
  method: 'GET',
  path: '/data-bundle',
  tags,
  summary: 'List the bundles',
  description: `By name, each as it was registered. ${rights}`,
  querystring: NoQuery,
  answers: { 200: { description: 'The bundles.', schema: Type.Array(SavedBundle), example: [saved] } },
  refusals: [],
} satisfies Operation

export const deleteBundle = {
  operationId: 'deleteBundle',
  method: 'DELETE',
  path: '/data-bundle/:id',
  tags,
  summary: 'Delete a bundle',
  description: `The records it names stay, and data debits keep their own copy. ${rights}`,
  params: BundleParams,
  querystring: NoQuery,
  answers: {
    200: { description: 'Deleted.', schema: Message, example: { message: 'Bundle commute deleted' } },
  },
  refusals: ['invalid_query', 'bundle_unknown'],
} satisfies Operation
