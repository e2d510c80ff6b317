import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { ownerName, ownerPassword, startServer } from '../packages/server/test/harness.ts'

const run = (env: NodeJS.ProcessEnv) =>
  promisify(execFile)(process.execPath, [join(import.meta.dirname, 'rain.ts'), '12.5'], { env })

test('the rain diary saves, lists the wettest days and adds up, and says when a day is there already', async (t) => {
  const { url, owner } = await startServer(t)
  await owner.records.create('diary/rain', { day: '2026-11-01', mm: 30 })
  const env = { ...process.env, HATSTAND_URL: url, HATSTAND_TOKEN: '' }
  const signedIn = { ...env, HATSTAND_OWNER: ownerName, HATSTAND_OWNER_PASSWORD: ownerPassword }
  const { stdout } = await run(signedIn)
  assert.match(
    stdout,
    /^Saved 12\.5 mm as [\w-]+\n2026-11-01 {2}30 mm\n[\d-]+ {2}12\.5 mm\nIn all: 42\.5 mm\n$/,
  )
  await assert.rejects(run(signedIn), { code: 1, stderr: 'That was written down already.\n' })
  await assert.rejects(run({ ...env, HATSTAND_OWNER: 'nobody' }), {
    code: 1,
    stderr: /name or password|wrong/,
  })
})
