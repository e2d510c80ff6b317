import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { openDatabase } from '../src/database/open.ts'
import { at, ends, password, serving } from './command-line.ts'
import { invariantsHold, readContents } from './crash-invariants.ts'
import { freshFolder } from './engines.ts'

const megabytes = 24

/** A disk of our own, or undefined where we may not make one. */
function smallDisk(t: TestContext): string | undefined {
  const folder = freshFolder()
  const made = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder])
  if (made.status !== 0) return undefined
  t.after(() => spawnSync('umount', ['-l', folder]))
  return join(folder, 'data')
}

test('on a full disk writes are refused with 507, reads go on, and writes work again when there is room', async (t) => {
  const folder = smallDisk(t)
  if (folder === undefined) return t.skip('only root may mount a small disk')
  const server = await startServer(t, folder)
  const before = await server.write('[{"kept":1},{"kept":2}]')
  assert.deepEqual([before.status, before.code], [201, undefined])
  const ballast = join(folder, '../ballast')
  fillDisk(ballast)

  const refused = new Map<string, number>()
  let stored = 2
  for (const body of bodies()) {
    const { status, code } = await server.write(body)
    if (status === 201) stored += (JSON.parse(body) as unknown[]).length
    else refused.set(`${status} ${code}`, (refused.get(`${status} ${code}`) ?? 0) + 1)
    assert.equal((await server.list()).length, stored, 'reads go on, and nothing is half there')
  }
  t.diagnostic(`refused: ${JSON.stringify([...refused])}, stored: ${stored}`)
  assert.deepEqual([...refused.keys()], ['507 disk_full'])

  rmSync(ballast)
  const again = await server.write('[{"kept":1}]')
  assert.deepEqual([again.status, again.code], [400, 'duplicate_data'])
  for (const body of bodies('later')) assert.equal((await server.write(body)).status, 201)
  const database = await openDatabase({ dataDir: folder, databaseUrl: undefined }, false)
  invariantsHold(await readContents(database), false)
  await database.close()
})

/** Takes all room there is. */
function fillDisk(file: string): void {
  for (const size of [2 ** 20, 4096])
    try {
      for (;;) writeFileSync(file, Buffer.alloc(size), { flag: 'a' })
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ENOSPC')
    }
}

/** Arrays of many sizes: some fit into what is left of the log, some wait in a file. */
function* bodies(mark = 'first'): Generator<string> {
  for (const [round, count] of [1, 10, 500, 3000, 1, 12_000, 2].entries())
    yield JSON.stringify(
      Array.from({ length: count }, (_, number) => ({ mark, round, number, text: 'x'.repeat(150) })),
    )
}

async function startServer(t: TestContext, dataDir: string) {
  const child = at(dataDir, { HATSTAND_OWNER: 'phil', HATSTAND_OWNER_PASSWORD: password }).start('serve')
  const { url } = await serving(child)
  t.after(async () => assert.equal(await ends(child, 'SIGTERM'), 0))
  const signedIn = await fetch(`${url}/users/access_token`, { headers: { username: 'phil', password } })
  const { accessToken } = (await signedIn.json()) as { accessToken: string }
  const headers = { 'x-auth-token': accessToken, 'content-type': 'application/json' }
  const address = `${url}/api/v2.6/data/full/disk`
  return {
    async write(body: string) {
      const answer = await fetch(address, { method: 'POST', headers, body })
      const { code } = (await answer.json()) as { code?: string }
      return { status: answer.status, code }
    },
    async list() {
      const answer = await fetch(`${address}?take=100000`, { headers })
      assert.equal(answer.status, 200)
      return (await answer.json()) as unknown[]
    },
  }
}
