import { endpointPattern } from './endpoint-name.ts'
import { ledgerActions } from './ledger-actions.ts'
import type { Operation } from './operation.ts'
import { NoQuery, digits } from './query.ts'
import { Type, type Static } from './type.ts'

const Time = (description: string) =>
  Type.String({ description, examples: ['2026-11-20T13:15:00.000Z'], format: 'date-time' })

export const LedgerEntry = Type.Object(
  {
    entryId: Type.String({ description: 'A UUID of version 7: its beginning is the time.' }),
    at: Time('When it happened.'),
    action: Type.Enum(ledgerActions, { description: 'What was done.' }),
    holder: Type.String({
      description:
        'Who did it: `owner`, the id of an application, `user:` and the id of a user, `command line`; empty for somebody unknown.',
    }),
    tokenId: Type.Optional(Type.String({ description: 'The access token it was done with, by its id.' })),
    dataDebit: Type.Optional(Type.String({ description: 'The data debit it was done under.' })),
    permission: Type.Optional(Type.String({ description: "The data debit's permission." })),
    endpoints: Type.Array(Type.String(), {
      description: 'The endpoints concerned. One that was erased has no name any more: it begins with `#`.',
    }),
    records: Type.Integer({ minimum: 0, description: 'How many records.' }),
    address: Type.Optional(Type.String({ description: 'The network address it came from.' })),
    detail: Type.Optional(
      Type.Map(Type.Unknown(), {
        description:
          'More: `code` and `route` of a refusal, `times` of what was summed up. Never data, a token or a password.',
      }),
    ),
    seal: Type.Optional(
      Type.Integer({ minimum: 1, description: 'The number of its seal; absent for up to a second.' }),
    ),
  },
  { $id: 'LedgerEntry', description: 'One thing that happened in the account.' },
)
export type LedgerEntry = Static<typeof LedgerEntry>

export const Seal = Type.Object(
  {
    domain: Type.String({ description: "The account's domain." }),
    seal: Type.Integer({ minimum: 1, description: '1 for the first, then without gaps.' }),
    at: Type.Integer({ description: 'When it was made, in milliseconds since 1970 (UTC).' }),
    entries: Type.Integer({ minimum: 1, description: 'How many entries it closes.' }),
    hash: Type.String({
      description: 'SHA-256 of the chain behind the last entry, in base64url: it depends on all before it.',
    }),
    previous: Type.String({ description: 'The hash of the seal before; 43 zeros for the first.' }),
    keyId: Type.String({ description: "The account's key that signed it." }),
    signature: Type.String({
      description:
        'RS256, in base64url, over the JSON text `{"domain","seal","at","entries","hash","previous"}`, in this order, without white space.',
    }),
  },
  { $id: 'Seal', description: 'What closes a block of entries, so that no change of them stays unseen.' },
)
export type Seal = Static<typeof Seal>

const exampleEntry: LedgerEntry = {
  entryId: '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39',
  at: '2026-11-20T13:15:00.000Z',
  action: 'read',
  holder: 'rumpel',
  tokenId: '9f2c41d07ab35e68',
  endpoints: ['rumpel/locations'],
  records: 250,
  address: '203.0.113.9',
  seal: 17,
}

const exampleSeal: Seal = {
  domain: 'alice.example.org',
  seal: 17,
  at: 1_795_180_500_412,
  entries: 3,
  hash: '0Ns1a1uFzBkhPmrhpVTIXUi51Nx8UYvIrmU0G2oB3j0',
  previous: 'E7A6gjLEBBkLW3hk1Q1pDFyNYq_JEsSnVbzyT3vlq1k',
  keyId: 'BU0XDbIQwZEeAkGqEi2Ijn',
  signature: 'n7Qj…',
}

const Moment = (description: string) =>
  Type.Optional(
    Type.String({
      title: 'a date, or a date and time with `Z` or an offset, as in ISO 8601',
      pattern: '^\\d{4}-\\d{2}-\\d{2}(T\\d{2}:\\d{2}(:\\d{2}(\\.\\d{1,9})?)?(Z|[+-]\\d{2}:\\d{2}))?$',
      description,
      examples: ['2026-11-20T13:15:00Z'],
    }),
  )

const word = (description: string, example: string) =>
  Type.Optional(
    Type.String({ title: 'at most 200 characters long', maxLength: 200, description, examples: [example] }),
  )

const take = digits({ default: 1000, description: 'At most so many; never more than 1000.', examples: [100] })
const link = { Link: 'Where the next page is, `rel="next"`; absent on the last one.' }

export const listLedger = {
  operationId: 'listLedger',
  method: 'GET',
  path: '/ledger',
  ownerOnly: true,
  tags: ['ledger'],
  summary: 'List what happened in the account',
  description:
    'Every write, read, sign-in, consent step and refusal, newest first. What the owner reads in person is summed up by the minute, and so are refusals of strangers.',
  querystring: Type.Object({
    from: Moment('Not before this time.'),
    to: Moment('Before this time.'),
    action: Type.Optional(
      Type.Enum(ledgerActions, { title: 'one of the actions of the ledger', description: 'Only this.' }),
    ),
    holder: word('Only what this one did.', 'rumpel'),
    endpoint: Type.Optional(
      Type.String({
        title: 'a namespace and a path, joined by slashes',
        pattern: endpointPattern,
        description: 'Only what concerned this endpoint.',
        examples: ['rumpel/locations'],
      }),
    ),
    dataDebit: word('Only what was done under this data debit.', 'survey'),
    take,
    after: Type.Optional(
      Type.String({
        title: 'taken from the `Link` header of an answer',
        pattern: '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$',
        description: 'Where to go on.',
      }),
    ),
  }),
  answers: {
    200: {
      description: 'The entries.',
      schema: Type.Array(LedgerEntry),
      headers: link,
      example: [exampleEntry],
    },
  },
  refusals: ['invalid_query'],
} satisfies Operation

export const readLedgerHead = {
  operationId: 'readLedgerHead',
  method: 'GET',
  path: '/ledger/head',
  ownerOnly: true,
  tags: ['ledger'],
  summary: 'Read the newest seal',
  description:
    'Kept somewhere else it shows later whether the ledger was cut off or written anew: `npx hatstand ledger verify --head FILE`.',
  querystring: NoQuery,
  answers: { 200: { description: 'The seal.', schema: Seal, example: exampleSeal } },
  refusals: ['invalid_query', 'ledger_empty'],
} satisfies Operation

export const listSeals = {
  operationId: 'listSeals',
  method: 'GET',
  path: '/ledger/seals',
  ownerOnly: true,
  tags: ['ledger'],
  summary: 'List the seals of the ledger',
  description: 'Newest first.',
  querystring: Type.Object({
    take,
    after: Type.Optional(
      Type.String({
        title: 'taken from the `Link` header of an answer',
        pattern: '^[0-9]{1,15}$',
        description: 'Where to go on.',
      }),
    ),
  }),
  answers: {
    200: { description: 'The seals.', schema: Type.Array(Seal), headers: link, example: [exampleSeal] },
  },
  refusals: ['invalid_query'],
} satisfies Operation
