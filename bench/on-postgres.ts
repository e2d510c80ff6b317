import pg from 'pg'
import { createDatabase, type Postgres, startPostgres } from '../packages/server/test/postgres.ts'
import { freshFolder } from './folders.ts'
import { startHatstand } from './hatstand.ts'
import { idAt, randomFingerprint } from './limits.ts'
import { locations } from './locations.ts'
import { beside, type Scene } from './measures.ts'
import { saveSingly, saveThousands } from './posting.ts'

const connections = 16
const warming = 500

/** hatstand's table of records on PostgreSQL, alone, and without the index on fingerprints. */
const tables = `
  create table record (place bigint not null, pda_id integer not null, endpoint_id integer not null, record_id uuid not null,
    fingerprint bytea, created_at bigint not null, updated_seq bigint, updated_at bigint, writer text not null, data text not null,
    primary key (pda_id, place));
  create unique index record_id on record (pda_id, record_id);
  create index record_endpoint on record (pda_id, endpoint_id, place)`
const columns = 'place, record_id, fingerprint, data, created_at, pda_id, endpoint_id, writer'
const many = {
  name: 'many',
  text: `insert into record (${columns}) select unnest($1::bigint[]), unnest($2::uuid[]), unnest($3::bytea[]), unnest($4::text[]),
    $5, 1, 1, 'owner'`,
}
const one = {
  name: 'one',
  text: `insert into record (${columns}) values ($1, $2, $3, $4, $5, 1, 1, 'owner')`,
}

let postgres: Postgres | undefined
let databases = 0

/** Row 12: the work of rows 1 and 5 on PostgreSQL, beside the same rows sent to it by its client alone. */
export const onPostgres: Scene = {
  rows: ['12'],
  async begin() {
    postgres = await startPostgres(freshFolder())
    const client = new pg.Client({ connectionString: `${postgres.base}/postgres` })
    await client.connect()
    const { rows } = await client.query<{ server_version: string }>('show server_version')
    await client.end()
    return `PostgreSQL ${rows[0]!.server_version}`
  },
  async run(sizes) {
    const raw = await openRaw()
    const databaseUrl = await freshDatabase()
    const server = await startHatstand({ folder: freshFolder(), databaseUrl })
    const texts = locations(0, sizes.postgres * 1000)
    const thousands = await beside(
      '12',
      sizes.postgres,
      async (from, to) => (await saveThousands(server, texts.slice(from * 1000, to * 1000))).seconds,
      (from, to) => raw.insertMany(texts.slice(from * 1000, to * 1000)),
    )
    const single = locations(texts.length, sizes.sixteen + warming)
    await saveSingly(server, single.slice(sizes.sixteen), connections)
    await raw.insertSingly(single.slice(sizes.sixteen))
    const singly = await beside(
      '12b',
      sizes.sixteen,
      async (from, to) => (await saveSingly(server, single.slice(from, to), connections)).seconds,
      (from, to) => raw.insertSingly(single.slice(from, to)),
    )
    await server.mustHold(texts.length + single.length)
    await server.stop()
    await raw.close()
    const perSecond = { figure: thousands.figure * 1000, limit: thousands.limit! * 1000 }
    return [{ row: '12', ...perSecond }, singly]
  },
  end: async () => postgres?.stop(),
}

const freshDatabase = () => createDatabase(postgres!.base, `bench_${++databases}`)

/** The client alone, with as many connections as the row has. Both give seconds. */
async function openRaw() {
  const pool = new pg.Pool({ connectionString: await freshDatabase(), max: connections })
  await pool.query(tables)
  let place = 2 ** 32
  const row = (text: string) => [++place, idAt(Date.now()).toString('hex'), randomFingerprint(), text]
  return {
    /** A thousand rows to a statement, on one connection. */
    async insertMany(texts: string[]): Promise<number> {
      const statements: unknown[][] = []
      for (let from = 0; from < texts.length; from += 1000) {
        const rows = texts.slice(from, from + 1000).map(row)
        statements.push([...[0, 1, 2, 3].map((column) => rows.map((values) => values[column])), Date.now()])
      }
      const began = performance.now()
      for (const values of statements) await pool.query({ ...many, values })
      return (performance.now() - began) / 1000
    },
    /** A commit for each row, on all connections. */
    async insertSingly(texts: string[]): Promise<number> {
      const statements = texts.map((text) => [...row(text), Date.now()])
      let next = 0
      const began = performance.now()
      await Promise.all(
        Array.from({ length: connections }, async () => {
          const client = await pool.connect()
          while (next < statements.length) await client.query({ ...one, values: statements[next++]! })
          client.release()
        }),
      )
      return (performance.now() - began) / 1000
    },
    close: () => pool.end(),
  }
}
