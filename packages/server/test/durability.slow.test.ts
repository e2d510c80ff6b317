import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import pg from 'pg'
import { at, ends, password, serving } from './command-line.ts'
import { engines, freshFolder, type Place, routeEngines } from './engines.ts'
import { startServer } from './harness.ts'

const writes = 100

for (const engine of routeEngines)
  test(`the connection that writes waits until what it wrote is on disk, on ${engine.name}`, async (t) => {
    const { context, owner } = await startServer(t, engine)
    await owner.records.create('durable/one', 1)
    const expected =
      engine.name === 'SQLite'
        ? { journal_mode: 'wal', synchronous: '2' }
        : { fsync: 'on', synchronous_commit: 'on' }
    assert.deepEqual(await context.database.durability(), expected)
  })

const canTrace = spawnSync('strace', ['-V']).status === 0

test(
  `each of ${writes} lone writes is synced before it is acknowledged, on SQLite`,
  { skip: !canTrace && 'strace, which counts the syncs, is not installed' },
  async (t) => {
    const { child, write } = await startAlone(await engines[0]!.place())
    await write(0)
    const log = join(freshFolder(), 'syncs')
    const options = ['-f', '-qq', '-e', 'trace=fsync,fdatasync', '-o', log]
    const trace = spawn('strace', [...options, '-p', String(child.pid)], { stdio: 'ignore' })
    const traced = once(trace, 'exit')
    await attached(child.pid!)
    for (let number = 1; number <= writes; number++) await write(number)
    trace.kill('SIGINT')
    await traced
    const syncs = readFileSync(log, 'utf8').match(/\b(fsync|fdatasync)\(/g)?.length ?? 0
    t.diagnostic(`${writes} lone writes made ${syncs} syncs`)
    assert.ok(syncs >= writes, `${syncs} syncs`)
    assert.equal(await ends(child, 'SIGTERM'), 0)
  },
)

test(`each of ${writes} lone writes is synced before it is acknowledged, on PostgreSQL`, async (t) => {
  const place = await engines[1]!.place()
  const { child, write } = await startAlone(place)
  const before = await syncsOf(place.databaseUrl!)
  for (let number = 1; number <= writes; number++) await write(number)
  // PostgreSQL's processes tell their figures when they end, at the latest.
  assert.equal(await ends(child, 'SIGTERM'), 0)
  let syncs = 0
  for (let wait = 0; syncs < writes && wait < 50; wait++) {
    syncs = (await syncsOf(place.databaseUrl!)) - before
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  t.diagnostic(`${writes} lone writes made ${syncs} syncs of the log`)
  assert.ok(syncs >= writes, `${syncs} syncs`)
})

/** A server in a process of its own, and one lone write to it. */
async function startAlone({ dataDir, databaseUrl }: Place) {
  const settings = {
    HATSTAND_OWNER: 'phil',
    HATSTAND_OWNER_PASSWORD: password,
    ...(databaseUrl && { DATABASE_URL: databaseUrl }),
  }
  const child = at(dataDir, settings).start('serve')
  const { url } = await serving(child)
  const signedIn = await fetch(`${url}/users/access_token`, { headers: { username: 'phil', password } })
  const { accessToken } = (await signedIn.json()) as { accessToken: string }
  const headers = { 'x-auth-token': accessToken, 'content-type': 'application/json' }
  return {
    child,
    async write(number: number) {
      const body = `{"number":${number}}`
      const answer = await fetch(`${url}/api/v2.6/data/durable/one`, { method: 'POST', headers, body })
      assert.equal(answer.status, 201, await answer.text())
    },
  }
}

/** Resolves when every thread of a process is traced. */
async function attached(pid: number): Promise<void> {
  for (let wait = 0; wait < 100; wait++) {
    if (/^TracerPid:\s*[1-9]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error('strace could not attach to the server')
}

async function syncsOf(url: string): Promise<number> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const { rows } = await client.query(
    "select sum(fsyncs)::integer as syncs from pg_stat_io where object = 'wal'",
  )
  await client.end()
  return (rows[0] as { syncs: number }).syncs
}
