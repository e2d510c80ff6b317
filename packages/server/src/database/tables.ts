/**
 * The tables as Kysely sees them. Every key starts with the account (`pda_id`, a small number), except `domain`, which finds it.
 * Times are milliseconds since 1970 (UTC). `place` is the account's `seq` at a record's first saving plus `pda_id` * 2^32,
 * so that on SQLite it is the row's own integer key.
 */
export interface Tables extends ConsentTables, DataDebitTables {
  domain: { domain: string; pda_id: number }
  pda: { pda_id: number; seq: number; created_at: number }
  owner: {
    pda_id: number
    name: string
    password_hash: string
    subject: string
    email: string | null
    created_at: number
  }
  /** A person or program other than the owner that may sign in. */
  account_user: {
    pda_id: number
    user_id: string
    name: string
    display_name: string
    password_hash: string
    enabled: number
    created_at: number
  }
  /** `expires_at` is null for the key that signs. */
  signing_key: {
    pda_id: number
    key_id: string
    private_pem: string
    public_pem: string
    created_at: number
    expires_at: number | null
  }
  /** One row for each access token and session: what has none counts for nothing. */
  access_token: {
    pda_id: number
    /** The `jti` of a JWT; the SHA-256 of an opaque text, in base64url. */
    token_id: string
    /** A `grant` is no token: it is the owner's consent that OAuth tokens come of, and lasts as long as they may be renewed. */
    kind: 'jwt' | 'oauth' | 'session' | 'grant'
    /** Whose roles hold: `owner`, an application's id, or `user:` and an id. */
    holder: string
    subject: string
    /** Of an OAuth token: the scope that confines it. */
    scope: string | null
    /** What it is, in words for the owner. */
    about: string
    created_at: number
    /** When it was last used, to the minute. */
    used_at: number
    expires_at: number
    grant_id: string | null
    payload: string | null
  }
  application: {
    pda_id: number
    application: string
    /** The JSON as it was registered. */
    definition: string
    version: string
    enabled: number
    /** The version the owner accepted; null before the first set-up. */
    setup_version: string | null
    setup_at: number | null
    created_at: number
    updated_at: number
  }
  /** What an application was granted at its set-up, or a user was given. `detail` is '' where the role has none. */
  granted_role: { pda_id: number; holder: string; role: string; detail: string }
  /** The one link to a new password that may be open; `link_id` is the SHA-256 of what the link carries, in base64url. */
  password_reset: { pda_id: number; link_id: string; created_at: number; expires_at: number }
  /** The owner's authenticator program; it counts once `confirmed_at` is there. */
  totp: {
    pda_id: number
    /** In base32, as the program keeps it: a code can be checked by nothing less. */
    secret: string
    confirmed_at: number | null
    /** The step of 30 seconds whose code was used last: it and those before count no more. */
    last_step: number
    /** Wrong codes since the last right one, and when the newest was. */
    failures: number
    failed_at: number
    created_at: number
  }
  passkey: {
    pda_id: number
    /** What the authenticator calls it, in base64url. */
    passkey_id: string
    public_key: Uint8Array
    counter: number
    /** How it can be reached, a JSON array. */
    transports: string
    /** What it is, in words of the owner. */
    about: string
    /** When its newest answer was asked for: an older question counts no more. */
    asked_at: number
    created_at: number
    used_at: number | null
  }
  /** Unused ones; `code_id` is the SHA-256 of the code, in base64url. */
  recovery_code: { pda_id: number; code_id: string }
  /** A code, refresh token or unfinished question of the OAuth server. `model_id` is the SHA-256 of its secret, which `payload` lacks. */
  oauth_model: {
    pda_id: number
    model: string
    model_id: string
    grant_id: string | null
    payload: string
    /** When it was used, of what may be used once; null before. */
    consumed_at: number | null
    expires_at: number
  }
  endpoint: {
    pda_id: number
    endpoint_id: number
    name: string
    largest: number
    awkward: number
    /** How far the words of its records are in `record_words`: see `store/records/word-index.ts`. */
    words_to: number | null
    words_end: number | null
  }
  endpoint_block: {
    pda_id: number
    endpoint_id: number
    block: number
    records: number
    bytes: number
    changed_at: number
  }
  record: {
    pda_id: number
    place: number
    endpoint_id: number
    record_id: string
    data: string
    fingerprint: Uint8Array
    writer: string
    created_at: number
    /** Of the newest update; null while the record is as first saved. */
    updated_seq: number | null
    updated_at: number | null
  }
  record_history: {
    pda_id: number
    place: number
    /** The `seq` this version was written with. */
    seq: number
    endpoint_id: number
    record_id: string
    data: string
    writer: string
    written_at: number
    replaced_seq: number
    replaced_by: string
    replaced_at: number
    /** 1 when a deletion replaced it, 0 when an update did. */
    deleted: number
  }
  link: { pda_id: number; group_id: number; place: number }
  /** A path somebody orders an endpoint by, in one direction. */
  order_path: {
    pda_id: number
    endpoint_id: number
    path_id: number
    path: string
    descending: number
    used_at: number
    /** Records up to this place have their keys; null once all have. */
    filled_to: number | null
    /** The last place of the endpoint when the path was registered: later ones get their keys as they are written. */
    fill_end: number
  }
  /** `back` is the place, negative: newer records have the smaller one, and so come first among equal keys. */
  order_key: { pda_id: number; endpoint_id: number; path_id: number; key: Uint8Array; back: number }
  /** Lists of queries and named queries, as the JSON they were registered as. */
  combinator: { pda_id: number; name: string; text: string }
  bundle: { pda_id: number; name: string; text: string }
  /** What happened and is not sealed yet. */
  ledger_fresh: LedgerColumns
  /** What happened, sealed. `mark`: see `domain/ledger.ts`. */
  ledger_entry: LedgerColumns & { seal: number; mark: string }
  ledger_seal: {
    pda_id: number
    seal: number
    domain: string
    at: number
    entries: number
    hash: string
    previous: string
    key_id: string
    signature: string
  }
}

/** One entry: see `domain/ledger.ts`. `endpoints` is a JSON array of names. */
interface LedgerColumns {
  pda_id: number
  entry_id: string
  at: number
  action: string
  holder: string
  token_id: string
  data_debit: string | null
  permission: string | null
  endpoints: string
  records: number
  address: string
  detail: string
}

/** Places of one account are its number times this, plus a `seq`: unique in the whole database, and exact numbers for accounts below 2^21. */
const placesEach = 2 ** 32

/** What an account's places begin with. */
export const placeBase = (pda: number) => pda * placesEach

/** The place behind the last an account can have. */
export const placeEnd = (pda: number) => (pda + 1) * placesEach

/** The tables of data debits; times are milliseconds since 1970 (UTC). */
interface DataDebitTables {
  /** Who asks for data, and under which id; a deleted one keeps its id. */
  data_debit: {
    pda_id: number
    debit_id: string
    /** Who proposed it: `owner`, an application's id, or `user:` and an id. */
    holder: string
    /** The form it was proposed in: `2.6`, or `2.0`. */
    form: '2.6' | '2.0'
    /** 32 random bytes in base64url: what names of records and pages are hidden with. */
    secret: string
    client_name: string
    client_url: string
    client_logo_url: string
    client_callback_url: string | null
    application: string | null
    description: string | null
    /** The newest permission that the owner has read; 0 before. */
    seen: number
    created_at: number
    deleted_at: number | null
  }
  /** One version of what a data debit asks for: up to `created_at` as it was proposed and never changed, then what the owner decided. */
  data_debit_permission: {
    pda_id: number
    debit_id: string
    /** 1 for the first. */
    permission: number
    purpose: string
    start_at: number
    /** Milliseconds. */
    period: number
    cancel_at_end: number
    terms_url: string
    bundle_name: string
    /** JSON, as it was proposed. */
    bundle: string
    conditions_name: string | null
    conditions: string | null
    read_limit: number | null
    once: number
    created_at: number
    rejected_at: number | null
    accepted_at: number | null
    /** JSON: what the owner took away of the bundle. */
    narrowing: string | null
    until_at: number | null
    taken_limit: number | null
    taken_once: number
    canceled_at: number | null
    canceled_at_end: number
    /** When it was read, of what may be read once. */
    used_up_at: number | null
  }
  /** How often values were read in a period of a permission that says how often they may be. */
  data_debit_read: {
    pda_id: number
    debit_id: string
    permission: number
    /** 0 for the first. */
    period_number: number
    reads: number
  }
}

/** The tables of receipts and notices; times are milliseconds since 1970 (UTC). */
interface ConsentTables {
  /** What became of a permission of a data debit, as it was signed for both sides: compact JWS. */
  consent_receipt: {
    pda_id: number
    debit_id: string
    /** 1 for the first of its data debit. */
    number: number
    receipt_id: string
    permission: number
    event: string
    at: number
    key_id: string
    /** When the consent ends by itself; null: it does not, or has ended. */
    ends_at: number | null
    owner_copy: string
    requester_copy: string
  }
  /** What a requester is to be told, until it was, or was given up. */
  notice: {
    pda_id: number
    notice_id: string
    debit_id: string
    receipt_id: string
    permission: number
    event: string
    address: string
    created_at: number
    attempts: number
    /** When it is sent next; null when no more. It is moved before each attempt: so two never send it at once. */
    next_at: number | null
    /** The status of the last answer; 0 for none. */
    status: number | null
  }
  /** The host that the owner has seen, and agreed to have told about a data debit. */
  notice_host: { pda_id: number; debit_id: string; host: string; agreed_at: number }
  /** The Ed25519 key that signs an account's notices. */
  notice_key: { pda_id: number; private_key: string; public_key: string; created_at: number }
}
