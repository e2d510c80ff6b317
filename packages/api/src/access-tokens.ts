import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'
import { Type, type Static } from './type.ts'

export const AccessToken = Type.Object(
  {
    accessToken: Type.String({ description: 'A JWT signed with RS256, for the header `X-Auth-Token`.' }),
    userId: Type.String({ description: 'An opaque id of the owner, or the id of the user.' }),
  },
  { $id: 'AccessToken' },
)
export type AccessToken = Static<typeof AccessToken>

export const createAccessToken = {
  operationId: 'createAccessToken',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/users/access_token',
  root: true,
  public: true,
  tags: ['access tokens'],
  summary: 'Sign the owner or a user in',
  description:
    'Name and password travel as headers, as they are or percent-encoded. Only failures count towards the limit. Where the owner has a second factor, a one-time code is needed too.',
  querystring: NoQuery,
  requestHeaders: {
    username: "The owner's or user's name.",
    password: 'The password.',
    'one-time-code':
      'Where the owner has a second factor: a code of the authenticator program, or a recovery code.',
  },
  answers: {
    200: {
      description: 'Signed in.',
      schema: AccessToken,
      headers: { 'X-Auth-Token': 'The same token.' },
      example: { accessToken: 'eyJhbGciOiJSUzI1NiJ9...', userId: 'b1946ac9-2f1d-4a39-9a3e-5b2c7c4a9a3e' },
    },
  },
  refusals: [
    'credentials_missing',
    'credentials_wrong',
    'header_login_off',
    'second_factor_needed',
    'too_many_attempts',
  ],
} satisfies Operation

export const validateAccessToken = {
  operationId: 'validateAccessToken',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/users/access_token/validate',
  root: true,
  tags: ['access tokens'],
  summary: 'Ask whether an access token counts',
  description: 'For any kind of token.',
  querystring: NoQuery,
  answers: { 200: { description: 'It does.', schema: Message, example: { message: 'Authenticated' } } },
  refusals: [],
} satisfies Operation
