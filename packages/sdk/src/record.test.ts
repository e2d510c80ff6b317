import assert from 'node:assert/strict'
import { test } from 'node:test'
import { recordAt, recordsAt } from './record.ts'

const id = '6dcff611-45cb-49a9-82ca-318b9e5a3c17'
const nasty = '{ "b": 1.0, "1": 12345678901234567890, "b": -0, "__proto__": "\\ud800" }'

test('a record has its data as a value, and as exactly the text the server sent', () => {
  const record = recordAt(`{"endpoint":"a/b","recordId":"${id}","data":${nasty},"links":[]}`)
  assert.equal(record.text, nasty)
  assert.deepEqual(record.data, JSON.parse(nasty))
  assert.equal(record.data, record.data)
  assert.deepEqual([record.endpoint, record.recordId, record.links], ['a/b', id, []])
})

test('linked records have their exact text, too', () => {
  const [record] = recordsAt(
    `[{"endpoint":"a/b","recordId":"${id}","data":1,"links":[{"endpoint":"a/c","recordId":"${id}","data":2.50}]}]`,
  )
  assert.equal(record?.links?.[0]?.text, '2.50')
})

test('data nested deeper than any stack comes back', () => {
  const deep = '['.repeat(5000) + ']'.repeat(5000)
  assert.equal(recordAt(`{"endpoint":"a/b","recordId":"${id}","data":${deep}}`).text, deep)
})
