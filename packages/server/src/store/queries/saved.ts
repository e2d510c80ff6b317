import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { appendEntry } from '../ledger/entries.ts'

/** What is saved by name: a combinator or a bundle, as the JSON it was registered as. */
export type Kind = 'combinator' | 'bundle'

/** Saves one, in place of what had its name. */
export async function saveQuery(
  database: AccountDatabase,
  kind: Kind,
  { name, text }: { name: string; text: string },
  entry: LedgerEntry | undefined,
): Promise<void> {
  await database.write(async (unit) => {
    await unit.all(sql`insert into ${sql.table(kind)} (pda_id, name, text) values (${unit.pda}, ${name}, ${text})
      on conflict (pda_id, name) do update set text = excluded.text`)
    await appendEntry(unit, entry)
  })
}

export async function findQuery(unit: Unit, kind: Kind, name: string): Promise<string | undefined> {
  const [row] = await unit.all<{ text: string }>(
    sql`select text from ${sql.table(kind)} where pda_id = ${unit.pda} and name = ${name}`,
  )
  return row?.text
}

/** @returns whether it was there */
export async function deleteQuery(
  database: AccountDatabase,
  kind: Kind,
  name: string,
  entry: LedgerEntry | undefined,
): Promise<boolean> {
  return database.write(async (unit) => {
    const gone = await unit.all(
      sql`delete from ${sql.table(kind)} where pda_id = ${unit.pda} and name = ${name} returning 1 as one`,
    )
    if (gone.length > 0) await appendEntry(unit, entry)
    return gone.length > 0
  })
}

/** All of a kind by name, one at a time: each may be large. */
export async function* listQueries(
  database: AccountDatabase,
  kind: Kind,
): AsyncGenerator<{ name: string; text: string }> {
  const rows = await database.one<{ name: string }>(
    sql`select name from ${sql.table(kind)} where pda_id = ${database.pda}`,
  )
  for (const name of rows.map((row) => row.name).toSorted()) {
    const text = await database.read((unit) => findQuery(unit, kind, name))
    if (text !== undefined) yield { name, text }
  }
}
