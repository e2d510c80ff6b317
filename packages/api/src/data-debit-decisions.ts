import { answered, debit, disabled, enabled, one, proposed } from './data-debit-examples.ts'
import { Acceptance, anyDataDebitId } from './data-debit-request.ts'
import { exampleNarrowing } from './narrowing.ts'
import type { Operation } from './operation.ts'
import { Type } from './type.ts'

/** The owner names the host it has seen: nobody is told behind their back. */
const notify = {
  notify: Type.Optional(
    Type.String({
      title: 'a host, with its port if it has one',
      maxLength: 300,
      description:
        'The host of `requestClientCallbackUrl`, as the owner has seen it: from now on the requester is told there what is decided on this data debit. Left out: told only if it was named before.',
      examples: ['acme.example'],
    }),
  ),
}

const byGet = (what: string) =>
  `For existing clients; new ones use \`POST\`. ${what} The access token has to be in the header \`X-Auth-Token\`.`

const enabling =
  'Accepts the permission that was proposed last and not declined, in place of the one in force. For the owner, and applications with the role `owner`.'

export const enableDataDebit = {
  ...one,
  operationId: 'enableDataDebit',
  method: 'POST',
  path: '/data-debit/:dataDebit/enable',
  querystring: Type.Object(notify),
  summary: 'Accept a data debit',
  description: `${enabling} Name the permission you saw: when there is a newer one by now, nothing is accepted. What is accepted can be narrowed: fewer fields, endpoints and records, coarser values, a shorter time, fewer reads.`,
  requestBody: {
    description: 'What is accepted, and what less of it; the body may be left out.',
    schema: Acceptance,
    example: { permission: 1, narrowing: exampleNarrowing, until: '2027-03-01T00:00:00.000Z' },
  },
  answers: answered('Accepted.', enabled),
  refusals: [
    'data_debit_changed',
    'data_debit_malformed',
    'data_debit_missing',
    'invalid_body',
    'invalid_query',
  ],
} satisfies Operation

export const enableDataDebitByGet = {
  ...one,
  operationId: 'enableDataDebitByGet',
  method: 'GET',
  path: '/data-debit/:dataDebit/enable',
  summary: 'Accept a data debit by GET',
  description: byGet(`${enabling} When you read an older one last, nothing is accepted.`),
  answers: answered('Accepted.', enabled),
  refusals: ['data_debit_changed', 'data_debit_missing', 'invalid_query'],
} satisfies Operation

export const enableDataDebitBundle = {
  ...one,
  operationId: 'enableDataDebitBundle',
  method: 'GET',
  path: '/data-debit/:dataDebit/enable/:bundleId',
  params: Type.Object({
    dataDebit: anyDataDebitId,
    bundleId: Type.String({ description: "A bundle's name." }),
  }),
  summary: 'Accept a data debit by the name of its bundle',
  description: byGet(`${enabling} It must have this bundle.`),
  answers: answered('Accepted.', enabled),
  refusals: ['data_debit_changed', 'data_debit_missing', 'invalid_query'],
} satisfies Operation

const disabling =
  'With `atPeriodEnd=true` values can be read until the period it is in ends. It never ends later than it would have. For the owner, and applications with the role `owner`.'
const atPeriodEnd = Type.Optional(
  Type.Enum(['true', 'false'], {
    title: '`true` or `false`',
    description: 'Must be there, but below `/api/v2` and `/api/v2.0`: false there.',
  }),
)
const disable = {
  ...one,
  path: '/data-debit/:dataDebit/disable',
  querystring: Type.Object({ atPeriodEnd }),
  answers: answered('Disabled.', disabled),
  refusals: ['data_debit_missing', 'invalid_query'],
} satisfies Omit<Operation, 'operationId' | 'method' | 'summary' | 'description'>

export const disableDataDebit = {
  ...disable,
  operationId: 'disableDataDebit',
  method: 'POST',
  querystring: Type.Object({ atPeriodEnd, ...notify }),
  summary: 'Disable a data debit',
  description: disabling,
} satisfies Operation

export const disableDataDebitByGet = {
  ...disable,
  operationId: 'disableDataDebitByGet',
  method: 'GET',
  summary: 'Disable a data debit by GET',
  description: byGet(disabling),
} satisfies Operation

export const rejectDataDebit = {
  ...one,
  operationId: 'rejectDataDebit',
  method: 'POST',
  path: '/data-debit/:dataDebit/reject',
  querystring: Type.Object(notify),
  summary: 'Decline a data debit',
  description:
    'What was proposed and not accepted is declined; what is in force stays. For the owner, and applications with the role `owner`.',
  answers: answered('Declined.', debit({ ...proposed, rejectedAt: '2027-01-03T09:00:00.000Z' })),
  refusals: ['data_debit_unknown', 'invalid_query'],
} satisfies Operation
