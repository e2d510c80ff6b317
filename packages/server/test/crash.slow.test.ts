import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from '@hatstand/sdk'
import pg from 'pg'
import { checkLedger } from '../src/cli/ledger.ts'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { at, password, serving } from './command-line.ts'
import { foundIn, holdsExactly, invariantsHold, readContents } from './crash-invariants.ts'
import { emptyLedger, type Ledger, settle } from './crash-ledger.ts'
import { keepSending, type Load, send, type Target } from './crash-load.ts'
import { engines, type Place } from './engines.ts'

/** How often each engine's server is killed. */
const crashes = Number(process.env['HATSTAND_TEST_CRASHES'] ?? 8)
/** A fresh database after this many crashes, so that checking every row stays quick. */
const crashesOfOne = 10
const connections = 8
/** How long the load runs before a crash, in milliseconds, at most. */
const longestLoad = 800

const variants = [
  { name: 'SQLite', engine: engines[0]!, processes: 1 },
  { name: 'PostgreSQL', engine: engines[1]!, processes: 1 },
  { name: 'two servers on one PostgreSQL', engine: engines[1]!, processes: 2 },
]

for (const { name, engine, processes } of variants)
  test(`killing the server ${crashes} times loses no acknowledged write and leaves no half of one, on ${name}`, async (t) => {
    const restarts: number[] = []
    let answered = 0
    for (let done = 0; done < crashes; done += crashesOfOne) {
      const scene = await startScene(await engine.place(), processes, done % (2 * crashesOfOne) !== 0)
      for (let round = done; round < Math.min(done + crashesOfOne, crashes); round++)
        answered += await crashOnce(scene, restarts)
      await endScene(scene)
    }
    report(t, restarts, answered)
  })

function report(t: TestContext, restarts: number[], answered: number): void {
  const sorted = restarts.toSorted((one, other) => one - other)
  const median = sorted[sorted.length >> 1]!
  t.diagnostic(
    `${restarts.length} crashes, ${answered} requests acknowledged; from start to first answer: ` +
      `median ${median.toFixed(0)} ms, longest ${sorted.at(-1)!.toFixed(0)} ms`,
  )
}

type Server = Target & { child: ReturnType<ReturnType<typeof at>['start']>; ended: Promise<unknown> }

interface Scene {
  place: Place
  servers: Server[]
  database: Database
  ledger: Ledger
  erases: boolean
  start: () => Promise<{ server: Server; milliseconds: number }>
}

/** Servers on an empty home whose very first start was killed, too. */
async function startScene(place: Place, processes: number, erases: boolean): Promise<Scene> {
  const settings = {
    HATSTAND_OWNER: 'phil',
    HATSTAND_OWNER_PASSWORD: password,
    HATSTAND_DOMAIN: 'crash.example.org',
    HATSTAND_LOG_LEVEL: 'error',
    ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
  }
  const { start } = at(place.dataDir, settings)
  const first = start('serve')
  await pause(Math.random() * 700)
  first.kill('SIGKILL')
  await once(first, 'exit')
  let token = ''
  const startServer = async () => {
    const began = performance.now()
    const child = start('serve')
    const ended = once(child, 'exit')
    const { url } = await serving(child)
    child.stdout.resume()
    child.stderr.pipe(process.stderr)
    await (await fetch(`${url}/healthz`)).text()
    const milliseconds = performance.now() - began
    token ||= await signIn(url)
    return { server: { url, token, child, ended }, milliseconds }
  }
  const servers: Server[] = []
  for (let number = 0; number < processes; number++) servers.push((await startServer()).server)
  const database = await openDatabase(place, false)
  return { place, servers, database, ledger: emptyLedger(), erases, start: startServer }
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/users/access_token`, { headers: { username: 'phil', password } })
  return ((await answer.json()) as { accessToken: string }).accessToken
}

async function endScene({ servers, database }: Scene): Promise<void> {
  for (const { child, ended } of servers) {
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  }
  await database.close()
}

/** Load, crash, restart, and a look at everything. */
async function crashOnce(scene: Scene, restarts: number[]): Promise<number> {
  const { ledger, servers, database, erases } = scene
  const load: Load = { ledger, pending: new Set(), cut: new Set(), sent: [], answered: 0, erases }
  let goesOn = true
  const victim = Math.floor(Math.random() * servers.length)
  const work = Array.from({ length: connections }, (_, index) =>
    keepSending(load, servers[index % servers.length]!, () => goesOn),
  )
  await pause(Math.random() * longestLoad)
  servers[victim]!.child.kill('SIGKILL')
  await servers[victim]!.ended
  // The others go on for a while without it.
  if (servers.length > 1) await pause(Math.random() * 100)
  goesOn = false
  await Promise.all(work)
  if (scene.place.databaseUrl) await quiet(scene.place.databaseUrl)
  const { server, milliseconds } = await scene.start()
  servers[victim] = server
  restarts.push(milliseconds)
  await check(database, load)
  await answersAsStored(server, load)
  return load.answered
}

/** PostgreSQL may still be at work for the server that died. */
async function quiet(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  for (let calm = 0; calm < 2;) {
    const { rowCount } = await client.query(
      "select from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state <> 'idle'",
    )
    calm = rowCount === 0 ? calm + 1 : 0
    await pause(5)
  }
  await client.end()
}

async function check(database: Database, { ledger, pending, cut }: Load): Promise<void> {
  const contents = await readContents(database)
  const found = foundIn(contents)
  for (const operation of cut)
    assert.ok(settle(ledger, operation, found), `an acknowledged ${operation.kind} is lost`)
  for (const operation of pending) settle(ledger, operation, found)
  holdsExactly(contents, ledger)
  invariantsHold(contents, ledger.erased)
  assert.equal((await checkLedger(database, 1)).fault, undefined)
}

/** The server gives what is stored, byte for byte, and knows what it was sent already. */
async function answersAsStored(server: Target, { ledger, sent }: Load): Promise<void> {
  const owner = connect(server.url, server.token)
  const fresh = sent.slice(-20)
  for (const { operation, path, body } of fresh) {
    const kept = operation.kind === 'save' ? operation.drafts : []
    const current = [...ledger.records].filter(([, record]) =>
      kept.some((draft) => draft.text === record.text),
    )
    for (const [id, { text, endpoint }] of current.slice(0, 3)) {
      const record = await owner.records.get(id)
      assert.deepEqual([record.text, record.endpoint], [text, endpoint])
    }
    if (current.length === 0) continue
    const answer = await send(server, 'POST', path, body)
    assert.equal(answer.status, 400, 'what was acknowledged is a duplicate when it is sent again')
    assert.equal(((await answer.json()) as { code: string }).code, 'duplicate_data')
  }
}
