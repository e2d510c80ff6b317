import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { settings } from '../packages/server/src/config.ts'

test('the page on settings lists every setting with its default, and no other', async () => {
  const page = await readFile(join(import.meta.dirname, 'settings.md'), 'utf8')
  const listed = page.split('\n').filter((line) => line.startsWith('| `'))
  const expected = Object.values(settings).map(
    (setting) =>
      `| \`${setting.name}\` | ${setting.default && `\`${setting.default}\``} | ${setting.kind} | ${setting.does} |`,
  )
  assert.deepEqual(
    listed.map((line) => line.replaceAll(/ +/g, ' ')),
    expected.map((line) => line.replaceAll(/ +/g, ' ')),
  )
})
