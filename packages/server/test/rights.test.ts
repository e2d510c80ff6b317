import assert from 'node:assert/strict'
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
