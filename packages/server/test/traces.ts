import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import pg from 'pg'
import { keyAt } from '../src/domain/queries/ordering.ts'
import type { Place } from './engines.ts'

/** Nothing else anywhere holds these letters. */
export const marker = 'qZx7vKw2pJt9'

/** The marker, marked endpoints' name and record ids in every form they are kept in. */
function formsOf(ids: string[]): [form: string, bytes: Buffer][] {
  const middle = (key: Uint8Array) => Buffer.from(key).subarray(1, marker.length)
  const text = JSON.stringify(marker)
  return [
    ['text', Buffer.from(marker)],
    ['text in UTF-16', Buffer.from(marker, 'utf16le')],
    ['name', Buffer.from(marker.toLowerCase())],
    ['order key', middle(keyAt(text, [], false))],
    ['descending order key', middle(keyAt(text, [], true))],
    ...ids.map((id): [string, Buffer] => ['record id', Buffer.from(id.replaceAll('-', ''), 'hex')]),
  ]
}

/** Where anything of the marked records is left: in which file or table, and in which form. */
export async function tracesIn(place: Place, ids: string[]): Promise<string[]> {
  const forms = formsOf(ids)
  const found: string[] = []
  for (const file of readdirSync(place.dataDir, { recursive: true, encoding: 'utf8' })) {
    const bytes = readFileSync(join(place.dataDir, file))
    for (const [form, sought] of forms) if (bytes.includes(sought)) found.push(`${form} in ${file}`)
  }
  if (place.databaseUrl) found.push(...(await tracesInTables(place.databaseUrl, forms, ids)))
  return found
}

async function tracesInTables(url: string, forms: [string, Buffer][], ids: string[]): Promise<string[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows: tables } = await client.query(
    "select table_name as name from information_schema.tables where table_schema = 'public'",
  )
  const found: string[] = []
  for (const { name } of tables as { name: string }[]) {
    const { rows } = await client.query(`select t::text as row from ${name} t`)
    const dump = (rows as { row: string }[]).map(({ row }) => row).join('\n')
    for (const [form, sought] of forms)
      if (dump.includes(sought.toString('latin1')) || dump.includes(sought.toString('hex')))
        found.push(`${form} in the table ${name}`)
    for (const id of ids) if (dump.includes(id)) found.push(`record id in the table ${name}`)
  }
  await client.end()
  return found
}

/** Whether the tables that hold data were vacuumed. */
export async function vacuumed(url: string): Promise<boolean> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(
    "select min(vacuum_count) as least from pg_stat_user_tables where relname in ('record', 'record_history', 'order_key', 'link')",
  )
  await client.end()
  return Number((rows[0] as { least: string }).least) > 0
}
