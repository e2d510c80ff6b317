import { join } from 'node:path'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { connect } from '../packages/server/src/database/sqlite/connection.ts'
import { type Child, startChild } from './child.ts'
import { drive, requestBytes } from './load.ts'

const rowsOfStatement = 20
const rowsOfTransaction = 1000

/** hatstand's table of records on SQLite, alone. */
const tables = `
  create table record (place integer primary key, pda_id integer not null, endpoint_id integer not null, record_id uuid not null,
    fingerprint blob, created_at integer not null, updated_seq integer, updated_at integer, writer text not null, data text not null);
  create unique index record_id on record (pda_id, record_id);
  create index record_endpoint on record (pda_id, endpoint_id);`

/** What hatstand says to SQLite; but here the same thread moves the log into the file. */
const settings = `pragma page_size = 8192; pragma journal_mode = wal; pragma synchronous = full; pragma wal_autocheckpoint = 8000;
  pragma cache_size = -16384; pragma temp_store = memory; pragma secure_delete = on;`

type Row = (string | number | Uint8Array)[]

const columns = ['place', 'pda_id', 'endpoint_id', 'record_id', 'fingerprint', 'created_at', 'writer', 'data']
const insertOf = (rows: number) =>
  `insert into record (${columns.join(', ')}) values ${Array(rows)
    .fill(`(${columns.map(() => '?').join(', ')})`)
    .join(', ')}`

/** Rows as hatstand writes them, made beforehand: what is measured is SQLite. */
export function rawRows(first: number, texts: string[]): Row[] {
  const now = Date.now()
  return texts.map((text, index) => {
    const id = idAt(now * 8 + Math.floor(index / rowsOfTransaction))
    return [2 ** 32 + first + index, 1, 1, id, randomFingerprint(), now, 'owner', text]
  })
}

/** An id like hatstand's: time in front, chance behind. */
export function idAt(time: number): Buffer {
  const id = crypto.getRandomValues(Buffer.alloc(16))
  id.writeUIntBE(time, 0, 6)
  return id
}

export const randomFingerprint = () => crypto.getRandomValues(Buffer.alloc(16))

/** The bare database file: L1 and L2 of the bench. Both give seconds. */
export function openRaw(folder: string) {
  const database = new DatabaseSync(join(folder, 'raw.sqlite'))
  database.exec(settings + tables)
  const many = database.prepare(insertOf(rowsOfStatement))
  const one = database.prepare(insertOf(1))
  return {
    /** L1: a thousand rows to a transaction. */
    insertMany: (rows: Row[]) => timed(() => insertMany(database, many, rows)),
    /** L2: a commit for each row. */
    insertSingly: (rows: Row[]) =>
      timed(() => {
        for (const row of rows) one.run(...row)
      }),
    close: () => database.close(),
  }
}

function insertMany(database: DatabaseSync, statement: StatementSync, rows: Row[]): void {
  for (let from = 0; from < rows.length; from += rowsOfTransaction) {
    database.exec('begin immediate')
    for (let next = from; next < from + rowsOfTransaction; next += rowsOfStatement)
      statement.run(...rows.slice(next, next + rowsOfStatement).flat())
    database.exec('commit')
  }
}

/** @returns seconds */
export function timed(work: () => void): number {
  const began = performance.now()
  work()
  return (performance.now() - began) / 1000
}

export function startTiny(): Promise<Child> {
  return startChild([join(import.meta.dirname, 'tiny-server.ts')], {})
}

/** L3: the least a Fastify server can do, in seconds. */
export async function tinyRequests(tiny: Child, connections: number, count: number): Promise<number> {
  const bytes = requestBytes('GET', '/', { host: `localhost:${tiny.port}` })
  const { seconds } = await drive({ port: tiny.port, connections, count, request: () => bytes, status: 200 })
  return seconds
}

/** The cache each of hatstand's reading connections has. */
const readerCache = 8 * 2 ** 20

/** The answer to `GET take=1000`, newest first, built by SQLite, in the best form we know: hatstand's own. */
const body = `select cast('[' || group_concat(concat('{"endpoint":"bench/locations","recordId":"',
  lower(concat(substr(id, 1, 8), '-', substr(id, 9, 4), '-', substr(id, 13, 4), '-', substr(id, 17, 4), '-', substr(id, 21, 12))),
  '","data":', data, '}'), ',') || ']' as blob) as body
  from (select hex(record_id) as id, data from record not indexed
    where pda_id = 1 and endpoint_id = 1 and place <= ? and place > ? order by place desc)`

/** L4: bodies of the newest thousand records, built in this process from hatstand's own file. */
export function openBodies(file: string) {
  const connection = connect(file, readerCache)
  const [row] = connection.all('select max(place) as newest from record', []) as { newest: number }[]
  const places = [row!.newest, row!.newest - 1000]
  return {
    /** In seconds. */
    build: (count: number) =>
      timed(() => {
        for (let time = 0; time < count; time++) connection.all(body, places)
      }),
    close: () => connection.close(),
  }
}
