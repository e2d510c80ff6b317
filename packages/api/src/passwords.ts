import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { NoQuery } from './query.ts'
import { Type, type Static } from './type.ts'

const NewPassword = Type.String({
  description: '10 to 1000 characters, not easily guessed.',
})

export const PasswordChange = Type.Object(
  {
    newPassword: NewPassword,
    password: Type.Optional(Type.String({ description: 'The present password; without it: 403.' })),
  },
  { $id: 'PasswordChange' },
)
export type PasswordChange = Static<typeof PasswordChange>

export const PasswordResetRequest = Type.Object(
  { email: Type.String({ description: "The owner's e-mail address." }) },
  { $id: 'PasswordResetRequest' },
)
export type PasswordResetRequest = Static<typeof PasswordResetRequest>

export const PasswordReset = Type.Object({ newPassword: NewPassword }, { $id: 'PasswordReset' })
export type PasswordReset = Static<typeof PasswordReset>

export const changePassword = {
  operationId: 'changePassword',
  method: 'POST',
  path: '/control/v2/auth/password',
  root: true,
  ownerOnly: true,
  tags: ['access tokens'],
  summary: "Change the owner's password",
  description:
    'All other access tokens and sessions of the owner end, the one this request came with too; the answer brings a new one. What applications hold stays theirs. Not for pages of other web origins.',
  querystring: NoQuery,
  requestBody: {
    description: 'The present password and the new one.',
    schema: PasswordChange,
    example: { password: 'correct horse battery', newPassword: 'a staple in the stable' },
  },
  answers: {
    200: {
      description: 'Changed.',
      schema: Message,
      headers: { 'X-Auth-Token': 'A new access token of the owner.' },
      example: { message: 'Password changed' },
    },
  },
  refusals: ['invalid_body', 'password_weak', 'password_wrong', 'too_many_attempts'],
} satisfies Operation

export const requestPasswordReset = {
  operationId: 'requestPasswordReset',
  ignoresUnknownQuery: true,
  method: 'POST',
  path: '/control/v2/auth/passwordReset',
  root: true,
  public: true,
  tags: ['access tokens'],
  summary: 'Ask for a link to a new password by mail',
  description:
    "The same answer whether or not it is the owner's address. Where the server sends no mail, `hatstand owner reset-link` prints the link.",
  querystring: NoQuery,
  requestBody: {
    description: "The owner's e-mail address.",
    schema: PasswordResetRequest,
    example: { email: 'anna@example.org' },
  },
  answers: {
    200: {
      description: 'A mail comes, if the address is right.',
      schema: Message,
      example: {
        message: 'If the e-mail address is right, a mail with a link to a new password is on its way',
      },
    },
  },
  refusals: ['invalid_body', 'too_many_attempts'],
} satisfies Operation

export const resetPassword = {
  operationId: 'resetPassword',
  method: 'POST',
  path: '/control/v2/auth/passwordreset/confirm/:token',
  root: true,
  public: true,
  tags: ['access tokens'],
  summary: 'Choose a new password by the link from a mail',
  description:
    'A link works once, within 24 hours, unless a newer one was asked for. All access tokens and sessions of the owner end; what applications hold stays theirs.',
  params: Type.Object({ token: Type.String({ description: 'What the link carries.' }) }),
  querystring: NoQuery,
  requestBody: {
    description: 'The new password.',
    schema: PasswordReset,
    example: { newPassword: 'a staple in the stable' },
  },
  answers: {
    200: {
      description: 'The password is the new one.',
      schema: Message,
      headers: { 'X-Auth-Token': 'A new access token of the owner, unless a second factor is set up.' },
      example: { message: 'Password reset' },
    },
  },
  refusals: ['invalid_body', 'password_weak', 'reset_link_invalid', 'too_many_attempts'],
} satisfies Operation
