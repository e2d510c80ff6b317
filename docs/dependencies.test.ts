import assert from 'node:assert/strict'
import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'

const root = join(import.meta.dirname, '..')
type Manifest = { name: string } & Partial<Record<string, Record<string, string>>>

async function manifests(): Promise<Manifest[]> {
  const files = ['package.json', ...(await Array.fromAsync(glob('packages/*/package.json', { cwd: root })))]
  return Promise.all(
    files.map(async (file) => JSON.parse(await readFile(join(root, file), 'utf8')) as Manifest),
  )
}

function dependencies(of: Manifest[]): [name: string, version: string][] {
  const own = new Set(of.map(({ name }) => name))
  return of
    .flatMap((manifest) =>
      ['dependencies', 'devDependencies', 'optionalDependencies'].map((kind) => manifest[kind]),
    )
    .flatMap((list) => Object.entries(list ?? {}))
    .filter(([name]) => !own.has(name))
}

test('every dependency has its reason in the decisions, and nothing else is listed there', async () => {
  const text = await readFile(join(root, 'docs/decisions/0006-dependencies.md'), 'utf8')
  const listed = [...text.matchAll(/^\| `([^`]+)` \| .{20,} \|$/gm)].map(([, name = '']) => name)
  const used = new Set(dependencies(await manifests()).map(([name]) => name))
  assert.deepEqual(listed.toSorted(), [...used].toSorted())
})

test('every dependency is pinned to one exact version', async () => {
  for (const [name, version] of dependencies(await manifests()))
    assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name)
})

test('the lock file names no registry', async () => {
  const lock = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { resolved?: string }>
  }
  for (const [name, { resolved }] of Object.entries(lock.packages))
    assert.doesNotMatch(resolved ?? '', /:/, name)
})
