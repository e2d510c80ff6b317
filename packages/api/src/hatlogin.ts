import { AccessToken } from './access-tokens.ts'
import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { Type } from './type.ts'

const name = Type.String({
  title: 'given once',
  description: 'The id of an application that is set up and enabled.',
  examples: ['rumpel'],
})

export const createHatLogin = {
  operationId: 'createHatLogin',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/control/v2/auth/hatlogin',
  root: true,
  ownerOnly: true,
  tags: ['applications'],
  summary: 'Sign in to an application',
  description:
    'The address to go on to, with a new access token of the application in its query. For programs that show the consent page themselves; `/hatlogin` is the page. Not for pages of other web origins.',
  querystring: Type.Object({
    name,
    redirect: Type.String({
      title: 'given once',
      description: 'An address the application registered, to the letter.',
      examples: ['https://rumpel.example.org/signed-in'],
    }),
  }),
  answers: {
    200: {
      description: 'The `message` is the address.',
      schema: Message,
      example: { message: 'https://rumpel.example.org/signed-in?token=eyJhbGciOiJSUzI1NiJ9...' },
    },
  },
  refusals: ['application_inactive', 'application_unknown', 'invalid_query', 'redirect_unregistered'],
} satisfies Operation

export const createTokenForResource = {
  operationId: 'createTokenForResource',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/users/application_token',
  root: true,
  ownerOnly: true,
  tags: ['applications'],
  summary: 'Get an access token of an application, by where it is',
  description:
    'As `/applications/{application}/access-token`, for clients that know the application by its address.',
  querystring: Type.Object({
    name,
    resource: Type.String({
      title: 'given once',
      description: 'An address the application registered, to the letter, or the origin of one.',
      examples: ['https://rumpel.example.org'],
    }),
  }),
  answers: {
    200: {
      description: 'A new access token.',
      schema: AccessToken,
      headers: { 'X-Auth-Token': "A renewal of the caller's own token, if there is one; not this one." },
      example: { accessToken: 'eyJhbGciOiJSUzI1NiJ9...', userId: 'b1946ac9-2f1d-4a39-9a3e-5b2c7c4a9a3e' },
    },
  },
  refusals: ['application_inactive', 'application_unknown', 'invalid_query', 'redirect_unregistered'],
} satisfies Operation
