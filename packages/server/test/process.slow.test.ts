import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { type IncomingMessage, request as open } from 'node:http'
import { connect as connectSocket } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'
import { connect } from '@hatstand/sdk'
import { openDatabase } from '../src/database/open.ts'
import { at, ends, password, serving } from './command-line.ts'
import { freshFolder, type Place, routeEngines } from './engines.ts'

const owned = { HATSTAND_OWNER: 'phil', HATSTAND_OWNER_PASSWORD: password }

function settingsOf({ databaseUrl }: Place): Record<string, string> {
  return { ...owned, ...(databaseUrl && { DATABASE_URL: databaseUrl }) }
}

async function signIn(url: string): Promise<string> {
  const answer = await fetch(`${url}/users/access_token`, { headers: { username: 'phil', password } })
  return ((await answer.json()) as { accessToken: string }).accessToken
}

for (const engine of routeEngines)
  test(`SIGTERM lets a request that is being received finish, refuses new ones, and ends with 0, on ${engine.name}`, async () => {
    const place = await engine.bare()
    const child = at(place.dataDir, settingsOf(place)).start('serve')
    const { url } = await serving(child)
    const token = await signIn(url)
    const slow = await beginSlowly(url, token)
    slow.write('[{"sent":"slowly"},')
    const ended = ends(child, 'SIGTERM')
    // No new connection is accepted.
    while (await isOpen(url)) await pause(50)
    slow.end('{"sent":"to the end"}]')
    const [answer] = (await once(slow, 'response')) as [IncomingMessage]
    assert.equal(answer.statusCode, 201)
    assert.equal((JSON.parse(await text(answer)) as unknown[]).length, 2)
    const answered = performance.now()
    assert.equal(await ended, 0)
    assert.ok(performance.now() - answered < 60_000, 'a connection that may be used again is not waited for')
    const again = at(place.dataDir, settingsOf(place)).start('serve')
    const restarted = await serving(again)
    const owner = connect(restarted.url, await signIn(restarted.url))
    assert.equal((await owner.records.list('process/slow')).length, 2)
    assert.equal(await ends(again, 'SIGTERM'), 0)
  })

/** A request whose body is still to come: the server has begun with it. */
async function beginSlowly(url: string, token: string) {
  const request = open(`${url}/api/v2.6/data/process/slow`, {
    method: 'POST',
    headers: { 'x-auth-token': token, 'content-type': 'application/json', expect: '100-continue' },
  })
  request.flushHeaders()
  await once(request, 'continue')
  return request
}

function isOpen(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket(Number(new URL(url).port), '127.0.0.1')
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
    socket.on('connect', () => socket.destroy())
  })
}

test('a server that ended in good order leaves everything in its one file: no log beside it', async () => {
  const folder = freshFolder()
  const child = at(folder, owned).start('serve')
  const { url } = await serving(child)
  const owner = connect(url, await signIn(url))
  await owner.records.createMany(
    'process/many',
    Array.from({ length: 5000 }, (_, number) => ({ number })),
  )
  assert.ok(statSync(join(folder, 'hatstand.sqlite-wal')).size > 0)
  assert.equal(await ends(child, 'SIGTERM'), 0)
  const left = readdirSync(folder).filter((file) => statSync(join(folder, file)).size > 0)
  assert.deepEqual(left, ['hatstand.sqlite'])
  const database = await openDatabase({ dataDir: folder, databaseUrl: undefined }, false)
  await database.close()
})

test('a second signal while a request hangs ends the server at once', async () => {
  const child = at(freshFolder(), owned).start('serve')
  const { url } = await serving(child)
  const slow = await beginSlowly(url, await signIn(url))
  slow.on('error', () => undefined)
  slow.write('[1,')
  child.kill('SIGTERM')
  while (await isOpen(url)) await pause(50)
  // What comes at once is the same signal again, as npm's: only a later one is the second.
  await pause(500 * 2)
  assert.equal(await ends(child, 'SIGTERM'), 1)
})

test(
  'whatever the umask, the data folder and all its files are closed to other users',
  { skip: process.platform === 'win32' && 'Windows has no such modes' },
  async () => {
    const folder = join(freshFolder(), 'data')
    const cli = join(import.meta.dirname, '../src/cli/cli.ts')
    const env = { PATH: process.env['PATH'], PORT: '0', HATSTAND_DATA_DIR: folder, ...owned }
    // The shell's own process becomes the server's.
    const script = 'umask 000; exec "$0" "$1" serve'
    const child = spawn('/bin/sh', ['-c', script, process.execPath, cli], { env, stdio: 'pipe' })
    const { url } = await serving(child)
    const owner = connect(url, await signIn(url))
    const body = Array.from({ length: 20_000 }, (_, number) => ({ number, text: 'x'.repeat(100) }))
    const modes = new Map<string, number>()
    const watch = setInterval(() => noteModes(folder, modes), 1)
    await owner.records.createMany('process/modes', body)
    clearInterval(watch)
    noteModes(folder, modes)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    assert.ok(modes.size >= 4, [...modes.keys()].join())
    for (const [file, mode] of modes) assert.equal(mode, 0o600, file)
    assert.equal(await ends(child, 'SIGTERM'), 0)
  },
)

function noteModes(folder: string, modes: Map<string, number>): void {
  for (const file of readdirSync(folder)) {
    const stat = statSync(join(folder, file), { throwIfNoEntry: false })
    if (stat) modes.set(file, stat.mode & 0o777)
  }
}

for (const engine of routeEngines)
  test(`every command does its work beside the running server, and says by its exit code how it went, on ${engine.name}`, async () => {
    const place = await engine.bare()
    const { start, run } = at(place.dataDir, { ...settingsOf(place), HATSTAND_DOMAIN: 'one.example.org' })
    const child = start('serve')
    const { url } = await serving(child)
    const owner = connect(url, await signIn(url))
    const { recordId } = await owner.records.create('tracker/steps', { steps: 1 })
    const expected: [code: number, said: RegExp, ...words: string[]][] = [
      [0, /one\.example\.org/, 'account', 'list'],
      [0, /^Registered|^Added/, 'application', 'add', 'tracker', '--write', 'tracker'],
      [0, /tracker 1\.0\.0 writes tracker/, 'application', 'list'],
      [0, /^[\w-]+\.[\w-]+\.[\w-]+$/, 'token', 'tracker'],
      [1, /^$/, 'token', 'nobody'],
      [0, /^[0-9a-f]{64}: access token of tracker/, 'tokens', 'list'],
      [0, /^Ended 1 access token/, 'tokens', 'revoke', '--holder', 'tracker'],
      [0, /signs, made/, 'keys', 'list'],
      [0, /^The key \S+ signs/, 'keys', 'rotate'],
      [0, /^Added the user helper/, 'user', 'add', 'helper', '--role', 'namespaceread:tracker'],
      [1, /^$/, 'user', 'add', 'helper'],
      [0, /^helper: the roles namespaceread:tracker/, 'user', 'list'],
      [0, /^Disabled the user helper/, 'user', 'disable', 'helper'],
      [0, /^Removed the user helper/, 'user', 'remove', 'helper'],
      [0, /^Erased 1 record of/, 'erase', recordId, '--yes'],
      [1, /^$/, 'erase', recordId, '--yes'],
      [0, /^Erased 0 records of/, 'erase', 'tracker/nothing', '--yes'],
      [0, /is bob now/, 'owner', 'set', 'bob'],
      [0, /./, 'application', 'remove', 'tracker'],
      [1, /^$/, 'application', 'remove', 'tracker'],
      [0, /^Added the account two/, 'account', 'add', 'two.example.org'],
      [1, /^$/, 'account', 'add', 'two.example.org'],
      [1, /^$/, 'token', 'owner'],
      [2, /^$/, 'token'],
    ]
    for (const [code, said, ...words] of expected) {
      const outcome = await run(...words)
      assert.equal(outcome.code, code, `${words.join(' ')}: ${outcome.said} ${outcome.complaint}`)
      assert.match(outcome.said, said, words.join(' '))
      assert.equal(outcome.complaint === '', code === 0, `${words.join(' ')}: ${outcome.complaint}`)
    }
    assert.equal(existsSync(place.dataDir), true)
    const health = await fetch(`${url}/healthz`)
    assert.equal(health.status, 200)
    assert.equal(await ends(child, 'SIGTERM'), 0)
  })
