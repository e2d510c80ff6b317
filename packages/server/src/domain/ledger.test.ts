import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  chained,
  type Fault,
  headFault,
  type LedgerEntry,
  ledgerStart,
  nameless,
  type Seal,
  type SealedEntry,
  sealFault,
  sealText,
} from './ledger.ts'

type Block = { seal: Seal; entries: SealedEntry[] }

/** As good as a signature here: nobody else knows it. */
const sign = (seal: Omit<Seal, 'signature'>) => `signed ${sealText(seal)} by ${seal.keyId}`
const isSigned = (seal: Seal) => seal.signature === sign(seal)

function sealed(blocks: LedgerEntry[][]): Block[] {
  let previous = ledgerStart
  return blocks.map((entries, index) => {
    const { hash, marks } = chained(previous, entries)
    const bare = { seal: index + 1, at: 1000 * index, entries: entries.length, hash, previous }
    const named = { ...bare, domain: 'me.example.org', keyId: 'one' }
    previous = hash
    return {
      seal: { ...named, signature: sign(named) },
      entries: entries.map((entry, at) => ({ ...entry, mark: marks[at]! })),
    }
  })
}

function firstFault(blocks: Block[]): Fault | undefined {
  let before: Seal | undefined
  for (const { seal, entries } of blocks) {
    const fault = sealFault(seal, before, entries, isSigned)
    if (fault) return fault
    before = seal
  }
  return undefined
}

const entry = (number: number, more: Partial<LedgerEntry> = {}): LedgerEntry => ({
  entryId: `019a9f3e-5b2c-7c4a-9a3e-${String(number).padStart(12, '0')}`,
  at: 1_800_000_000_000 + number,
  action: 'read',
  holder: 'tracker',
  tokenId: 'abc',
  dataDebit: null,
  permission: null,
  endpoints: ['rumpel/locations'],
  records: 3,
  address: '192.0.2.7',
  detail: '',
  ...more,
})

const threeBlocks = () => sealed([[entry(1), entry(2), entry(3)], [entry(4)], [entry(5), entry(6)]])

test('a ledger that nobody touched has no fault', () => {
  assert.equal(firstFault(threeBlocks()), undefined)
  assert.equal(firstFault([]), undefined)
})

test('an altered entry is named', () => {
  const blocks = threeBlocks()
  blocks[0]!.entries[1]!.records = 300
  assert.deepEqual(firstFault(blocks), { what: 'entry', how: 'altered', seal: 1, entryId: entry(2).entryId })
})

test('a removed entry is told by the one behind it, or by the end of its seal', () => {
  const middle = threeBlocks()
  middle[0]!.entries.splice(1, 1)
  assert.deepEqual(firstFault(middle), { what: 'entry', how: 'removed', seal: 1, entryId: entry(3).entryId })
  const last = threeBlocks()
  last[2]!.entries.pop()
  assert.deepEqual(firstFault(last), { what: 'entry', how: 'removed', seal: 3, entryId: undefined })
})

test('an inserted entry is named, at the end of its seal too', () => {
  for (const at of [0, 1, 3]) {
    const blocks = threeBlocks()
    blocks[0]!.entries.splice(at, 0, { ...entry(9), mark: 'AAAAAAAAAAA' })
    const inserted = { what: 'entry', how: 'inserted', seal: 1, entryId: entry(9).entryId }
    assert.deepEqual(firstFault(blocks), inserted)
  }
})

test('entries written anew with fitting marks do not fit the signed hash', () => {
  const blocks = threeBlocks()
  const { entries, seal } = blocks[0]!
  entries[2]!.holder = 'somebody'
  const { marks, hash } = chained(ledgerStart, entries)
  entries.forEach((one, index) => (one.mark = marks[index]!))
  assert.equal(firstFault(blocks)!.what, 'entry')
  blocks[0]!.seal = { ...seal, hash }
  assert.deepEqual(firstFault(blocks), { what: 'seal', how: 'unsigned', seal: 1 })
})

test('a removed seal is missing, and a seal put in another place is not signed there', () => {
  const missing = threeBlocks()
  missing.splice(1, 1)
  assert.deepEqual(firstFault(missing), { what: 'seal', how: 'missing', seal: 2 })
  const renumbered = threeBlocks()
  renumbered.splice(1, 1)
  renumbered[1]!.seal.seal = 2
  assert.deepEqual(firstFault(renumbered), { what: 'seal', how: 'altered', seal: 2 })
})

test('a kept head shows an end that was cut off, and another history under the same number', () => {
  const blocks = threeBlocks()
  const kept = blocks[2]!.seal
  assert.equal(headFault(kept, kept), undefined)
  assert.deepEqual(headFault(kept, undefined), { what: 'seal', how: 'cut', seal: 3 })
  const other = sealed([[entry(1)], [entry(2)], [entry(3)]])
  assert.equal(firstFault(other), undefined)
  assert.deepEqual(headFault(kept, other[2]!.seal), { what: 'seal', how: 'other', seal: 3 })
})

test('an erased endpoint leaves its entries as they were sealed, without its name', () => {
  const blocks = threeBlocks()
  const one = blocks[0]!.entries[1]!
  one.endpoints = one.endpoints.map((name) => nameless(one.entryId, name))
  assert.ok(!JSON.stringify(blocks[0]!.entries[1]).includes('rumpel'))
  assert.equal(firstFault(blocks), undefined)
  one.endpoints = [nameless(one.entryId, 'rumpel/others')]
  assert.deepEqual(firstFault(blocks), { what: 'entry', how: 'altered', seal: 1, entryId: one.entryId })
})

const anyEntry = fc
  .record({
    at: fc.nat(),
    action: fc.constantFrom('read', 'create', 'refused' as const),
    holder: fc.string(),
    tokenId: fc.string(),
    dataDebit: fc.option(fc.string()),
    permission: fc.option(fc.string()),
    endpoints: fc.array(fc.constantFrom('a/b', 'rumpel/locations', 'a/b/c')),
    records: fc.nat(),
    address: fc.string(),
    detail: fc.string(),
  })
  .map((more) => more as Partial<LedgerEntry>)

/** Another value of the same kind. */
function changed(value: string | number | null | string[]): unknown {
  if (typeof value === 'number') return value + 1
  if (Array.isArray(value)) return [...value, 'x/y']
  return value === null ? '' : `${value}.`
}

test('any change of any value of any entry or seal is found, and in its own seal', () => {
  const anyBlocks = fc.array(fc.array(anyEntry, { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 4,
  })
  fc.assert(
    fc.property(anyBlocks, fc.nat(), fc.nat(), fc.nat(), (given, which, row, column) => {
      let number = 0
      const blocks = sealed(given.map((block) => block.map((more) => entry(++number, more))))
      assert.equal(firstFault(blocks), undefined)
      const block = blocks[which % blocks.length]!
      const rows = [block.seal, ...block.entries] as unknown as Record<string, never>[]
      const target = rows[row % rows.length]!
      const name = Object.keys(target)[column % Object.keys(target).length]!
      target[name] = changed(target[name]!) as never
      const fault = firstFault(blocks)
      assert.ok(fault, `${name} was changed`)
      assert.ok(Math.abs(fault.seal - block.seal.seal) <= 1)
    }),
    { numRuns: 500 },
  )
})

test('any removal and any repetition of an entry is found', () => {
  const sizes = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 4 })
  fc.assert(
    fc.property(sizes, fc.nat(), fc.nat(), fc.boolean(), (given, which, row, removes) => {
      let number = 0
      const blocks = sealed(given.map((size) => Array.from({ length: size }, () => entry(++number))))
      const { entries, seal } = blocks[which % blocks.length]!
      const at = row % entries.length
      if (removes) entries.splice(at, 1)
      else entries.splice(at, 0, entries[at]!)
      const fault = firstFault(blocks)
      assert.deepEqual([fault?.what, fault?.seal], ['entry', seal.seal])
    }),
  )
})
