import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { NoQuery, flag } from './query.ts'
import { Type, type Static } from './type.ts'

/** What there is to take back: a browser the owner signed in with, a signed token, a token by OAuth. */
export const tokenKinds = ['session', 'access-token', 'oauth-token'] as const
export type TokenKind = (typeof tokenKinds)[number]

const Time = (description: string) =>
  Type.String({ description, examples: ['2026-11-20T13:15:00.000Z'], format: 'date-time' })

export const IssuedToken = Type.Object(
  {
    tokenId: Type.String({ description: 'Names it, and opens nothing.' }),
    kind: Type.Enum(tokenKinds),
    holder: Type.String({
      description:
        'Whose rights it carries: `owner`, the id of an application, or `user:` and the id of a user.',
    }),
    about: Type.String({ description: 'What it is, in words: how it was asked for, or which browser.' }),
    scope: Type.Optional(Type.String({ description: 'What a token by OAuth is confined to.' })),
    createdAt: Time('When it was issued.'),
    lastUsedAt: Type.Optional(
      Time(
        'When it was last presented, to the minute; absent for one that was not used after its first minute.',
      ),
    ),
    expiresAt: Time('When it stops counting by itself.'),
    mine: Type.Boolean({ description: 'True for the one this request was made with.' }),
  },
  { $id: 'IssuedToken', description: 'An access token or a session that counts. Never the token itself.' },
)
export type IssuedToken = Static<typeof IssuedToken>

const Revoked = Type.Object(
  { message: Type.String(), accessTokens: Type.Integer({ minimum: 0, description: 'How many were ended.' }) },
  { $id: 'Revoked' },
)
export type Revoked = Static<typeof Revoked>

const example: IssuedToken = {
  tokenId: '9f2c41d07ab35e68',
  kind: 'access-token',
  holder: 'rumpel',
  about: 'HAT login',
  createdAt: '2026-11-20T13:15:00.000Z',
  lastUsedAt: '2026-11-20T13:40:00.000Z',
  expiresAt: '2026-12-20T13:15:00.000Z',
  mine: false,
}

export const listAccessTokens = {
  operationId: 'listAccessTokens',
  method: 'GET',
  path: '/access-tokens',
  ownerOnly: true,
  tags: ['access tokens'],
  summary: 'List the access tokens and sessions that count',
  description: 'Everything that can be taken back, the youngest first.',
  querystring: NoQuery,
  answers: { 200: { description: 'All of them.', schema: Type.Array(IssuedToken), example: [example] } },
  refusals: ['invalid_query'],
} satisfies Operation

export const revokeAccessToken = {
  operationId: 'revokeAccessToken',
  method: 'DELETE',
  path: '/access-tokens/:tokenId',
  ownerOnly: true,
  tags: ['access tokens'],
  summary: 'End one access token or session',
  description:
    'It stops counting with the next request, on every server process. Of a token by OAuth the whole grant ends, its refresh token included.',
  params: Type.Object({
    tokenId: Type.String({
      title: 'an id from the list of access tokens',
      pattern: '^[0-9A-Za-z_-]{1,128}$',
      examples: [example.tokenId],
    }),
  }),
  querystring: NoQuery,
  answers: {
    200: { description: 'Ended.', schema: Revoked, example: { message: 'Revoked', accessTokens: 1 } },
  },
  refusals: ['access_token_unknown', 'invalid_query'],
} satisfies Operation

export const revokeAccessTokens = {
  operationId: 'revokeAccessTokens',
  method: 'DELETE',
  path: '/access-tokens',
  ownerOnly: true,
  tags: ['access tokens'],
  summary: 'End all access tokens and sessions',
  description: 'All of the account, or those the parameters choose.',
  querystring: Type.Object({
    keepMine: Type.Optional(flag('Leave the token this request is made with.')),
    kind: Type.Optional(
      Type.Enum(tokenKinds, {
        title: 'one of the kinds in the list',
        description: 'Only those of this kind.',
      }),
    ),
    holder: Type.Optional(
      Type.String({
        description:
          'Only those of this holder: `owner`, the id of an application, or `user:` and the id of a user.',
        examples: ['rumpel'],
      }),
    ),
  }),
  answers: {
    200: { description: 'Ended.', schema: Revoked, example: { message: 'Revoked', accessTokens: 4 } },
  },
  refusals: ['invalid_query'],
} satisfies Operation

export const endAccessToken = {
  operationId: 'endAccessToken',
  method: 'DELETE',
  path: '/users/access_token',
  root: true,
  tags: ['access tokens'],
  summary: 'Sign out',
  description:
    'Ends the access token the request is made with, of any kind: it stops counting everywhere at once.',
  querystring: NoQuery,
  answers: { 200: { description: 'Signed out.', schema: Message, example: { message: 'Signed out' } } },
  refusals: [],
} satisfies Operation
