import { Type, type Static } from './type.ts'

/** Every way a request can be refused. The list is closed: `docs/errors.md` explains each, a test compares the two. */
export const errorCodes = [
  'access_token_unknown',
  'account_unknown',
  'application_inactive',
  'application_missing',
  'application_unknown',
  'body_too_large',
  'body_unreadable',
  'bundle_exists',
  'bundle_unknown',
  'byte_order_mark',
  'combinator_unknown',
  'content_type_unsupported',
  'credentials_missing',
  'credentials_wrong',
  'data_debit_bundle',
  'data_debit_changed',
  'data_debit_exists',
  'data_debit_inactive',
  'data_debit_limit',
  'data_debit_malformed',
  'data_debit_missing',
  'data_debit_unknown',
  'data_missing',
  'database_unavailable',
  'definition_unknown',
  'disk_full',
  'duplicate_data',
  'endpoint_changed',
  'forbidden',
  'form_refused',
  'header_login_off',
  'host_refused',
  'internal',
  'invalid_body',
  'invalid_endpoint',
  'invalid_json',
  'invalid_namespace',
  'invalid_query',
  'invalid_record_id',
  'invalid_utf8',
  'key_unknown',
  'ledger_empty',
  'not_authenticated',
  'password_weak',
  'password_wrong',
  'receipt_unknown',
  'record_too_large',
  'record_twice',
  'record_unknown',
  'redirect_unregistered',
  'request_malformed',
  'reset_link_invalid',
  'route_unknown',
  'second_factor_needed',
  'setup_refused',
  'shutting_down',
  'too_deep',
  'too_many_attempts',
  'too_many_records',
  'user_exists',
  'user_invalid',
  'user_privileged',
  'user_unknown',
] as const

export type ErrorCode = (typeof errorCodes)[number]

/** One value of a refused request that is already there: `of` names a place in the same request, `recordId` a stored record. */
export const Duplicate = Type.Object(
  {
    index: Type.Integer({ minimum: 0, description: 'Position in the request, counted from 0.' }),
    recordId: Type.Optional(
      Type.String({ description: 'The record that holds the same value; only for callers who may read it.' }),
    ),
    of: Type.Optional(Type.Integer({ description: 'Position of the same value earlier in this request.' })),
  },
  { $id: 'Duplicate' },
)

/** The one shape of every error: HAT's `message` and `cause`, the framework family's `error`, and a stable `code`. */
export const ErrorBody = Type.Object(
  {
    message: Type.String(),
    cause: Type.String(),
    error: Type.String(),
    code: Type.Enum(errorCodes),
    duplicates: Type.Optional(Type.Array(Duplicate)),
  },
  { $id: 'Error', description: 'The one error shape of every route and status.' },
)
export type ErrorBody = Static<typeof ErrorBody>
