import type { Sources, SourcesWithCounts } from '@hatstand/api/endpoints.ts'
import type { Health, Version } from '@hatstand/api/health.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { KeySet } from '@hatstand/api/public-key.ts'
import { accessTokens } from './access-tokens.ts'
import { applications } from './applications.ts'
import { batch } from './batch.ts'
import { bundles } from './bundles.ts'
import { combinators } from './combinators.ts'
import {
  type CallOptions,
  type Connection,
  connection,
  type Options,
  type TokenSource,
} from './connection.ts'
import { dataDebits } from './data-debits.ts'
import type { AnyEndpoint } from './endpoints.ts'
import { ledger } from './ledger.ts'
import { api } from './paths.ts'
import { queries } from './queries.ts'
import { receipts } from './receipts.ts'
import { records } from './records.ts'
import { users } from './users.ts'

export type { Application } from '@hatstand/api/application-definition.ts'
export type { HatApplication } from '@hatstand/api/applications.ts'
export type { NewRecord } from './batch.ts'
export type { Acceptance, DataDebitRequest } from '@hatstand/api/data-debit-request.ts'
export type { DataDebit, DataDebitPermission } from '@hatstand/api/data-debit.ts'
export type { CallOptions, Options, TokenSource } from './connection.ts'
export type { DisclosedRecord, Preview, Values } from './data-debits.ts'
export { HatstandError } from './error.ts'
export { exact, type Exact } from './exact.ts'
export type { StoredRecord } from './record.ts'
export type { LedgerOptions } from './ledger.ts'
export type { QueriedPage } from './queries.ts'
export type { AnyEndpoint } from './endpoints.ts'
export type { ListOptions, Page } from './reading.ts'
export type { Update } from './writing.ts'

/** A personal data account, as programs ask it. */
export interface Pda<E = AnyEndpoint> extends ReturnType<typeof operations<E>> {
  /** The access token in use: the newest that the server, or the function that gives them, has sent. */
  readonly token: string | undefined
  /** The same account, asked with other patience: `pda.with({ signal }).records.list(endpoint)`. */
  with(options: CallOptions): Pda<E>
}

/**
 * Connects to a personal data account. Nothing is sent before the first method is called; every method rejects with a
 * `HatstandError`, whether the server refuses, cannot be reached or is silent for too long.
 *
 * `connect<{ 'diary/rain': Rain }>(url)` says what is kept where: other endpoints and other data are mistakes then.
 *
 * @param url where the server is, `https://alice.example.org` or `http://localhost:8080`
 * @param token the access token, or a function that gives one for each request; may come later through `accessTokens.login`
 */
export function connect<E extends object = AnyEndpoint>(
  url: string,
  token?: string | TokenSource,
  options: Options = {},
): Pda<E> {
  return pdaOf<E>(connection(url, token, options))
}

function pdaOf<E>(own: Connection): Pda<E> {
  return {
    ...operations<E>(own),
    get token() {
      return own.token
    },
    with: (options) => pdaOf(own.with(options)),
  }
}

function operations<E>(own: Connection) {
  const { ask } = own
  return {
    records: records<E>(own),
    batch: batch<E>(own),
    links: {
      /** Joins records as belonging together. */
      create: (recordIds: readonly string[]) =>
        ask<Message>(api + '/data-link', { method: 'POST', query: { records: recordIds } }),
    },
    endpoints: {
      /** The endpoints that hold records: namespace -> paths. */
      list: () => ask<Sources>(api + '/data/sources'),
      /** Namespace -> path -> records, bytes and last change. */
      counts: () => ask<SourcesWithCounts>(api + '/data/sources', { query: { counts: true } }),
    },
    /** Records by what they hold. */
    queries: queries<E>(own),
    combinators: combinators(own),
    bundles: bundles(own),
    /** The programs registered with the account. */
    applications: applications(own),
    /** Asking for data, and the owner's consent to it. */
    dataDebits: dataDebits(own),
    /** What became of consents, signed for both sides. */
    receipts: receipts(own),
    accessTokens: accessTokens(own),
    /** The people and programs that may sign in beside the owner. */
    users: users(own),
    /** What happened in the account. */
    ledger: ledger(own),
    /** The PEM that verifies this account's new access tokens. */
    publicKey: async () => (await own.send('/publickey')).text,
    /** Every key that verifies access tokens which still count. */
    publicKeys: () => ask<KeySet>('/.well-known/jwks.json'),
    health: () => ask<Health>('/healthz'),
    version: () => ask<Version>('/version'),
    /** The description of the API, OpenAPI 3.1. */
    openApi: () => ask<Record<string, unknown>>('/openapi.json'),
  }
}
