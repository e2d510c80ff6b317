import type { ErrorBody, ErrorCode } from '@hatstand/api/errors.ts'

type Kind = { status: number; error: string; message: string }

const badRequest = { status: 400, error: 'Bad Request', message: 'Bad Request' }
const tooLarge = { status: 413, error: 'Payload Too Large', message: 'Payload Too Large' }
const notAuthenticated = { status: 401, error: 'Not Authenticated', message: 'Not Authenticated' }

/** Error code -> HTTP status and words: the only such table. `message` and `error` are what existing clients look for. */
export const errors: Record<ErrorCode, Kind> = {
  access_token_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  account_unknown: { status: 404, error: 'Not Found', message: 'HAT unavailable' },
  application_inactive: { ...badRequest, message: 'Application not active' },
  application_missing: { ...badRequest, message: 'Application not Found' },
  application_unknown: { status: 404, error: 'Not Found', message: 'Application not Found' },
  body_too_large: tooLarge,
  body_unreadable: badRequest,
  bundle_exists: badRequest,
  bundle_unknown: { status: 404, error: 'Not Found', message: 'Bundle Not Found' },
  byte_order_mark: badRequest,
  combinator_unknown: { status: 404, error: 'Not Found', message: 'Combinator Not Found' },
  content_type_unsupported: {
    status: 415,
    error: 'Unsupported Media Type',
    message: 'Unsupported Media Type',
  },
  credentials_missing: { status: 401, error: 'Not Authenticated', message: 'Credentials required' },
  credentials_wrong: notAuthenticated,
  data_debit_bundle: { ...badRequest, message: 'Data Debit Bundle malformed' },
  data_debit_changed: badRequest,
  data_debit_exists: badRequest,
  data_debit_inactive: badRequest,
  data_debit_limit: { status: 429, error: 'Too Many Requests', message: 'Too Many Requests' },
  data_debit_malformed: badRequest,
  data_debit_missing: { ...badRequest, message: 'Not Found' },
  data_debit_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  data_missing: { ...badRequest, message: 'Data Missing' },
  database_unavailable: { status: 503, error: 'Service Unavailable', message: 'Service Unavailable' },
  definition_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  disk_full: { status: 507, error: 'Insufficient Storage', message: 'Insufficient Storage' },
  duplicate_data: { ...badRequest, message: 'Duplicate Data' },
  endpoint_changed: badRequest,
  forbidden: { status: 403, error: 'Forbidden', message: 'Access Denied' },
  form_refused: { status: 403, error: 'Forbidden', message: 'Access Denied' },
  header_login_off: { status: 403, error: 'Forbidden', message: 'Header login is off' },
  host_refused: { status: 421, error: 'Misdirected Request', message: 'Misdirected Request' },
  internal: { status: 500, error: 'Internal Server Error', message: 'Internal Server Error' },
  invalid_body: badRequest,
  invalid_endpoint: badRequest,
  invalid_json: badRequest,
  invalid_namespace: badRequest,
  invalid_query: badRequest,
  invalid_record_id: badRequest,
  invalid_utf8: badRequest,
  key_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  ledger_empty: { status: 404, error: 'Not Found', message: 'Not Found' },
  not_authenticated: notAuthenticated,
  password_weak: { ...badRequest, message: 'Minimum password requirement strength not met' },
  password_wrong: { status: 403, error: 'Forbidden', message: 'Invalid password' },
  receipt_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  record_too_large: tooLarge,
  record_twice: badRequest,
  record_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  redirect_unregistered: badRequest,
  request_malformed: badRequest,
  reset_link_invalid: { ...notAuthenticated, message: 'Invalid Token' },
  route_unknown: { status: 404, error: 'Not Found', message: 'Not Found' },
  second_factor_needed: { ...notAuthenticated, message: 'Second factor needed' },
  setup_refused: { status: 403, error: 'Forbidden', message: 'Access Denied' },
  shutting_down: { status: 503, error: 'Service Unavailable', message: 'Service Unavailable' },
  too_deep: badRequest,
  too_many_attempts: { status: 429, error: 'Too Many Requests', message: 'Too Many Requests' },
  too_many_records: tooLarge,
  user_exists: { ...badRequest, message: 'Error creating user' },
  user_invalid: { ...badRequest, message: 'Invalid User' },
  user_privileged: { status: 403, error: 'Forbidden', message: 'Forbidden' },
  user_unknown: { status: 404, error: 'Not Found', message: 'No such User' },
}

/** A refusal on its way to the caller: thrown by routes and auth, answered in one place (`http/errors.ts`). */
export class ApiError extends Error {
  readonly code: ErrorCode
  readonly duplicates: ErrorBody['duplicates']
  readonly headers: Record<string, string>

  /**
   * @param code which refusal, of the closed list in `api/errors.ts`
   * @param cause one sentence that names the field, the limit or the position
   */
  constructor(
    code: ErrorCode,
    cause: string,
    more: { duplicates?: ErrorBody['duplicates']; headers?: Record<string, string> } = {},
  ) {
    super(cause)
    this.code = code
    this.duplicates = more.duplicates
    this.headers = more.headers ?? {}
  }
}

/** The body of a refusal, in the one error shape. */
export function errorBody(code: ErrorCode, cause: string, duplicates?: ErrorBody['duplicates']): ErrorBody {
  const { error, message } = errors[code]
  return { message, cause, error, code, ...(duplicates && { duplicates }) }
}
