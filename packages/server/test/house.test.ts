import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import {
  exporters,
  importCycles,
  largestFile,
  readSources,
  storesTakingPda,
} from '../../../scripts/counts.ts'

const sources = await readSources()

test('no file of the server has more than 400 lines', () => {
  const [file, lines] = largestFile(sources)
  assert.ok(lines <= 400, `${file} has ${lines}`)
})

test('no name is exported from more than three files', () => {
  for (const [name, files] of exporters(sources)) assert.ok(files.length <= 3, `${name}: ${files.join()}`)
})

test('no files import each other in a circle, not even for types', () => {
  assert.deepEqual(importCycles(sources), [])
})

test('no store takes the number of an account, which its unit knows', () => {
  assert.deepEqual(storesTakingPda(sources), [])
})

test('no folder of the server has more than fifteen files', () => {
  const folders = Map.groupBy(sources.keys(), (file) => dirname(file))
  for (const [folder, files] of folders) assert.ok(files.length <= 15, `${folder} has ${files.length}`)
})

test('ARCHITECTURE.md names the folders and files there are, and the floors the linter knows', async () => {
  const root = join(import.meta.dirname, '../../..')
  const text = await readFile(join(root, 'ARCHITECTURE.md'), 'utf8')
  const layout = text.slice(text.indexOf('    src/\n'), text.indexOf('    test/ '))
  const named = Array.from(layout.matchAll(/^ {6}((?:[a-z-]+(?:\.ts|\/) ?)+)/gm), ([, names = '']) =>
    names.trim().split(' '),
  ).flat()
  const found = await readdir(join(root, 'packages/server/src'), { withFileTypes: true })
  const there = found
    .filter(({ name }) => !name.endsWith('.test.ts'))
    .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
  assert.deepEqual(named.toSorted(), there.toSorted())

  for (const [, inside = '', folders = ''] of layout.matchAll(/^ {6}(store|database|domain)\/ .*: ?(.*)$/gm))
    for (const [folder] of folders.matchAll(/[a-z-]+\//g))
      assert.ok(
        (await readdir(join(root, 'packages/server/src', inside))).includes(folder.slice(0, -1)),
        folder,
      )

  const floors = /\*\*Floors, downwards only:\*\* `([^`]+)`/.exec(text)![1]!.split(/ -> |, /)
  for (const floor of floors) assert.ok(named.includes(`${floor}/`) || named.includes(`${floor}.ts`), floor)
  const rules = await readFile(join(root, '.oxlintrc.json'), 'utf8')
  for (const floor of floors)
    if (named.includes(`${floor}/`)) assert.ok(rules.includes(`packages/server/src/${floor}/**`), floor)
})
