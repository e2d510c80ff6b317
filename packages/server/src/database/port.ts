import type { Compilable, Kysely, RawBuilder } from 'kysely'
import type { Tables } from './tables.ts'

/** What an engine stores: text, a number, bytes or nothing. */
export type Value = string | number | Uint8Array | null

/** Rows by column: an array gives each row its value, a single value is the same in all rows. */
export type Columns<Table extends keyof Tables> = { [Name in keyof Tables[Table]]?: Value | readonly Value[] }

/** A statement made by Kysely: built with `sql` or with the builder of `Database.query`. */
export type Statement<Row> = Compilable<Row> | RawBuilder<Row>

/** The handle inside `read` and `write`. It refuses to work once its function has returned. */
export interface Unit {
  /** Runs one statement and gives its rows. Calls made without awaiting in between travel together. */
  all<Row>(statement: Statement<Row>): Promise<Row[]>
  /** Inserts rows by column, skipping those that break a unique key, and gives how many went in. */
  insertMany<Table extends keyof Tables>(table: Table, columns: Columns<Table>): Promise<number>
}

/** The SQL that differs between the engines, by what it means. */
export interface Dialect {
  /** A record id as a parameter, in the form the engine keeps ids in. */
  id(recordId: string): RawBuilder<string>
  /** An id column as text: 36 lower-case characters. */
  idText(column: string): RawBuilder<string>
  /** One of many: `column in (...)`, in the form the engine runs fastest for long lists. */
  among(
    column: string,
    values: readonly (string | number)[],
    type: 'id' | 'text' | 'number',
  ): RawBuilder<boolean>
  /** The number of bytes of a text column, without reading the text. */
  bytes(column: string): RawBuilder<number>
  /** Joins a text expression over the rows of a subquery in their order, with commas; the result is bytes. */
  joined(text: RawBuilder<string>): RawBuilder<Uint8Array>
}

/**
 * The port: the engine as the stores see it. Nothing but statements and values crosses it.
 * A function given to `read` or `write` awaits nothing but the unit, and may run twice.
 */
export interface Database {
  engine: 'sqlite' | 'postgres'
  dialect: Dialect
  /** Builds statements; it runs none. */
  query: Kysely<Tables>
  /** One consistent snapshot, short: never held open while a client reads slowly. */
  read<T>(fn: (unit: Unit) => Promise<T>): Promise<T>
  /** One atomic unit on one account, resolved only after it is durable. Units of an account run one after another. */
  write<T>(pda: number, fn: (unit: Unit) => Promise<T>): Promise<T>
  /** A single heavy statement, off the thread that answers requests. */
  aside<Row>(statement: Statement<Row>): Promise<Row[]>
  /** What the engine promises about power loss, read back on the connection that writes. */
  durability(): Promise<Record<string, string>>
  close(): Promise<void>
}
