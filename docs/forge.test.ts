import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
const workflow = await readFile(join(root, '.github/workflows/ci.yml'), 'utf8')

test('a forge runs the same command as everybody, on the Node that is pinned', async () => {
  assert.match(workflow, /^ +- run: \.ci\/run$/m)
  const version = (await readFile(join(root, '.nvmrc'), 'utf8')).trim()
  assert.ok(workflow.includes(`image: node:${version}-bookworm\n`), version)
})

test('a forge lets the run read the repository and nothing more, by actions pinned to a commit', () => {
  assert.match(workflow, /^permissions:\n  contents: read\n\n/m)
  assert.equal(workflow.match(/permissions:/g)?.length, 1)
  for (const [, action] of workflow.matchAll(/uses: (.+)/g))
    assert.match(action!, /@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})
