import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createFingerprintTable } from './fingerprints.ts'

/** Fingerprints that differ in their first eight bytes, of which a table keeps 32 bits. */
const fingerprintOf = (number: number) => {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(number, 0)
  bytes.writeUInt32BE(Math.imul(number, 0x9e3779b1) >>> 0, 4)
  return bytes.toString('latin1')
}

const base = 2 ** 32

describe('the table of fingerprints', () => {
  it('names the places of all it was given, and none it was told to forget, through any number of changes', () => {
    const table = createFingerprintTable(base, 0)
    const held = new Map<number, number>()
    let random = 1
    for (let step = 1; step <= 20_000; step++) {
      random = Math.imul(random, 1_103_515_245) + 12_345
      const number = (random >>> 8) % 3000
      const place = held.get(number)
      if (place === undefined) {
        held.set(number, base + step)
        table.add(fingerprintOf(number), base + step)
      } else {
        held.delete(number)
        table.remove(fingerprintOf(number), place)
      }
    }
    for (let number = 0; number < 3000; number++) {
      const place = held.get(number)
      assert.equal(table.candidates(fingerprintOf(number)).includes(place ?? -1), place !== undefined)
    }
    const named = Array.from({ length: 3000 }, (_, number) => table.candidates(fingerprintOf(number))).flat()
    assert.equal(new Set(named).size, held.size)
    assert.ok(table.slots <= 4096, `${table.slots} slots for ${held.size} records`)
  })

  it('keeps a pair once, however often it is added', () => {
    const table = createFingerprintTable(base, 0)
    for (let time = 0; time < 5000; time++) table.add(fingerprintOf(1), base + 1)
    assert.deepEqual(table.candidates(fingerprintOf(1)), [base + 1])
    assert.equal(table.slots, createFingerprintTable(base, 0).slots)
  })
})
