import assert from 'node:assert/strict'
import { test } from 'node:test'
import { exact } from '@hatstand/sdk'
import fc from 'fast-check'
import { routeEngines } from './engines.ts'
import { startServer } from './harness.ts'
import { refused } from './refused.ts'
import { models, spell } from './spellings.ts'

/** Different values, each in two spellings. */
const spellings: [one: string, other: string][] = [
  ['9007199254740992', '9007199254740992.0'],
  ['9007199254740993', '9.007199254740993e15'],
  ['12345678901234567890', '1234567890123456789e1'],
  ['12345678901234567891', '12345678901234567891.00'],
  ['1e400', '10e399'],
  ['1e401', '0.1e402'],
  ['1e-400', '10E-401'],
  ['0', '-0.0'],
  ['1', '1.000'],
  ['"1"', '"\\u0031"'],
  ['{"a":1,"a":2}', '{ "a":1.0,"\\u0061":2 }'],
  ['{"a":2,"a":1}', '{"a":2e0,"a":1}'],
  ['{"a":2}', '{"\\u0061":2}'],
  ['{"a":{"b":1,"c":[]}}', '{"a": {"c": [ ],\n"b":10e-1}}'],
  ['"é"', '"\\u00e9"'],
  ['"e\u0301"', '"\\u0065\\u0301"'],
  ['"\\ud800"', '"\\uD800"'],
  ['"\\ud801"', '"\\uD801"'],
  ['"\ufffd"', '"\\uFFFD"'],
  ['"😀"', '"\\ud83d\\uDE00"'],
]

for (const engine of routeEngines) {
  test(`a value in another spelling is a duplicate, at its own endpoint alone, on ${engine.name}`, async (t) => {
    const { owner: pda } = await startServer(t, engine)
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(models, { minLength: 100, maxLength: 100 }),
        fc.nat(1e6),
        async (values, seed) => {
          run += 1
          const endpoint = `spelt/run-${run}`
          const spelt = (offset: number) =>
            exact(sendable(`[${values.map((value, index) => spell(value, seed + offset + index)).join()}]`))
          const first = await pda.records.createMany(endpoint, spelt(0), { skipErrors: true })
          assert.equal(first.records.length + first.skipped.length, values.length)
          const again = await pda.records.createMany(endpoint, spelt(500), { skipErrors: true })
          assert.deepEqual([again.records.length, again.skipped.length], [0, values.length])
          const refusal = await refused(pda.records.createMany(endpoint, spelt(900)))
          assert.equal(refusal.code, 'duplicate_data')
          const kept = values.keys().filter((index) => !first.skipped.includes(index))
          for (const [at, index] of [...kept].entries())
            assert.equal(
              refusal.duplicates.find((one) => one.index === index)?.recordId,
              first.records[at]!.recordId,
            )
          const elsewhere = await pda.records.createMany(`${endpoint}/elsewhere`, spelt(900), {
            skipErrors: true,
          })
          assert.deepEqual(elsewhere.skipped, first.skipped)
        },
      ),
      { numRuns: 5, endOnFailure: true },
    )
  })

  test(`values that look alike are told apart exactly, and equal ones recognised, on ${engine.name}`, async (t) => {
    const { owner: pda } = await startServer(t, engine)
    const list = (which: 0 | 1) => exact(`[${spellings.map((pair) => pair[which]).join()}]`)
    const { records } = await pda.records.createMany('values/all', list(0))
    assert.deepEqual(
      records.map(({ text }) => text),
      spellings.map(([one]) => one),
    )
    const { skipped } = await pda.records.createMany('values/all', list(1), { skipErrors: true })
    assert.deepEqual(skipped, [...spellings.keys()])
    for (const [index, [, other]] of spellings.entries()) {
      const refusal = await refused(pda.records.create('values/all', exact(other)))
      assert.deepEqual(refusal.duplicates, [{ index: 0, recordId: records[index]!.recordId }], other)
    }
  })
}

/** UTF-8 has no halves of characters: what stands for itself in a string is escaped. */
function sendable(text: string): string {
  return text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`)
}
