import { Message } from './message.ts'
import type { Operation } from './operation.ts'
import { NoQuery, recordId } from './query.ts'
import { Type, type Static } from './type.ts'

/** The roles a user may have. `owner` and `platform` are privileged: no request gives them, or changes who has them. */
export const userRoles = [
  'owner',
  'platform',
  'validate',
  'datadebit',
  'datacredit',
  'namespaceread',
  'namespacewrite',
] as const
const title = `one of ${userRoles.join(', ')}`
const RoleName = Type.Enum(userRoles, { title })

const UserRole = Type.Object(
  {
    role: RoleName,
    detail: Type.Optional(
      Type.String({
        title: 'a text of at most 100 characters',
        maxLength: 100,
        description: 'The namespace of `namespaceread` and `namespacewrite`, the data debit of `datadebit`.',
        examples: ['rumpel'],
      }),
    ),
  },
  { $id: 'UserRole' },
)
export type UserRole = Static<typeof UserRole>

const fields = {
  email: Type.String({
    title: '1 to 64 letters (a-z), digits and . _ @ -',
    pattern: '^[0-9A-Za-z._@-]{1,64}$',
    description: 'The name to sign in with, an e-mail address or not.',
  }),
  name: Type.String({
    title: 'a text of 1 to 200 characters, without control characters',
    // Without what hides or turns round what stands around a name (`domain/access/definition.ts`).
    pattern:
      '^[^\\u0000-\\u001f\\u007f-\\u009f\\u00ad\\u061c\\u180e\\u200b\\u200e\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\ufff9-\\ufffb]{1,200}$',
    description: 'The name to show.',
  }),
  role: RoleName,
  roles: Type.Array(UserRole, { title: 'an array of at most 100 roles', maxItems: 100 }),
}

export const User = Type.Object(
  {
    userId: Type.String(),
    ...fields,
    role: Type.Enum(userRoles, { description: 'The first of its roles in the order above.' }),
    enabled: Type.Boolean({ description: 'False: it can neither sign in nor do anything.' }),
  },
  { $id: 'User', description: 'A person or a service that may sign in. No password, and no hash of one.' },
)
export type User = Static<typeof User>

const password = Type.String({
  title: 'a text of at most 1000 characters',
  maxLength: 1000,
  description: 'The password itself: hatstand makes the hash.',
})
/** What other servers of this API take: no hash goes in or out here. */
const pass = Type.Unknown({
  title: 'left out: send the password itself, as `password`',
  description: 'Refused: send `password`.',
  not: {},
})
const role = Type.Enum(userRoles, { title, description: 'Added to `roles`.' })

/** What a client may send as a user: `pass` is refused by name. */
const optional = {
  userId: Type.Optional(recordId('A UUID that names the user.')),
  role: Type.Optional(role),
  roles: Type.Optional(fields.roles),
  enabled: Type.Optional(Type.Boolean()),
  pass: Type.Optional(pass),
}

export const NewUser = Type.Object(
  { ...optional, email: fields.email, name: Type.Optional(fields.name), password },
  { $id: 'NewUser' },
)
export type NewUser = Static<typeof NewUser>

export const UserChange = Type.Object(
  {
    ...optional,
    email: Type.Optional(fields.email),
    name: Type.Optional(fields.name),
    password: Type.Optional(password),
  },
  { $id: 'UserChange' },
)
export type UserChange = Static<typeof UserChange>

const params = Type.Object({ userId: recordId('The id of the user.') })
const example: User = {
  userId: 'b1946ac9-2f1d-4a39-9a3e-5b2c7c4a9a3e',
  email: 'bob@example.org',
  name: 'Bob',
  role: 'datacredit',
  roles: [{ role: 'datacredit' }, { role: 'namespacewrite', detail: 'rumpel' }],
  enabled: true,
}
const given = {
  userId: example.userId,
  email: example.email,
  name: example.name,
  password: 'correct horse battery staple',
  roles: example.roles,
}

export const listUsers = {
  operationId: 'listUsers',
  ignoresUnknownQuery: true,
  method: 'GET',
  path: '/users/user',
  root: true,
  tags: ['users'],
  summary: 'List the users',
  description: 'The owner first. Needs the role `platform`, or the owner.',
  querystring: NoQuery,
  answers: { 200: { description: 'All users.', schema: Type.Array(User), example: [example] } },
  refusals: ['forbidden'],
} satisfies Operation

export const createUser = {
  operationId: 'createUser',
  method: 'POST',
  path: '/users/user',
  root: true,
  tags: ['users'],
  summary: 'Add a user',
  description:
    'A person or a service that may sign in, and gets its roles and nothing else. Needs the role `platform`, or the owner. Privileged roles are given by the command line alone.',
  querystring: NoQuery,
  requestBody: { description: 'The user, with its password.', schema: NewUser, example: given },
  answers: { 201: { description: 'Added.', schema: User, example } },
  refusals: [
    'forbidden',
    'invalid_body',
    'invalid_json',
    'password_weak',
    'too_many_attempts',
    'user_exists',
    'user_invalid',
  ],
} satisfies Operation

export const updateUser = {
  operationId: 'updateUser',
  method: 'PUT',
  path: '/users/user/:userId/update',
  root: true,
  tags: ['users'],
  summary: 'Change a user',
  description:
    'What is left out stays as it is. A new password ends the sessions and access tokens the user has; new roles hold for them at once.',
  params,
  querystring: NoQuery,
  requestBody: {
    description: 'What changes; a `userId` must be the one of the address.',
    schema: UserChange,
    example: { name: 'Robert' },
  },
  answers: { 201: { description: 'Changed.', schema: User, example: { ...example, name: 'Robert' } } },
  refusals: [
    'forbidden',
    'invalid_body',
    'invalid_json',
    'invalid_query',
    'password_weak',
    'too_many_attempts',
    'user_exists',
    'user_invalid',
    'user_privileged',
    'user_unknown',
  ],
} satisfies Operation

/** The three changes without a body. */
const change = (does: string, name: string, path: string, description: string, message: string) =>
  ({
    operationId: name,
    method: 'PUT',
    path,
    root: true,
    tags: ['users'],
    summary: does,
    description,
    params,
    querystring: NoQuery,
    answers: { 200: { description: 'Done.', schema: Message, example: { message } } },
    refusals: ['forbidden', 'invalid_query', 'user_privileged', 'user_unknown'],
  }) as const satisfies Operation

export const deleteUser = change(
  'Delete a user',
  'deleteUser',
  '/users/user/:userId/delete',
  'Its sessions and access tokens stop counting at once; what it wrote stays.',
  'Account deleted',
)
export const enableUser = change(
  'Enable a user',
  'enableUser',
  '/users/user/:userId/enable',
  'It may sign in again.',
  'Enabled',
)
export const disableUser = change(
  'Disable a user',
  'disableUser',
  '/users/user/:userId/disable',
  'From that moment it can do nothing; its sessions and access tokens are gone for good.',
  'Disabled',
)
