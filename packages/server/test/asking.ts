import { request as open } from 'node:http'
import { sql } from 'kysely'
import type { Database } from '../src/database/port.ts'

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
  const found = await database.read((unit) =>
    Promise.all(tables.map((table) => unit.all(sql`select * from ${sql.table(table)}`))),
  )
  return found
    .map((rows, index) => {
      if (tables[index] === 'access_token') for (const row of rows) delete (row as Row)['used_at']
      return [tables[index], ...rows.map((row) => textOf(row as Row)).toSorted()].join('\n')
    })
    .join('\n')
}

type Row = Record<string, unknown>

/** Not as JSON: bytes would take ten times as long, and the matrix of rights compares some thousand times. */
const textOf = (row: Row): string =>
  Object.values(row)
    .map((value) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : String(value)))
    .join('\0')
