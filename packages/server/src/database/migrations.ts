/** How an engine spells what the tables need. */
export interface Spelling {
  engine: 'sqlite' | 'postgres'
  integer: string
  bytes: string
  /** A record id: 16 bytes to the engine, text to us. */
  id: string
  /** The column that names a record's row, and the rest of its key. */
  place: string
  placeKey: string
  /** What an index needs behind its columns so that its rows come in order of place. */
  byPlace: string
  /** Said of a table that is nothing but its key. */
  keyOnly: string
  /** The engine's own index of words: a row for each record that has words. */
  words: string[]
  /** Said of a unique index the engine itself keeps; SQLite's is `fingerprints.ts`. */
  unique: boolean
}

export const sqliteSpelling: Spelling = {
  engine: 'sqlite',
  integer: 'integer',
  bytes: 'blob',
  id: 'uuid',
  place: 'integer primary key',
  placeKey: '',
  byPlace: '',
  keyOnly: 'without rowid',
  words: [
    // Words are cut before they come here, and of words that leave nothing stays.
    `create virtual table record_words using fts5(words, tokenize='ascii tokenchars _', detail=none, columnsize=0)`,
    `insert into record_words (record_words, rank) values ('secure-delete', 1)`,
  ],
  unique: false,
}

export const postgresSpelling: Spelling = {
  engine: 'postgres',
  integer: 'bigint',
  bytes: 'bytea',
  id: 'uuid',
  place: 'bigint not null',
  placeKey: ', primary key (pda_id, place)',
  byPlace: ', place',
  keyOnly: '',
  words: [
    `create table record_words (pda_id integer not null, place bigint not null, words tsvector not null, primary key (pda_id, place))`,
    `create index record_words_word on record_words using gin (words)`,
  ],
  unique: true,
}

/** The numbered list of migrations: each is run once, in order, each list of statements in one transaction. Never edit one that was released. */
const migrations: ((spell: Spelling) => string[])[] = [first, second]

/** The tables are of a newer version than this one. */
export class NewerTablesError extends Error {}

/**
 * What is still to be done to the tables: the statements of each migration, with its number.
 * @param done the highest number there is; 0 when there is none
 * @throws NewerTablesError when this version does not know that number: it might spoil what a newer one keeps
 */
export function migrationsAfter(done: number, spell: Spelling): { number: number; statements: string[] }[] {
  if (done > migrations.length)
    throw new NewerTablesError(
      `The data was written by a newer hatstand: its tables are at migration ${done}, and this version knows them up to ${migrations.length}. Run that version or a newer one.`,
    )
  return migrations.slice(done).map((migration, index) => ({
    number: done + index + 1,
    statements: migration(spell),
  }))
}

function first(spell: Spelling): string[] {
  const statements = [
    ...whoAsks(spell),
    ...whatIsKept(spell),
    ...whatIsConsented(spell),
    ...whatWasConsented(spell),
    ...whatHappened(spell),
  ]
  return spell.unique
    ? [...statements, `create unique index record_fingerprint on record (pda_id, fingerprint)`]
    : [...statements, ...sqliteStatistics]
}

/** What is asked of all accounts at once is found without reading what all of them have. */
function second(): string[] {
  return [
    `create index domain_account on domain (pda_id)`,
    `create index notice_due on notice (next_at) where next_at is not null`,
  ]
}

function whoAsks({ integer, bytes }: Spelling): string[] {
  return [
    // The only table whose key is not the account: it finds the account.
    `create table domain (domain text primary key, pda_id integer not null)`,
    `create table pda (pda_id integer primary key, seq ${integer} not null, created_at ${integer} not null)`,
    `create table owner (pda_id integer not null, name text not null, password_hash text not null, subject text not null,
       email text, created_at ${integer} not null, primary key (pda_id, name))`,
    `create table account_user (pda_id integer not null, user_id text not null, name text not null, display_name text not null,
       password_hash text not null, enabled integer not null, created_at ${integer} not null, primary key (pda_id, user_id))`,
    `create unique index account_user_name on account_user (pda_id, name)`,
    `create table signing_key (pda_id integer not null, key_id text not null, private_pem text not null, public_pem text not null,
       created_at ${integer} not null, expires_at ${integer}, primary key (pda_id, key_id))`,
    `create table access_token (pda_id integer not null, token_id text not null, kind text not null, holder text not null,
       subject text not null, scope text, about text not null, created_at ${integer} not null, used_at ${integer} not null,
       expires_at ${integer} not null, grant_id text, payload text, primary key (pda_id, token_id))`,
    `create index access_token_holder on access_token (pda_id, holder)`,
    `create index access_token_grant on access_token (pda_id, grant_id)`,
    `create table application (pda_id integer not null, application text not null, definition text not null, version text not null,
       enabled integer not null, setup_version text, setup_at ${integer}, created_at ${integer} not null, updated_at ${integer} not null,
       primary key (pda_id, application))`,
    `create table granted_role (pda_id integer not null, holder text not null, role text not null, detail text not null,
       primary key (pda_id, holder, role, detail))`,
    `create table password_reset (pda_id integer not null, link_id text not null, created_at ${integer} not null, expires_at ${integer} not null,
       primary key (pda_id))`,
    `create table totp (pda_id integer not null, secret text not null, confirmed_at ${integer}, last_step ${integer} not null,
       failures integer not null, failed_at ${integer} not null, created_at ${integer} not null, primary key (pda_id))`,
    `create table passkey (pda_id integer not null, passkey_id text not null, public_key ${bytes} not null, counter ${integer} not null,
       transports text not null, about text not null, asked_at ${integer} not null, created_at ${integer} not null, used_at ${integer},
       primary key (pda_id, passkey_id))`,
    `create table recovery_code (pda_id integer not null, code_id text not null, primary key (pda_id, code_id))`,
    `create table oauth_model (pda_id integer not null, model text not null, model_id text not null, grant_id text, payload text not null,
       consumed_at ${integer}, expires_at ${integer} not null, primary key (pda_id, model, model_id))`,
    `create index oauth_model_grant on oauth_model (pda_id, grant_id)`,
    `create index oauth_model_end on oauth_model (pda_id, expires_at)`,
  ]
}

function whatIsKept(spell: Spelling): string[] {
  const { integer, bytes, id } = spell
  return [
    `create table endpoint (pda_id integer not null, endpoint_id integer not null, name text not null,
       largest ${integer} not null, awkward ${integer} not null, words_to ${integer}, words_end ${integer}, primary key (pda_id, endpoint_id))`,
    ...spell.words,
    `create unique index endpoint_name on endpoint (pda_id, name)`,
    `create table endpoint_block (pda_id integer not null, endpoint_id integer not null, block ${integer} not null,
       records ${integer} not null, bytes ${integer} not null, changed_at ${integer} not null, primary key (pda_id, endpoint_id, block)) ${spell.keyOnly}`,
    `create table record (place ${spell.place}, pda_id integer not null, endpoint_id integer not null, record_id ${id} not null,
       fingerprint ${bytes}, created_at ${integer} not null, updated_seq ${integer}, updated_at ${integer},
       writer text not null, data text not null${spell.placeKey})`,
    `create unique index record_id on record (pda_id, record_id)`,
    `create index record_endpoint on record (pda_id, endpoint_id${spell.byPlace})`,
    `create table record_history (pda_id integer not null, place ${integer} not null, seq ${integer} not null, endpoint_id integer not null,
       record_id ${id} not null, replaced_seq ${integer} not null, replaced_at ${integer} not null, replaced_by text not null,
       deleted integer not null, written_at ${integer} not null, writer text not null, data text not null,
       primary key (pda_id, place, seq))`,
    `create index record_history_endpoint on record_history (pda_id, endpoint_id)`,
    `create index record_history_record on record_history (pda_id, record_id)`,
    `create index record_history_time on record_history (pda_id, replaced_at)`,
    `create table link (pda_id integer not null, group_id ${integer} not null, place ${integer} not null,
       primary key (pda_id, group_id, place)) ${spell.keyOnly}`,
    `create index link_place on link (pda_id, place)`,
    `create table order_path (pda_id integer not null, endpoint_id integer not null, path_id ${integer} not null, path text not null,
       descending integer not null, used_at ${integer} not null, filled_to ${integer}, fill_end ${integer} not null,
       primary key (pda_id, endpoint_id, path_id))`,
    `create table order_key (pda_id integer not null, endpoint_id integer not null, path_id ${integer} not null, key ${bytes} not null,
       back ${integer} not null, primary key (pda_id, endpoint_id, path_id, key, back)) ${spell.keyOnly}`,
    `create index order_key_back on order_key (pda_id, back)`,
    `create table combinator (pda_id integer not null, name text not null, text text not null, primary key (pda_id, name))`,
    `create table bundle (pda_id integer not null, name text not null, text text not null, primary key (pda_id, name))`,
  ]
}

function whatIsConsented({ integer }: Spelling): string[] {
  return [
    `create table data_debit (pda_id integer not null, debit_id text not null, holder text not null, form text not null, secret text not null,
       client_name text not null, client_url text not null, client_logo_url text not null, client_callback_url text,
       application text, description text, seen integer not null, created_at ${integer} not null, deleted_at ${integer},
       primary key (pda_id, debit_id))`,
    `create table data_debit_permission (pda_id integer not null, debit_id text not null, permission integer not null,
       purpose text not null, start_at ${integer} not null, period ${integer} not null, cancel_at_end integer not null,
       terms_url text not null, bundle_name text not null, bundle text not null, conditions_name text, conditions text,
       read_limit ${integer}, once integer not null, created_at ${integer} not null, rejected_at ${integer},
       accepted_at ${integer}, narrowing text, until_at ${integer}, taken_limit ${integer}, taken_once integer not null,
       canceled_at ${integer}, canceled_at_end integer not null, used_up_at ${integer},
       primary key (pda_id, debit_id, permission))`,
    `create table data_debit_read (pda_id integer not null, debit_id text not null, permission integer not null,
       period_number ${integer} not null, reads ${integer} not null, primary key (pda_id, debit_id, permission, period_number))`,
  ]
}

function whatWasConsented({ integer, id }: Spelling): string[] {
  return [
    `create table consent_receipt (pda_id integer not null, debit_id text not null, number integer not null, receipt_id ${id} not null,
       permission integer not null, event text not null, at ${integer} not null, key_id text not null, ends_at ${integer},
       owner_copy text not null, requester_copy text not null, primary key (pda_id, debit_id, number))`,
    `create unique index consent_receipt_id on consent_receipt (pda_id, receipt_id)`,
    `create index consent_receipt_end on consent_receipt (pda_id, ends_at)`,
    `create table notice (pda_id integer not null, notice_id ${id} not null, debit_id text not null, receipt_id ${id} not null,
       permission integer not null, event text not null, address text not null, created_at ${integer} not null,
       attempts integer not null, next_at ${integer}, status integer, primary key (pda_id, notice_id))`,
    `create index notice_next on notice (pda_id, next_at)`,
    `create table notice_host (pda_id integer not null, debit_id text not null, host text not null, agreed_at ${integer} not null,
       primary key (pda_id, debit_id))`,
    `create table notice_key (pda_id integer not null, private_key text not null, public_key text not null,
       created_at ${integer} not null, primary key (pda_id))`,
  ]
}

function whatHappened({ integer, id, keyOnly }: Spelling): string[] {
  const entry = `pda_id integer not null, entry_id ${id} not null, at ${integer} not null, action text not null, holder text not null,
       token_id text not null, data_debit text, permission text, endpoints text not null, records ${integer} not null,
       address text not null, detail text not null`
  return [
    `create table ledger_fresh (${entry}, primary key (pda_id, entry_id)) ${keyOnly}`,
    `create table ledger_entry (${entry}, seal ${integer} not null, mark text not null, primary key (pda_id, entry_id)) ${keyOnly}`,
    `create index ledger_entry_seal on ledger_entry (pda_id, seal, entry_id)`,
    `create table ledger_seal (pda_id integer not null, seal ${integer} not null, domain text not null, at ${integer} not null,
       entries ${integer} not null, hash text not null, previous text not null, key_id text not null, signature text not null,
       primary key (pda_id, seal))`,
  ]
}

/**
 * What SQLite's planner is told of a large account. Left alone it takes ten rows for an account, and reads a whole account where
 * it should look up one place.
 */
const sqliteStatistics = [
  `analyze`,
  `insert into sqlite_stat1 (tbl, idx, stat) values
     ('endpoint', 'sqlite_autoindex_endpoint_1', '10000 1000 1'),
     ('endpoint', 'endpoint_name', '10000 1000 1'),
     ('endpoint_block', 'endpoint_block', '100000 10000 10 1'),
     ('record', 'record_id', '10000000 1000000 1'),
     ('record', 'record_endpoint', '10000000 1000000 10000'),
     ('record_history', 'sqlite_autoindex_record_history_1', '10000000 1000000 4 1'),
     ('record_history', 'record_history_endpoint', '10000000 1000000 10000'),
     ('record_history', 'record_history_record', '10000000 1000000 4'),
     ('record_history', 'record_history_time', '10000000 1000000 10'),
     ('link', 'link', '10000000 1000000 3 1'),
     ('link', 'link_place', '10000000 1000000 3'),
     ('order_key', 'order_key', '10000000 1000000 100000 10000 10 1'),
     ('order_key', 'order_key_back', '10000000 1000000 10'),
     ('ledger_fresh', 'ledger_fresh', '10000 1000 1'),
     ('ledger_entry', 'ledger_entry', '10000000 1000000 1'),
     ('ledger_entry', 'ledger_entry_seal', '10000000 1000000 1000 1'),
     ('ledger_seal', 'sqlite_autoindex_ledger_seal_1', '100000 10000 1')`,
  `analyze sqlite_schema`,
]
