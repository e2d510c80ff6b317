import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dataTexts } from '../../../test/generated-queries.ts'
import { megabytesInTimeOf } from '../../../test/work.ts'
import { valueAt } from './comparing.ts'
import { fieldsAt, fieldTree } from './fields.ts'

test('one pass finds for many paths what looking for each finds', () => {
  const name = fc.constantFrom('a', 'b', 'c d', 'e.f', '[x]', '\\', 'é', '0', '1', '😀', 'absent')
  const paths = fc.array(fc.array(name, { maxLength: 3 }), { maxLength: 8 })
  fc.assert(
    fc.property(paths, dataTexts, (all, text) => {
      const expected = all.flatMap((path, index) => {
        const span = valueAt(text, path)
        return span ? [{ path: index, ...span }] : []
      })
      const start = text.length - text.trimStart().length
      assert.deepEqual(fieldsAt(text, start, fieldTree(all)), expected)
    }),
    { numRuns: 2000 },
  )
})

test('a thousand paths into ten million characters take no longer than reading them a few times', () => {
  const paths = Array.from({ length: 1000 }, (_, index) => ['a', String(index), `key ${index}`, 'deep'])
  const member = `"a":[${'{"key 1":{"deep":[1,2,3]}},'.repeat(370_000)}0]`
  const read = megabytesInTimeOf(() => {
    assert.equal(fieldsAt(`{${member}}`, 0, fieldTree(paths)).length, 1)
    const repeated = `{${'"a":[],'.repeat(1_000_000)}"a":{"1":{"key 1":{"deep":0}}}}`
    assert.equal(fieldsAt(repeated, 0, fieldTree(paths)).length, 1)
    const deep = '{"a":'.repeat(750)
    assert.equal(
      fieldsAt(`${deep}"${'x'.repeat(5_000_000)}"${'}'.repeat(750)}`, 0, fieldTree([Array(64).fill('a')]))
        .length,
      1,
    )
  })
  assert.ok(read < 300, `the time it takes to read ${read} MB`)
})
