import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { hiddenIn } from '../test/browsing.ts'
import { at, ends, password, serving } from '../test/command-line.ts'
import { freshFolder } from '../test/engines.ts'

test('a bad setting and a port in use keep the server from starting, with one clear sentence', async () => {
  const folder = freshFolder()
  const bad = await at(folder, { PORT: 'eighty' }).run('serve')
  assert.deepEqual(
    [bad.code, bad.complaint],
    [1, 'PORT must be a whole number from 0 to 65535, not "eighty".'],
  )
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  const { port } = other.address() as { port: number }
  const inUse = await at(folder, { PORT: String(port) }).run('serve')
  assert.equal(inUse.code, 1)
  assert.equal(
    inUse.complaint,
    `Port ${port} of 127.0.0.1 is in use by another program; choose another with PORT.`,
  )
  other.close()
})

test('the first start prints a set-up link that works, and SIGTERM ends the server with 0', async () => {
  const folder = join(freshFolder(), 'data')
  const child = at(folder).start('serve')
  const { url, output } = await serving(child)
  const link = /http:\S+\/setup\?code=\S+/.exec(output)?.[0] ?? ''
  assert.ok(link.startsWith(url))
  const page = await fetch(link)
  assert.equal(page.status, 200)
  const cookie = page.headers.get('set-cookie')?.split(';')[0] ?? ''
  const form = new URLSearchParams({
    ...hiddenIn(await page.text()),
    name: 'alice',
    password,
    repeated: password,
  })
  const sent = await fetch(`${url}/setup`, { method: 'POST', headers: { cookie }, body: form })
  assert.equal(sent.status, 201)
  assert.equal(
    (await fetch(`${url}/users/access_token`, { headers: { username: 'alice', password } })).status,
    200,
  )
  assert.equal(await ends(child, 'SIGTERM'), 0)
})

test(
  'the data folder and its files are closed to other users',
  { skip: process.platform === 'win32' && 'Windows has no such modes' },
  async () => {
    const folder = join(freshFolder(), 'data')
    const child = at(folder).start('serve')
    await serving(child)
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    const files = readdirSync(folder)
    assert.ok(files.length > 0)
    for (const file of files) assert.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
    assert.equal(await ends(child, 'SIGINT'), 0)
  },
)

test('an owner set up by settings stays as it is at later starts', async () => {
  const folder = freshFolder()
  const first = at(folder, { HATSTAND_OWNER: 'alice', HATSTAND_OWNER_PASSWORD: password }).start('serve')
  const { url, output } = await serving(first)
  assert.doesNotMatch(output, /setup/)
  assert.equal(await signIn(url, password), 200)
  await ends(first, 'SIGTERM')
  const second = at(folder, { HATSTAND_OWNER: 'alice', HATSTAND_OWNER_PASSWORD: 'another long one' }).start(
    'serve',
  )
  const again = await serving(second)
  assert.equal(await signIn(again.url, 'another long one'), 401)
  assert.equal(await signIn(again.url, password), 200)
  await ends(second, 'SIGTERM')
})

test('beside a running server, a right given or taken counts at once, and a second server is refused', async () => {
  const folder = freshFolder()
  const { start, run } = at(folder)
  const child = start('serve')
  const { url } = await serving(child)
  assert.equal((await run('application', 'add', 'tracker', '--write', 'tracker')).code, 0)
  const headers = { 'x-auth-token': (await run('token', 'tracker')).said }
  assert.equal((await fetch(`${url}/users/access_token/validate`, { headers })).status, 200)
  assert.equal((await run('application', 'remove', 'tracker')).code, 0)
  assert.equal((await fetch(`${url}/users/access_token/validate`, { headers })).status, 401)
  const second = await run('serve')
  assert.equal(second.code, 1)
  assert.match(second.complaint, /^[^\n]*another hatstand server[^\n]*$/i)
  assert.equal(await ends(child, 'SIGTERM'), 0)
})

test('the log holds no token, name, password or address', async () => {
  const settings = {
    HATSTAND_OWNER: 'alice-the-owner',
    HATSTAND_OWNER_PASSWORD: password,
    HATSTAND_LOG_LEVEL: 'trace',
  }
  const child = at(freshFolder(), settings).start('serve')
  const { url, output } = await serving(child)
  const rest = text(child.stdout)
  const answer = await fetch(`${url}/users/access_token`, {
    headers: { username: 'alice-the-owner', password },
  })
  const { accessToken } = (await answer.json()) as { accessToken: string }
  await fetch(`${url}/users/access_token/validate?secret=query`, { headers: { 'x-auth-token': accessToken } })
  await fetch(`${url}/users/access_token`, {
    headers: { username: 'alice-the-owner', password: 'a wrong password' },
  })
  await fetch(`${url}/setup?code=guess-at-it`)
  child.kill('SIGTERM')
  const log = output + (await rest)
  assert.match(log, /"route":"\/users\/access_token\/validate","status":200/)
  for (const secret of [
    accessToken.slice(-40),
    'alice-the-owner',
    password,
    'a wrong password',
    'guess-at-it',
    'secret=query',
    '"remoteAddress"',
  ])
    assert.ok(!log.includes(secret), secret)
})

async function signIn(url: string, secret: string): Promise<number> {
  return (await fetch(`${url}/users/access_token`, { headers: { username: 'alice', password: secret } }))
    .status
}
