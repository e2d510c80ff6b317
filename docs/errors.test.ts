import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { errorCodes } from '../packages/api/src/errors.ts'
import { errors } from '../packages/server/src/errors.ts'

test('the page on errors explains every code with its status, and no other', async () => {
  const page = await readFile(join(import.meta.dirname, 'errors.md'), 'utf8')
  const explained = [...page.matchAll(/^\| `(\w+)` \| (\d+) \| .{10,} \| .{10,} \|$/gm)]
  assert.deepEqual(
    explained.map(([, code, status]) => [code, Number(status)]),
    errorCodes.map((code) => [code, errors[code].status]),
  )
})

test('the codes are listed once each and in alphabetical order', () => {
  assert.deepEqual([...errorCodes], [...new Set(errorCodes)].toSorted())
})
