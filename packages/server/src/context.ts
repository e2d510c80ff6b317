import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TSchema } from '@hatstand/api/type.ts'
import type { FastifyBaseLogger, FastifyInstance, FastifyTypeProvider, RawServerDefault } from 'fastify'
import type { SetupCode } from './auth/opaque-tokens.ts'
import type { Config } from './config.ts'
import type { Database } from './database/port.ts'
import type { Caller } from './domain/access/rights.ts'

/** What every route needs, passed as an argument. */
export interface Context {
  config: Config
  database: Database
  /** The time in milliseconds since 1970: the only clock, so that a test can set it. */
  now: () => number
  /** The one-time code of the set-up page, while the account has no owner. */
  setupCode?: SetupCode
}

/** Gives a route's query and params the types of their schemas. */
export interface SchemaTypes extends FastifyTypeProvider {
  validator: this['schema'] extends TSchema<infer T> ? T : unknown
}

/** The Fastify instance as routes see it: query and params typed by their schemas. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  SchemaTypes
>

/** The account a request belongs to. */
export interface Account {
  pda: number
  domain: string
}

declare module 'fastify' {
  interface FastifyRequest {
    /** The account the Host names; set on every route but those that need none. */
    account: Account
    /** Who is asking; set on every route that is not public. */
    caller: Caller
  }
  interface FastifyContextConfig {
    /** Answers without an access token. */
    public?: true
    /** False: no other web origin may call it from a browser. */
    cors?: false
    /** A page for people, not an operation of the API. */
    page?: true
  }
}
