import type { Socket } from 'node:net'
import { PostgresQueryCompiler, type RawBuilder, sql } from 'kysely'
import pg from 'pg'
import {
  type Columns,
  type Statement,
  type Unit,
  type Value,
  fingerprintBytes,
  type Dialect,
} from '../port.ts'
import { compile, type Compiled } from '../shared.ts'
import type { Tables } from '../tables.ts'

const compiler = new PostgresQueryCompiler()

export const compilePostgres = (statement: Statement<unknown>): Compiled => compile(compiler, statement)

/** Whole numbers come as numbers: none of ours is beyond 2^53. */
export function getTypeParser(oid: number, format?: 'text' | 'binary') {
  const { INT8, NUMERIC } = pg.types.builtins
  if (oid === INT8 || oid === NUMERIC) return Number
  return pg.types.getTypeParser(oid, format)
}

/** `table.column` -> its type, as `unnest` wants it named. */
export type ColumnTypes = Map<string, string>

const names = new Map<string, string>()

/** The server prepares a statement once for a connection, by this name. */
export function nameOf(text: string): string {
  let name = names.get(text)
  if (!name) {
    if (names.size > 2000) names.clear()
    name = `s${names.size}_${Date.now()}`
    names.set(text, name)
  }
  return name
}

/** Sends the statements of one turn with one call of the system: such a call costs more than a small statement (measured). */
export function gatherWrites(client: pg.PoolClient): void {
  const { stream } = (client as unknown as { connection: { stream: Socket } }).connection
  stream.cork()
  process.nextTick(() => stream.uncork())
}

/** Looked up one by one: compared with a list, a plan made while the account was small reads all of it each time. */
const placesHolding = `select asked.fingerprint, found.place from unnest($2::bytea[]) asked (fingerprint) cross join lateral
  (select place from record where pda_id = $1 and fingerprint = asked.fingerprint limit 1) found`
const seqTaken = 'update pda set seq = seq + $1 where pda_id = $2 returning seq'

/** A unit inside a transaction of `client`. */
export function openUnit(
  client: pg.PoolClient,
  types: ColumnTypes,
  pda: number,
): { unit: Unit; end(): void } {
  let ended = false
  async function run(text: string, values: unknown[]) {
    if (ended) throw new Error('a unit was used after its function had returned')
    gatherWrites(client)
    return client.query({ name: nameOf(text), text, values })
  }
  const unit: Unit = {
    dialect: postgresDialect,
    pda,
    async all<Row>(statement: Statement<Row>) {
      const { sql: text, parameters } = compilePostgres(statement)
      return (await run(text, parameters)).rows as Row[]
    },
    async insertMany(table, columns) {
      const { text, values } = insertStatement(types, table, columns)
      return (await run(text, values)).rowCount ?? 0
    },
    async insertMissing(table, columns) {
      const { text, values } = insertStatement(types, table, columns)
      // Said only where it is needed: it makes an insert take half as long again (measured).
      return (await run(`${text} on conflict do nothing`, values)).rowCount ?? 0
    },
    async lock() {
      await run(seqTaken, [0, pda])
    },
    allocateSeq: async (count) => (await run(seqTaken, [count, pda])).rows[0].seq,
    async findDuplicates(fingerprints) {
      const { rows } = await run(placesHolding, [pda, fingerprints.map(fingerprintBytes)])
      const places = new Map<string, number>()
      for (const { fingerprint, place } of rows) places.set(fingerprint.toString('latin1'), place)
      return fingerprints.map((fingerprint) => places.get(fingerprint))
    },
    rememberFingerprints: () => undefined,
  }
  return {
    unit,
    end() {
      ended = true
    },
  }
}

/** Stands in no JSON text, so that texts can be sent as one: their list would be written out with its quotes escaped. */
const separator = '\u0001'

const canBeJoined = (value: Value) => typeof value === 'string' && value !== '' && !value.includes(separator)

function insertStatement<Table extends keyof Tables>(
  types: ColumnTypes,
  table: Table,
  columns: Columns<Table>,
) {
  const values: unknown[] = []
  const selected = (Object.entries(columns) as [string, Value | Value[]][]).map(([name, value]) => {
    const type = types.get(`${table}.${name}`)
    const joined = type === 'text' && Array.isArray(value) && value.every(canBeJoined)
    const number = values.push(joined ? value.join(separator) : value)
    if (joined) return `unnest(string_to_array($${number}, '${separator}'))`
    return Array.isArray(value) ? `unnest($${number}::${type}[])` : `$${number}::${type}`
  })
  return {
    text: `insert into ${table} (${Object.keys(columns).join(', ')}) select ${selected.join(', ')}`,
    values,
  }
}

export async function readColumnTypes(pool: pg.Pool): Promise<ColumnTypes> {
  const { rows } = await pool.query(
    'select table_name, column_name, udt_name from information_schema.columns where table_schema = current_schema()',
  )
  return new Map(rows.map((row) => [`${row.table_name}.${row.column_name}`, row.udt_name]))
}

const arrays = { id: sql`uuid[]`, text: sql`text[]`, number: sql`bigint[]` }

const quoted = (word: string) => `'${word}'`

const idDigits = (column: string) => sql<string>`${sql.ref(column)}::text`

const at = (column: string, path: readonly string[]) => sql`(${sql.ref(column)}::jsonb #> ${path}::text[])`

function jsonKind(column: string, path: readonly string[]): RawBuilder<number> {
  const value = at(column, path)
  return sql`(case jsonb_typeof(${value}) when 'null' then 1 when 'string' then 2 when 'number' then 3
    when 'boolean' then case when ${value} = 'false'::jsonb then 4 else 5 end when 'array' then 6 when 'object' then 7 else 8 end)`
}

export const postgresDialect: Dialect = {
  id: (recordId) => sql`${recordId}::uuid`,
  idText: idDigits,
  idDigits,
  idOfDigits: (digits) => digits,
  among: (column, values, type) => sql`${sql.ref(column)} = any(${values}::${arrays[type]})`,
  isoTime: (column) =>
    sql`to_char(to_timestamp(${sql.ref(column)} / 1000.0) at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`,
  bytes: (column) => sql`octet_length(${sql.ref(column)})`,
  concat: (...texts) => sql`(${sql.join(texts, sql` || `)})`,
  alongKey: sql``,
  firstPosition: sql`1`,
  listed: (places) =>
    sql`(select place, position from unnest(${places}::bigint[]) with ordinality as listed (place, position))`,
  joined: (text, { begin, end }) =>
    sql`coalesce(${begin}::text || string_agg(${text}, ','), ${begin === ',' ? '' : begin}::text) || ${end}::text`,
  addWords: (pda, places, words) =>
    sql`insert into record_words (pda_id, place, words)
      select ${pda}::integer, place, array_to_tsvector(string_to_array(words, ' '))
      from unnest(${places}::bigint[], ${words.map((some) => some.join(' '))}::text[]) as added (place, words)`,
  removeWords: (pda, places) =>
    sql`delete from record_words where pda_id = ${pda} and place = any(${places}::bigint[])`,
  wordsFound: (pda, all, other) =>
    sql`select place from record_words where pda_id = ${pda}
      and words @@ ${`(${all.map(quoted).join(' & ')}) | ${quoted(other)}`}::tsquery`,
  jsonKind,
  jsonValue(column, path) {
    const kind = jsonKind(column, path)
    const text = sql`(${at(column, path)} #>> '{}')`
    // Under UTF-8, the order of bytes is the order of code points.
    return [
      sql`case when ${kind} = 2 then ${text} end collate "C"`,
      sql`case when ${kind} = 3 then ${text}::numeric end`,
    ]
  },
}
