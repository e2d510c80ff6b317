import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { operations } from '@hatstand/api/operations.ts'
import { rows } from './rights-rows.ts'

test('every operation has its row in the matrix of rights, and every row its operation', () => {
  assert.deepEqual(Object.keys(rows).toSorted(), operations.map((one) => one.operationId).toSorted())
})

test('whoever reads records by a right to read is in the ledger', () => {
  const reading = Object.entries(rows).filter(([, { right }]) => right === 'read')
  for (const [operation, { reads }] of reading) assert.ok(reads?.records, operation)
})

test('every operation is asked by everybody, in one of the files of the matrix', () => {
  const files = readdirSync(import.meta.dirname).filter((name) => /^rights-\w+(-\w+)?\.test\.ts$/.test(name))
  const asked = files
    .map((name) => readFileSync(`${import.meta.dirname}/${name}`, 'utf8'))
    .flatMap((text) => /askEverything\((.*)\)/.exec(text)?.[1]?.match(/[a-z][a-z ]*(?=')/g) ?? [])
  const tags = new Set(operations.flatMap((one) => one.tags))
  assert.deepEqual(asked.toSorted(), [...tags].toSorted())
})
