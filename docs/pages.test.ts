import assert from 'node:assert/strict'
import { glob, readFile, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')

function page(file: string): Promise<string> {
  return readFile(join(root, file), 'utf8')
}

test('every link between the pages leads somewhere', async () => {
  for await (const file of glob(['*.md', 'docs/**/*.md', 'examples/*.md', 'bench/*.md'], { cwd: root })) {
    for (const [, target = ''] of (await page(file)).matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)) {
      await assert.doesNotReject(stat(join(root, dirname(file), target)), `${file} links to ${target}`)
    }
  }
})

test('the guide to a new operation names files that there are', async () => {
  for (const [, file = ''] of (await page('docs/adding-an-operation.md')).matchAll(
    /`((?:packages|docs)\/[^`*{]+)`/g,
  )) {
    if (!file.includes('SUBJECT')) await assert.doesNotReject(stat(join(root, file)), file)
  }
})

test('the README names every npm command, and only those there are', async () => {
  const { scripts } = JSON.parse(await page('package.json')) as { scripts: Record<string, string> }
  const listed = (await page('README.md')).matchAll(/^\| `npm (?:run )?([\w:]+)` \|/gm)
  const whole = Object.keys(scripts).filter((name) => !name.startsWith('check:'))
  assert.deepEqual(new Set(Array.from(listed, ([, name]) => name)), new Set(whole))
})

test('decisions are numbered without gaps and each says what, why and what was given up', async () => {
  const files = (await Array.fromAsync(glob('docs/decisions/*.md', { cwd: root }))).toSorted()
  for (const [index, file] of files.entries()) {
    const number = index + 1
    assert.match(file, new RegExp(`/${String(number).padStart(4, '0')}-[a-z-]+\\.md$`))
    const text = await page(file)
    assert.match(text, new RegExp(`^# ${number}\\. `), file)
    for (const part of ['**What.**', '**Why.**', '**What we gave up.**'])
      assert.ok(text.includes(part), `${file}: ${part}`)
  }
})
