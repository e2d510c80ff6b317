import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exampleId, recordIdsOf } from './query.ts'

const other = '6dcff611-45cb-49a9-82ca-318b9e5a3c17'

test('record ids may be given once, repeated, joined by commas, or both', () => {
  assert.deepEqual(recordIdsOf(other), [other])
  assert.deepEqual(recordIdsOf([exampleId, other]), [exampleId, other])
  assert.deepEqual(recordIdsOf(`${exampleId},${other}`), [exampleId, other])
  assert.deepEqual(recordIdsOf([`${exampleId},${other}`, other]), [exampleId, other, other])
})

test('no record ids, or an empty parameter, are no records', () => {
  assert.deepEqual(recordIdsOf(undefined), [])
  assert.deepEqual(recordIdsOf(''), [])
})

test('record ids in capitals are the same ids', () => {
  assert.deepEqual(recordIdsOf(other.toUpperCase()), [other])
})
