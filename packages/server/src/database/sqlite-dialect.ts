import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from './port.ts'

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
