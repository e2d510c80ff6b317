import { anyDataDebitId } from './data-debit-request.ts'
import type { Operation } from './operation.ts'
import { NoQuery, digits, exampleId, recordId } from './query.ts'
import { Type, type Static } from './type.ts'

export const consentEvents = ['accepted', 'changed', 'disabled', 'expired', 'rejected'] as const

export const ConsentReceipt = Type.Object(
  {
    receiptId: Type.String({ description: 'Its id, a UUID.' }),
    dataDebit: Type.String({ description: 'The data debit.' }),
    permission: Type.Integer({ minimum: 1, description: 'Its permission.' }),
    event: Type.Enum(consentEvents, {
      description:
        'What happened to the permission. `changed`: it was accepted in place of another one; `expired`: its time or its reads were over.',
    }),
    at: Type.String({ format: 'date-time', description: 'When it happened.' }),
    keyId: Type.String({ description: 'The key that signed it: `GET /publickey/:keyId`.' }),
  },
  { $id: 'ConsentReceipt', description: 'What a receipt is about.' },
)
export type ConsentReceipt = Static<typeof ConsentReceipt>

const example: ConsentReceipt = {
  receiptId: exampleId,
  dataDebit: 'survey',
  permission: 1,
  event: 'accepted',
  at: '2027-01-03T09:00:00.000Z',
  keyId: 'BU0XDbIQwZEeAkGqEi2Ijn',
}

const readers =
  'For the owner, applications with the role `owner`, and the requester, while it may ask for data.'

export const listReceipts = {
  operationId: 'listReceipts',
  method: 'GET',
  path: '/data-debit/:dataDebit/receipts',
  tags: ['receipts'],
  summary: 'List the receipts of a data debit',
  description: `Newest first; those of a deleted data debit, too. ${readers}`,
  params: Type.Object({ dataDebit: anyDataDebitId }),
  querystring: Type.Object({
    take: digits({ default: 1000, description: 'At most so many; never more than 1000.', examples: [100] }),
    after: Type.Optional(
      Type.String({
        title: 'taken from the `Link` header of an answer',
        pattern: '^[0-9]{1,15}$',
        description: 'Where to go on.',
      }),
    ),
  }),
  answers: {
    200: {
      description: 'The receipts.',
      schema: Type.Array(ConsentReceipt),
      headers: { Link: 'Where the next page is, `rel="next"`; absent on the last one.' },
      example: [example],
    },
  },
  refusals: ['data_debit_unknown', 'invalid_query'],
} satisfies Operation

export const readReceipt = {
  operationId: 'readReceipt',
  method: 'GET',
  path: '/consent-receipts/:receiptId',
  tags: ['receipts'],
  summary: 'Read a consent receipt',
  description: `All that was consented, in the terms of ISO/IEC TS 27560. With \`Accept: application/jose\` (or \`application/jwt\`) as it was signed, a compact JWS (RS256) of this JSON; with \`Accept: application/ld+json\` its policy, ODRL in the words of DPV. The owner's copy says what was left out of what was asked for, the requester's does not. ${readers}`,
  params: Type.Object({ receiptId: recordId('The id of the receipt.') }),
  querystring: Type.Object({
    copy: Type.Optional(
      Type.Enum(['owner', 'requester'], {
        title: '`owner` or `requester`',
        description: "Whose copy; left out: the caller's own. The owner may read both.",
      }),
    ),
  }),
  answers: {
    200: {
      description: 'The receipt.',
      schema: Type.Map(Type.Unknown(), { description: 'A consent receipt: see docs/receipts.md.' }),
      headers: { Vary: '`Accept`' },
      example: {
        schema_version: 'ISO/IEC TS 27560:2023',
        receipt_id: exampleId,
        copy: 'requester',
        event: 'accepted',
      },
    },
  },
  refusals: ['invalid_query', 'receipt_unknown'],
} satisfies Operation

export const readOlderKey = {
  operationId: 'readOlderKey',
  method: 'GET',
  path: '/publickey/:keyId',
  root: true,
  public: true,
  tags: ['receipts'],
  summary: 'Read a key that verifies receipts and seals',
  description:
    'The public half of any key that ever signed for this account, also of one that was replaced. Access tokens are verified with the keys in `/.well-known/jwks.json` only.',
  params: Type.Object({
    keyId: Type.String({
      title: 'at most 200 characters long',
      maxLength: 200,
      description: 'Its id, `kid`.',
    }),
  }),
  querystring: NoQuery,
  answers: {
    200: {
      description: 'A SubjectPublicKeyInfo in PEM.',
      contentType: 'text/plain',
      example: '-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQ...\n-----END PUBLIC KEY-----\n',
    },
  },
  refusals: ['key_unknown'],
} satisfies Operation

export const readNoticeKey = {
  operationId: 'readNoticeKey',
  method: 'GET',
  path: '/notice-key',
  root: true,
  public: true,
  tags: ['receipts'],
  summary: 'Read the key that verifies notices',
  description:
    'The public half of the Ed25519 key that signs what requesters are told at their `requestClientCallbackUrl`, as the Standard Webhooks write it. It changes when the keys of the account are rotated.',
  querystring: NoQuery,
  answers: {
    200: {
      description: '`whpk_`, then the 32 bytes of the key in base64.',
      contentType: 'text/plain',
      example: 'whpk_w1dGtCJbFbNJHc0d5bTQ0bXW8uJ3aJyyV2i9Vb7lLqM=',
    },
  },
  refusals: ['invalid_query'],
} satisfies Operation
