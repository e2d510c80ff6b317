import { request as open } from 'node:http'
import { type RawBuilder, sql } from 'kysely'
import type { Database, Snapshot } from '../src/database/port.ts'
import { sqliteDialect } from '../src/database/sqlite/unit.ts'

/** A request as it goes over the wire. */
export interface Request {
  method: string
  path: string
  headers?: Record<string, string>
  body?: string
}

export interface Reply {
  status: number
  headers: Record<string, string | string[] | undefined>
  text: string
}

/** Sends one request over a connection of its own, with exactly these headers, `host` included. */
export function ask(url: string, { method, path, headers = {}, body }: Request): Promise<Reply> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }
    const sent = open(
      { host: hostname, port, method, path, headers: { ...length, ...headers }, agent: false },
      (answer) => {
        let text = ''
        answer.setEncoding('utf8')
        answer.on('data', (part: string) => (text += part))
        answer.on('error', reject)
        answer.on('end', () => resolve({ status: answer.statusCode!, headers: answer.headers, text }))
      },
    )
    sent.on('error', reject)
    sent.end(body)
  })
}

/** All but those of the ledger, which every refusal adds to. */
const tables = [
  'domain',
  'pda',
  'owner',
  'signing_key',
  'account_user',
  'access_token',
  'application',
  'granted_role',
  'password_reset',
  'totp',
  'passkey',
  'recovery_code',
  'endpoint',
  'endpoint_block',
  'record',
  'record_history',
  'link',
  'order_path',
  'order_key',
  'combinator',
  'bundle',
  'data_debit',
  'data_debit_permission',
  'data_debit_read',
  'consent_receipt',
  'notice',
  'notice_host',
  'notice_key',
]

/** Every row of every table as text, to be compared. When a token was last used is left out: that changes with every request. */
export async function everyRow(database: Database): Promise<string> {
  const found = await database.read(async (unit) =>
    unit.all<{ row: string }>(unit.dialect === sqliteDialect ? await rowsOnSqlite(unit) : rowsOnPostgres),
  )
  return found
    .map(({ row }) => row)
    .toSorted()
    .join('\n')
}

type Statement = RawBuilder<{ row: string }>

const together = (parts: readonly Statement[]): Statement =>
  sql<{ row: string }>`${sql.join(parts, sql` union all `)}`

const rowsOnPostgres = together(
  tables.map(
    (table) =>
      sql<{
        row: string
      }>`select ${sql.lit(table)} || (to_jsonb(one) - 'used_at')::text as row from ${sql.table(table)} one`,
  ),
)

let onSqlite: Statement | undefined

/** Each row is put together by SQLite: as objects they take several times as long, and the matrix of rights compares some thousand times. */
async function rowsOnSqlite(unit: Snapshot): Promise<Statement> {
  if (onSqlite) return onSqlite
  const parts = tables.map(async (table) => {
    const columns = await unit.all<{ name: string }>(sql`select name from pragma_table_info(${table})`)
    const quoted = columns
      .filter(({ name }) => name !== 'used_at')
      .map(({ name }) => sql`quote(${sql.ref(name)})`)
    return sql<{
      row: string
    }>`select ${sql.lit(table)} || ${sql.join(quoted, sql` || ',' || `)} as row from ${sql.table(table)}`
  })
  return (onSqlite = together(await Promise.all(parts)))
}
