import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { engines } from '../../../test/engines.ts'
import { openDatabase } from '../open.ts'

test('PostgreSQL: a database that cannot hold every text is refused in a sentence', async () => {
  const place = await engines.find((engine) => engine.name === 'PostgreSQL')!.place()
  const name = `${new URL(place.databaseUrl!).pathname.slice(1)}_latin`
  const client = new pg.Client({ connectionString: place.databaseUrl! })
  await client.connect()
  await client.query(`create database ${name} encoding 'LATIN1' template template0`)
  await client.end()
  const databaseUrl = place.databaseUrl!.replace(/[^/]+$/, name)
  await assert.rejects(
    openDatabase({ ...place, databaseUrl }, true),
    /^Error: The PostgreSQL database has the encoding LATIN1 and must have UTF8/,
  )
})
