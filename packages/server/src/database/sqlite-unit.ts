import { SqliteQueryCompiler } from 'kysely'
import { compile, type Compiled } from './compile.ts'
import { createFingerprintTable, type FingerprintTable } from './fingerprints.ts'
import { type Columns, fingerprintBytes, type Statement, type Unit, type Value } from './port.ts'
import type { Connection } from './sqlite-connection.ts'
import { sqliteDialect } from './sqlite-dialect.ts'
import { placeBase, placeEnd } from './tables.ts'
import type { Tables } from './tables.ts'

/** Rows of one INSERT statement: more cost more to prepare than they save. */
const rowsAtOnce = 20
/** Rows read at a time when an account's fingerprints are loaded. */
const rowsLoaded = 10_000
/** All fingerprint tables together keep at most this many slots of 8 bytes; the account written longest ago goes first. */
const slotsKept = 2 ** 25

const compiler = new SqliteQueryCompiler()

export const compileSqlite = (statement: Statement<unknown>): Compiled => compile(compiler, statement)

/** What a unit works with. */
export interface Workplace {
  connection: Connection
  /** Columns declared `uuid`: text to us, 16 bytes in the file. */
  idColumns: ReadonlySet<string>
  /** Lets other requests have a turn when this one has lasted long enough. */
  breathe: () => Promise<void> | undefined
}

/** A unit, the word that its work is done, and the word that makes it refuse any more. */
export type OpenUnit = Unit & { settle(): void; end(): void }

/** @param pda the account that is written, or undefined in a read */
export function openUnit(
  place: Workplace,
  tables: Map<number, FingerprintTable>,
  pda: number | undefined,
): OpenUnit {
  const { connection } = place
  // The account's `seq` before the unit's first `count`, and now.
  let [before, seq, ended]: [number | undefined, number, boolean] = [undefined, 0, false]
  const alive = () => {
    if (ended) throw new Error('a unit was used after its function had returned')
  }
  return {
    dialect: sqliteDialect,
    async all<Row>(statement: Statement<Row>) {
      alive()
      await place.breathe()
      const { sql, parameters } = compileSqlite(statement)
      return connection.all(sql, parameters) as Row[]
    },
    insertMany(table, columns) {
      alive()
      return insertMany(place, table, columns)
    },
    async count(count) {
      alive()
      seq = countSeq(connection, pda!, count)
      before ??= seq - count
      return seq
    },
    async taken(fingerprints) {
      alive()
      const table = await tableOf(place, tables, pda!, before!)
      return fingerprints.map((fingerprint) =>
        table.candidates(fingerprint).find((candidate) => holds(connection, candidate, fingerprint)),
      )
    },
    hold(fingerprints, places) {
      alive()
      const table = tables.get(pda!)
      for (const [index, fingerprint] of fingerprints.entries()) table?.add(fingerprint, places[index]!)
    },
    settle() {
      const table = tables.get(pda!)
      if (table && table.seq === before) table.seq = seq
    },
    end() {
      ended = true
    },
  }
}

function countSeq(connection: Connection, pda: number, count: number): number {
  const text = 'update pda set seq = seq + ? where pda_id = ? returning seq'
  const [row] = connection.all(text, [count, pda]) as { seq: number }[]
  return row!.seq
}

function holds(connection: Connection, place: number, fingerprint: string): boolean {
  const text = 'select 1 from record where place = ? and fingerprint = ?'
  return connection.all(text, [place, fingerprintBytes(fingerprint)]).length > 0
}

/** The account's table, read anew when somebody else wrote to the account since it was last used. */
async function tableOf(
  place: Workplace,
  tables: Map<number, FingerprintTable>,
  pda: number,
  seq: number,
): Promise<FingerprintTable> {
  const known = tables.get(pda)
  if (known?.seq === seq) return known
  tables.delete(pda)
  return load(place, tables, pda, seq)
}

async function load(place: Workplace, tables: Map<number, FingerprintTable>, pda: number, seq: number) {
  const table = createFingerprintTable(placeBase(pda), seq)
  let after = placeBase(pda)
  for (;;) {
    await place.breathe()
    const rows = place.connection.all(
      'select place, fingerprint from record where place > ? and place < ? and fingerprint is not null order by place limit ?',
      [after, placeEnd(pda), rowsLoaded],
    ) as { place: number; fingerprint: Uint8Array }[]
    for (const row of rows) table.add(Buffer.from(row.fingerprint).toString('latin1'), row.place)
    if (rows.length < rowsLoaded) break
    after = rows.at(-1)!.place
  }
  makeRoom(tables, table.slots)
  tables.set(pda, table)
  return table
}

function makeRoom(tables: Map<number, FingerprintTable>, wanted: number) {
  let slots = wanted
  for (const table of tables.values()) slots += table.slots
  for (const [pda, table] of tables) {
    if (slots <= slotsKept) return
    slots -= table.slots
    tables.delete(pda)
  }
}

async function insertMany<Table extends keyof Tables>(
  place: Workplace,
  table: Table,
  columns: Columns<Table>,
): Promise<number> {
  const names = Object.keys(columns)
  const values = names.map((name) => columns[name as keyof typeof columns] as Value | readonly Value[])
  const count = values.find(Array.isArray)?.length ?? 1
  let inserted = 0
  for (let from = 0; from < count; from += rowsAtOnce) {
    await place.breathe()
    const rows = Math.min(rowsAtOnce, count - from)
    const parameters: Value[] = []
    for (let row = from; row < from + rows; row++) {
      for (const value of values)
        parameters.push(Array.isArray(value) ? (value[row] as Value) : (value as Value))
    }
    inserted += place.connection.run(insertSql(place, table, names, rows), parameters)
  }
  return inserted
}

const inserts = new Map<string, string>()

function insertSql({ idColumns }: Workplace, table: string, names: string[], rows: number): string {
  const key = `${rows} ${table} ${names.join()}`
  let text = inserts.get(key)
  if (!text) {
    const row = `(${names.map((name) => (idColumns.has(name) ? "unhex(?, '-')" : '?')).join(', ')})`
    text = `insert into ${table} (${names.join(', ')}) values ${Array(rows).fill(row).join(', ')} on conflict do nothing`
    inserts.set(key, text)
  }
  return text
}
