import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connect, type Pda } from '@hatstand/sdk'
import { sql } from 'kysely'
import { openDatabase } from '../src/database/open.ts'
import { at, ends, password, serving } from './command-line.ts'
import { engines, type Place, routeEngines } from './engines.ts'

/** How long after it happened a thing must be sealed, with time for a machine that is busy. */
const patience = 60_000

function commandsOn(place: Place) {
  return at(place.dataDir, {
    HATSTAND_OWNER: 'phil',
    HATSTAND_OWNER_PASSWORD: password,
    HATSTAND_DOMAIN: 'ledger.example.org',
    ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
  })
}

async function startServer(t: TestContext, place: Place) {
  const child = commandsOn(place).start('serve')
  const { url } = await serving(child)
  let running = true
  const stop = async () => {
    if (running) assert.equal(await ends(child, 'SIGTERM'), 0)
    running = false
  }
  t.after(stop)
  const owner = connect(url)
  await owner.accessTokens.login('phil', password)
  return { owner, stop }
}

/** Waits until everything is sealed; gives the newest entry's seal. */
async function sealed(owner: Pda): Promise<void> {
  const until = Date.now() + patience
  while ((await owner.ledger.list({ take: 1 }))[0]!.seal === undefined) {
    assert.ok(Date.now() < until, 'it is sealed soon')
    await pause(50)
  }
}

async function byHand(place: Place, text: string): Promise<void> {
  const database = await openDatabase(place, false)
  await database.of(1).write((unit) => unit.all(sql.raw(text)))
  await database.close()
}

for (const engine of routeEngines)
  test(`a running server seals what happens, and the command line verifies it and says what was changed, on ${engine.name}`, async (t) => {
    const place = await engine.place()
    const { run } = commandsOn(place)
    const { owner, stop } = await startServer(t, place)
    for (let number = 0; number < 3; number++) {
      await owner.records.create('notes/one', number)
      await sealed(owner)
    }
    const head = await run('ledger', 'head')
    assert.deepEqual([head.complaint, head.code], ['', 0])
    assert.deepEqual(JSON.parse(head.said), await owner.ledger.head())
    const file = join(place.dataDir, 'head.json')
    writeFileSync(file, `${head.said}\n`)
    await owner.records.create('notes/one', 'after the head was kept')
    await stop()
    const right = await run('ledger', 'verify', '--head', file)
    assert.deepEqual([right.complaint, right.code], ['', 0])
    assert.match(
      right.said,
      /^The ledger of ledger\.example\.org is as it was sealed: \d+ entries under \d+ seals/,
    )

    const { seal } = JSON.parse(head.said) as { seal: number }
    await byHand(place, `update ledger_entry set records = 7 where seal = ${seal} and action = 'create'`)
    const altered = await run('ledger', 'verify')
    assert.equal(altered.code, 1)
    assert.match(altered.complaint, new RegExp(`the entry [0-9a-f-]{36} of seal ${seal} was altered\\.$`))
    await byHand(place, `update ledger_entry set records = 1 where seal = ${seal} and action = 'create'`)
    assert.equal((await run('ledger', 'verify')).code, 0)

    await byHand(place, `delete from ledger_entry where seal >= ${seal}`)
    await byHand(place, `delete from ledger_seal where seal >= ${seal}`)
    assert.equal((await run('ledger', 'verify')).code, 0, 'without a kept head, nobody sees what is cut off')
    const cut = await run('ledger', 'verify', '--head', file)
    assert.equal(cut.code, 1)
    assert.match(cut.complaint, new RegExp(`the seal ${seal} of the kept head is not there any more`))
  })

test('what is no head, and no file, is said in a sentence', async () => {
  const place = await engines[0]!.place()
  const { run } = commandsOn(place)
  const file = join(place.dataDir, 'head.json')
  writeFileSync(file, '{}')
  const none = await run('ledger', 'verify', '--head', file)
  assert.deepEqual(
    [none.complaint, none.code],
    [`The file ${file} holds no head: save what "hatstand ledger head" prints.`, 1],
  )
  const missing = await run('ledger', 'verify', '--head', `${file}.json`)
  assert.equal(missing.complaint, `The file ${file}.json cannot be read (ENOENT).`)
})
