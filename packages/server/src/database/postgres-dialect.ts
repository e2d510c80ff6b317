import { type RawBuilder, sql } from 'kysely'
import type { Dialect } from './port.ts'

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
