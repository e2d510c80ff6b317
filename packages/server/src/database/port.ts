import type { RawBuilder } from 'kysely'
import type { Tables } from './tables.ts'

/** A fingerprint in memory: a character for each of its 16 bytes. In a table it is the bytes. */
export const fingerprintBytes = (fingerprint: string) => Buffer.from(fingerprint, 'latin1')

/** What an engine stores: text, a number, bytes or nothing. */
export type Value = string | number | Uint8Array | null

/** Rows by column: an array gives each row its value, a single value is the same in all rows. */
export type Columns<Table extends keyof Tables> = { [Name in keyof Tables[Table]]?: Value | readonly Value[] }

/** A statement made by Kysely, with its `sql` tag. */
export type Statement<Row> = RawBuilder<Row>

/** The handle of a read that asks about all accounts at once. It refuses to work once its function has returned. */
export interface Snapshot {
  dialect: Dialect
  /** Runs one statement and gives its rows. Calls made without awaiting in between travel together. */
  all<Row>(statement: Statement<Row>): Promise<Row[]>
}

/** The handle inside an account's `read` and `write`: it knows its account, by which every statement filters. */
export interface Unit extends Snapshot {
  pda: number
  /** Inserts rows by column and gives how many went in. A row that breaks a unique key is an error. */
  insertMany<Table extends keyof Tables>(table: Table, columns: Columns<Table>): Promise<number>
  /** The same for rows of which some may be there already: those are left out. */
  insertMissing<Table extends keyof Tables>(table: Table, columns: Columns<Table>): Promise<number>
  /** Locks the account: what the unit reads from then on is what all others have written. */
  lock(): Promise<void>
  /**
   * Takes the account's next numbers, and locks it as `lock` does.
   * @param count how many; negative gives the last ones back
   * @returns the account's `seq` after them
   */
  allocateSeq(count: number): Promise<number>
  /** For each fingerprint the place of the account's record that holds it, or undefined. Exact from the unit's lock to its end. */
  findDuplicates(fingerprints: readonly string[]): Promise<(number | undefined)[]>
  /** Tells the engine that these fingerprints are held by the records at these places from now on. */
  rememberFingerprints(fingerprints: readonly string[], places: readonly number[]): void
}

/** What a statement needs to know of its account: a unit says it, and so does the account's database. */
export type OfAccount = Pick<Unit, 'dialect' | 'pda'>

/** Work that serves many callers in one unit: one result for each item, in their order. */
export type SharedWork<Item, Result> = (unit: Unit, items: Item[]) => Promise<Result[]>

/** The disk is full: nothing of the unit was written, reads go on. */
export class DiskFullError extends Error {}

/** The engine cannot be reached. When it went away in the middle of a write, nobody knows whether that was stored. */
export class UnavailableError extends Error {}

/** The SQL that differs between the engines, by what it means. */
export interface Dialect {
  /** A record id as a parameter, in the form the engine keeps ids in. */
  id(recordId: string): RawBuilder<string>
  /** An id column as text: 36 lower-case characters. */
  idText(column: string): RawBuilder<string>
  /** The same in two steps, of which an inner query does the first: that one is dear where the engine keeps bytes. */
  idDigits(column: string): RawBuilder<string>
  idOfDigits(digits: RawBuilder<string>): RawBuilder<string>
  /** True for rows whose column is one of the values; one statement text however many there are. */
  among(
    column: string,
    values: readonly (string | number)[],
    type: 'id' | 'text' | 'number',
  ): RawBuilder<boolean>
  /** A column of milliseconds since 1970 as ISO 8601, UTC. */
  isoTime(column: string): RawBuilder<string>
  /** The number of bytes of a text column, without reading the text. */
  bytes(column: string): RawBuilder<number>
  /** A table of places in a given order: columns `place` and `position`, the first of which is `firstPosition`. */
  firstPosition: RawBuilder<number>
  listed(places: readonly number[]): RawBuilder<unknown>
  /** Texts put together; none of them is null. */
  concat(...texts: RawBuilder<string>[]): RawBuilder<string>
  /** Said of a table that is read along its key, although an index would fit as well. */
  alongKey: RawBuilder<unknown>
  /** Joins a text expression over the rows of a subquery in their order, with commas; where there are none, only a comma to begin with is left out too. */
  joined(text: RawBuilder<string>, around: { begin: string; end: string }): RawBuilder<Text>
  /**
   * How the engine itself reads the value at a path of a JSON text column, for texts that are not `awkward`:
   * its kind in comparing order (1 null, 2 string, 3 number, 4 false, 5 true, 6 array, 7 object, 8 missing), and what to order
   * strings and numbers by.
   */
  jsonKind(column: string, path: readonly string[]): RawBuilder<number>
  jsonValue(column: string, path: readonly string[]): RawBuilder<Value>[]
  /**
   * The engine's own index of words. A word is of letters and digits of any script, or an underscore and then ASCII.
   * @param words of each place
   */
  addWords(pda: number, places: readonly number[], words: readonly string[][]): RawBuilder<unknown>
  removeWords(pda: number, places: readonly number[]): RawBuilder<unknown>
  /** A SELECT of each `place` that has all of some words, or another one. */
  wordsFound(pda: number, all: readonly string[], other: string): RawBuilder<{ place: number }>
}

/** A text as the engine hands it over most cheaply: UTF-8 bytes or a string. */
export type Text = Uint8Array | string

/**
 * The port: the engine as the stores see it. Nothing but statements and values crosses it.
 * A function given to `read` or `write` awaits nothing but the unit, and may run twice.
 */
export interface Database {
  dialect: Dialect
  /** One account's part: what is read and written by it is that account's alone. */
  of(pda: number): AccountDatabase
  /** One consistent snapshot of all accounts, short: for what has to be found before the account is known, and for jobs. */
  read<T>(fn: (snapshot: Snapshot) => Promise<T>): Promise<T>
  /** A read of a single statement: the same for less. */
  one<Row>(statement: Statement<Row>): Promise<Row[]>
  /** Gives freed space back, so that erased data is in no file of the engine's any more (SQLite; PostgreSQL: see docs/erasure). */
  scrub(): Promise<void>
  /** What the engine promises about power loss, read back on the connection that writes. */
  durability(): Promise<Record<string, string>>
  close(): Promise<void>
}

/** The database as one account sees it. */
export interface AccountDatabase extends Pick<Database, 'dialect' | 'one' | 'scrub'> {
  pda: number
  /** Stands for the database itself, the same for all its accounts: by it a process finds what it keeps beside it. */
  engine: object
  /** One consistent snapshot, short: never held open while a client reads slowly. */
  read<T>(fn: (unit: Unit) => Promise<T>): Promise<T>
  /** One atomic unit, resolved only after it is durable. Units of an account run one after another. */
  write<T>(fn: (unit: Unit) => Promise<T>): Promise<T>
  /**
   * Like `write`, for work that can be done for many callers at once: items that wait for the same work share a unit.
   * @param weight how much of a unit the item takes, in rows or kilobytes
   */
  writeCoalesced<Item, Result>(work: SharedWork<Item, Result>, item: Item, weight: number): Promise<Result>
  /** A single heavy read, off the thread that answers requests. */
  background<Row>(statement: Statement<Row>): Promise<Row[]>
}
