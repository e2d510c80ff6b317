import { SqliteQueryCompiler } from 'kysely'
import type { FingerprintTable } from '../fingerprints.ts'
import { type Columns, type Statement, type Unit, type Value } from '../port.ts'
import { compile, type Compiled } from '../shared.ts'
import { sqliteDialect } from '../sqlite-dialect.ts'
import type { Tables } from '../tables.ts'
import type { Connection, Workplace } from './connection.ts'
import { openFingerprints } from './fingerprints.ts'

/** Rows of one INSERT statement: more cost more to prepare than they save. */
const rowsAtOnce = 20

const compiler = new SqliteQueryCompiler()

export const compileSqlite = (statement: Statement<unknown>): Compiled => compile(compiler, statement)

/** A unit, the word that its work is done, and the word that makes it refuse any more, done or not. */
export type OpenUnit = Unit & { settle(): Promise<void> | undefined; end(): void }

/** @param pda the account that is written, or undefined in a read */
export function openUnit(
  place: Workplace,
  tables: Map<number, FingerprintTable>,
  pda: number | undefined,
): OpenUnit {
  const { connection } = place
  // The account's `seq` before the unit's first `count`, and now.
  let [before, seq, ended]: [number | undefined, number, boolean] = [undefined, 0, false]
  // Asked after every pause: statements that are still to come when one beside them has failed must not run.
  const alive = () => {
    if (ended) throw new Error('a unit was used after its function had returned')
  }
  const held = openFingerprints(place, alive, tables, pda!)
  return {
    dialect: sqliteDialect,
    async all<Row>(statement: Statement<Row>) {
      await place.breathe()
      alive()
      const { sql: text, parameters } = compileSqlite(statement)
      return connection.all(text, parameters) as Row[]
    },
    insertMany: (table, columns) => insertMany(place, alive, table, columns, ''),
    insertMissing: (table, columns) => insertMany(place, alive, table, columns, 'on conflict do nothing'),
    async count(count) {
      alive()
      seq = countSeq(connection, pda!, count)
      before ??= seq - count
      return seq
    },
    taken: (fingerprints) => held.taken(fingerprints, before),
    hold: held.hold,
    settle: () => held.settle(before, seq),
    end() {
      ended = true
      held.end()
    },
  }
}

function countSeq(connection: Connection, pda: number, count: number): number {
  const text = 'update pda set seq = seq + ? where pda_id = ? returning seq'
  const [row] = connection.all(text, [count, pda]) as { seq: number }[]
  return row!.seq
}

async function insertMany<Table extends keyof Tables>(
  place: Workplace,
  alive: () => void,
  table: Table,
  columns: Columns<Table>,
  onConflict: string,
): Promise<number> {
  const names = Object.keys(columns)
  const values = names.map((name) => columns[name as keyof typeof columns] as Value | readonly Value[])
  const count = values.find(Array.isArray)?.length ?? 1
  let inserted = 0
  for (let from = 0; from < count; from += rowsAtOnce) {
    await place.breathe()
    alive()
    const rows = Math.min(rowsAtOnce, count - from)
    const parameters: Value[] = []
    for (let row = from; row < from + rows; row++) {
      for (const value of values)
        parameters.push(Array.isArray(value) ? (value[row] as Value) : (value as Value))
    }
    inserted += place.connection.run(insertSql(place, table, names, rows, onConflict), parameters)
  }
  return inserted
}

const inserts = new Map<string, string>()

function insertSql(
  { idColumns }: Workplace,
  table: string,
  names: string[],
  rows: number,
  onConflict: string,
): string {
  const key = `${rows} ${table} ${names.join()} ${onConflict}`
  let text = inserts.get(key)
  if (!text) {
    const row = `(${names.map((name) => (idColumns.has(name) ? "unhex(?, '-')" : '?')).join(', ')})`
    text = `insert into ${table} (${names.join(', ')}) values ${Array(rows).fill(row).join(', ')} ${onConflict}`
    inserts.set(key, text)
  }
  return text
}
