import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exporters, largestFile, readSources } from '../../../scripts/counts.ts'

const sources = await readSources()

test('no file of the server has more than 400 lines', () => {
  const [file, lines] = largestFile(sources)
  assert.ok(lines <= 400, `${file} has ${lines}`)
})

test('no name is exported from more than three files', () => {
  for (const [name, files] of exporters(sources)) assert.ok(files.length <= 3, `${name}: ${files.join()}`)
})
