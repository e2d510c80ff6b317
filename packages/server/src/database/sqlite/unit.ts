import { SqliteQueryCompiler, type RawBuilder, sql } from 'kysely'
import type { Columns, Statement, Unit, Value, Dialect } from '../port.ts'
import { compile, type Compiled } from '../shared.ts'
import type { Tables } from '../tables.ts'
import type { Connection, UnitContext } from './connection.ts'
import { type FingerprintTable, openFingerprints } from './fingerprints.ts'

/** Rows of one INSERT statement: more cost more to prepare than they save. */
const rowsAtOnce = 20

const compiler = new SqliteQueryCompiler()

export const compileSqlite = (statement: Statement<unknown>): Compiled => compile(compiler, statement)

/** A unit, the word that its work is done, and the word that makes it refuse any more, done or not. */
type OpenUnit = Unit & { settle(): Promise<void> | undefined; end(): void }

/** @param pda the account that is written, or undefined in a read */
export function openUnit(place: UnitContext, tables: Map<number, FingerprintTable>, pda: number): OpenUnit {
  const { connection } = place
  // The account's `seq` before the unit's lock, and now.
  let [before, seq, ended]: [number | undefined, number, boolean] = [undefined, 0, false]
  // Asked after every pause: statements that are still to come when one beside them has failed must not run.
  const alive = () => {
    if (ended) throw new Error('a unit was used after its function had returned')
  }
  const held = openFingerprints(place, alive, tables, pda)
  async function allocateSeq(count: number) {
    alive()
    seq = countSeq(connection, pda, count)
    before ??= seq - count
    return seq
  }
  return {
    dialect: sqliteDialect,
    pda,
    async all<Row>(statement: Statement<Row>) {
      await place.yieldIfLong()
      alive()
      const { sql: text, parameters } = compileSqlite(statement)
      return connection.all(text, parameters) as Row[]
    },
    insertMany: (table, columns) => insertMany(place, alive, table, columns, ''),
    insertMissing: (table, columns) => insertMany(place, alive, table, columns, 'on conflict do nothing'),
    allocateSeq,
    async lock() {
      await allocateSeq(0)
    },
    findDuplicates: (fingerprints) => held.find(fingerprints, before),
    rememberFingerprints: held.remember,
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
  place: UnitContext,
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
    await place.yieldIfLong()
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
  { idColumns }: UnitContext,
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

/** Seen from JSON, `a.b` as SQLite's JSON functions want it; the path has plain words only. */
const jsonPath = (path: readonly string[]) => `$.${path.map((name) => `"${name}"`).join('.')}`

const quoted = (word: string) => `"${word}"`

const idDigits = (column: string) => sql<string>`hex(${sql.ref(column)})`

function idOfDigits(digits: RawBuilder<string>): RawBuilder<string> {
  const part = (from: number, length: number) => sql`substr(${digits}, ${sql.lit(from)}, ${sql.lit(length)})`
  const dash = sql`'-'`
  const parts = [part(1, 8), dash, part(9, 4), dash, part(13, 4), dash, part(17, 4), dash, part(21, 12)]
  return sql`lower(concat(${sql.join(parts)}))`
}

function jsonKind(column: string, path: readonly string[]): RawBuilder<number> {
  const type = sql`json_type(${sql.ref(column)}, ${sql.lit(jsonPath(path))})`
  return sql`(case ${type} when 'null' then 1 when 'text' then 2 when 'integer' then 3 when 'real' then 3
    when 'false' then 4 when 'true' then 5 when 'array' then 6 when 'object' then 7 else 8 end)`
}

export const sqliteDialect: Dialect = {
  id: (recordId) => sql`unhex(${recordId}, '-')`,
  idText: (column) => idOfDigits(idDigits(column)),
  idDigits,
  idOfDigits,
  among(column, values, type) {
    const listed = type === 'id' ? sql`unhex(value, '-')` : sql`value`
    return sql`${sql.ref(column)} in (select ${listed} from json_each(${JSON.stringify(values)}))`
  },
  isoTime: (column) => sql`strftime('%Y-%m-%dT%H:%M:%fZ', ${sql.ref(column)} / 1000.0, 'unixepoch')`,
  bytes: (column) => sql`octet_length(${sql.ref(column)})`,
  // One call instead of an operator for each text: a fifth of the time of a page.
  concat: (...texts) => sql`concat(${sql.join(texts)})`,
  alongKey: sql`not indexed`,
  firstPosition: sql`0`,
  listed: (places) => sql`(select value as place, key as position from json_each(${JSON.stringify(places)}))`,
  joined: (text, { begin, end }) =>
    sql`cast(coalesce(${begin} || group_concat(${text}, ','), ${begin === ',' ? '' : begin}) || ${end} as blob)`,
  addWords: (_, places, words) =>
    sql`insert into record_words (rowid, words) select value ->> 0, value ->> 1 from json_each(${JSON.stringify(
      places.map((place, index) => [place, words[index]!.join(' ')]),
    )})`,
  removeWords: (_, places) =>
    sql`delete from record_words where rowid in (select value from json_each(${JSON.stringify(places)}))`,
  wordsFound: (_, all, other) =>
    sql`select rowid as place from record_words where record_words match ${`(${all.map(quoted).join(' AND ')}) OR ${quoted(other)}`}`,
  jsonKind,
  jsonValue: (column, path) => [sql`${sql.ref(column)} ->> ${sql.lit(jsonPath(path))}`],
}
