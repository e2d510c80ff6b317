import { AccessToken } from './access-tokens.ts'
import { Application, exampleDefinition } from './application-definition.ts'
import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'
import { Type, type Static } from './type.ts'

/** An application with what it is in this account. */
export const HatApplication = Type.Object(
  {
    application: Application,
    setup: Type.Boolean({ description: 'Whether the owner ever accepted it.' }),
    enabled: Type.Boolean({ description: 'Whether it may do anything now.' }),
    active: Type.Boolean({ description: 'Whether it works, as far as the account itself knows.' }),
    needsUpdating: Type.Optional(
      Type.Boolean({
        description:
          'While it is enabled: whether the owner has to accept it again, because its `compatibility` is beyond the version that was accepted, or it now asks for more than it was granted.',
      }),
    ),
    dependenciesEnabled: Type.Optional(
      Type.Boolean({
        description: 'While it is enabled and has any: whether all its dependencies are, too.',
      }),
    ),
    mostRecentData: Type.Optional(
      Type.String({
        format: 'date-time',
        description:
          'While it is enabled: when its `recentDataCheckEndpoint` last changed, for callers who may read there.',
      }),
    ),
  },
  { $id: 'HatApplication', description: 'A registered application and its status.' },
)
export type HatApplication = Static<typeof HatApplication>

const enabled = {
  application: exampleDefinition,
  setup: true,
  enabled: true,
  active: true,
  needsUpdating: false,
  mostRecentData: '2026-11-20T13:15:00.000Z',
} satisfies HatApplication
const untouched = { application: exampleDefinition, setup: false, enabled: false, active: false }
const disabled = { ...untouched, setup: true }

const params = Type.Object({
  application: Type.String({
    title: 'the id of an application',
    pattern: '^[^\\u0000]{1,2000}$',
    description: 'The id of the application; one that is an address is percent-encoded.',
    examples: ['notes'],
  }),
})
const answered =
  'Answered as it was registered, byte for byte; only an empty logo, `rating`, `updateNotes.notes` and `validRedirectUris` that are not there get values without effect, since official clients fail without.'
const manager =
  'For the owner, applications with the role `owner`, and those with `applicationmanage` for it.'

/** What the operations on one application have in common. */
const one = {
  tags: ['applications'] as ['applications'],
  params,
  querystring: NoQuery,
}

const list = {
  method: 'GET',
  tags: ['applications'],
  summary: 'List the applications and their status',
  description:
    'All that are registered, by id. An application with the role `applicationlist` sees those it has `applicationmanage` for.',
  querystring: NoQuery,
  answers: {
    200: { description: 'The applications.', schema: Type.Array(HatApplication), example: [enabled] },
  },
  refusals: [],
} satisfies Omit<Operation, 'operationId' | 'path'>

export const listApplications = {
  ...list,
  operationId: 'listApplications',
  ignoresUnknownQuery: true,
  path: '/applications',
} satisfies Operation

export const listApplicationsForSignIn = {
  ...list,
  operationId: 'listApplicationsForSignIn',
  ignoresUnknownQuery: true,
  path: '/applications/hmi',
  summary: 'List the applications, where a consent page looks for them',
  description: 'The same as `/applications`.',
} satisfies Operation

export const readApplication = {
  ...one,
  operationId: 'readApplication',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/applications/:application',
  summary: 'Read an application and its status',
  description: manager,
  answers: { 200: { description: 'The application.', schema: HatApplication, example: enabled } },
  refusals: ['application_unknown', 'invalid_query'],
} satisfies Operation

export const readDefinition = {
  ...one,
  operationId: 'readDefinition',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/applications/:application/hmi',
  public: true,
  summary: 'Read the definition of a published application',
  description: answered,
  answers: { 200: { description: 'The definition.', schema: Application, example: exampleDefinition } },
  refusals: ['definition_unknown', 'account_unknown', 'invalid_query'],
} satisfies Operation

export const registerApplication = {
  operationId: 'registerApplication',
  method: 'POST',
  path: '/applications',
  ownerOnly: true,
  tags: ['applications'],
  summary: 'Register an application, or give it another definition',
  description:
    'It may do nothing until it is set up; one that is set up may do what it was granted then, and nothing more.',
  querystring: NoQuery,
  requestBody: {
    description: `Its definition, at most 256 KiB. Kept byte for byte. ${answered}`,
    schema: Application,
    example: exampleDefinition,
  },
  answers: { 201: { description: 'Registered.', schema: HatApplication, example: untouched } },
  refusals: ['invalid_body', 'invalid_query'],
} satisfies Operation

export const removeApplication = {
  ...one,
  operationId: 'removeApplication',
  method: 'DELETE',
  path: '/applications/:application',
  ownerOnly: true,
  summary: 'Remove an application',
  description: 'It and its access tokens stop counting at once; what it wrote stays.',
  querystring: NoQuery,
  answers: {
    200: { description: 'Removed.', schema: Message, example: { message: 'Application removed' } },
  },
  refusals: ['application_unknown', 'invalid_query'],
} satisfies Operation

const byGet = (what: string) =>
  `For existing clients; new ones use \`POST\`. ${what} The access token has to be in the header \`X-Auth-Token\`.`

const granting =
  'Grants what its definition asks for at this moment, in place of what it had. ' +
  `${manager} An application grants only what it has itself, and what was granted before.`

const setUp = {
  ...one,
  path: '/applications/:application/setup',
  answers: { 200: { description: 'Set up.', schema: HatApplication, example: enabled } },
  refusals: ['application_missing', 'invalid_query'],
} satisfies Omit<Operation, 'operationId' | 'method' | 'summary' | 'description'>

export const setUpApplication = {
  ...setUp,
  operationId: 'setUpApplication',
  method: 'POST',
  summary: 'Set an application up, or accept it again',
  description: granting,
} satisfies Operation

export const setUpApplicationByGet = {
  ...setUp,
  operationId: 'setUpApplicationByGet',
  method: 'GET',
  summary: 'Set an application up by GET',
  description: byGet(granting),
} satisfies Operation

const taking = `Takes all it was granted, and its access tokens; it stays registered. ${manager}`

const disable = {
  ...one,
  path: '/applications/:application/disable',
  answers: { 200: { description: 'Disabled.', schema: HatApplication, example: disabled } },
  refusals: ['application_missing', 'invalid_query'],
} satisfies Omit<Operation, 'operationId' | 'method' | 'summary' | 'description'>

export const disableApplication = {
  ...disable,
  operationId: 'disableApplication',
  method: 'POST',
  summary: 'Disable an application',
  description: taking,
} satisfies Operation

export const disableApplicationByGet = {
  ...disable,
  operationId: 'disableApplicationByGet',
  method: 'GET',
  summary: 'Disable an application by GET',
  description: byGet(taking),
} satisfies Operation

export const createApplicationToken = {
  ...one,
  operationId: 'createApplicationToken',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/applications/:application/access-token',
  summary: 'Get an access token for an application',
  description:
    'For one that is enabled. For the owner, and applications with the role `retrieveapplicationtoken` for it; the role `owner` is not enough.',
  answers: {
    200: {
      description: "The application's access token.",
      schema: AccessToken,
      example: { accessToken: 'eyJhbGciOiJSUzI1NiJ9...', userId: 'b1946ac9-2f1d-4a39-9a3e-5b2c7c4a9a3e' },
    },
  },
  refusals: ['application_unknown', 'application_inactive', 'invalid_query'],
} satisfies Operation
