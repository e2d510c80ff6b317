import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compareValues } from './comparing.ts'
import { addTo, averageOf, emptyTotal, maxPlaces, sumOf, decimal, writtenNumber } from './numbers.ts'

/** A number and its value as a fraction of whole numbers. */
const numbers = fc
  .record({
    digits: fc.oneof(fc.bigInt(-1000n, 1000n), fc.bigInt(-(10n ** 30n), 10n ** 30n)),
    exponent: fc.oneof(fc.integer({ min: -4, max: 4 }), fc.integer({ min: -60, max: 60 })),
  })
  .map(({ digits, exponent }) => ({
    text: `${digits}e${exponent}`,
    top: exponent < 0 ? digits : digits * 10n ** BigInt(exponent),
    bottom: exponent < 0 ? 10n ** BigInt(-exponent) : 1n,
  }))

function totalOf(texts: readonly string[]) {
  const total = emptyTotal()
  for (const text of texts) assert.ok(addTo(total, text), text)
  return total
}

/** A JSON number as a fraction, by other means than the code under test. */
function fraction(text: string): { top: bigint; bottom: bigint } {
  const [mantissa = '', exponent = '0'] = text.split('e')
  const [whole = '', decimals = ''] = mantissa.split('.')
  const power = Number(exponent) - decimals.length
  const top = BigInt(whole + decimals)
  return power < 0 ? { top, bottom: 10n ** BigInt(-power) } : { top: top * 10n ** BigInt(power), bottom: 1n }
}

test('sums are exact where floating point is not', () => {
  assert.equal(sumOf(totalOf(['0.1', '0.2'])), '0.3')
  assert.equal(sumOf(totalOf(['9007199254740993', '1', '-0'])), '9007199254740994')
  assert.equal(sumOf(totalOf(['1e30', '1', '-1.0'])), '1e30')
  assert.equal(sumOf(totalOf(['1e30', '1'])), '1000000000000000000000000000001')
  assert.equal(sumOf(totalOf(['1e400', '1e-400', '-1e400'])), '1e-400')
  assert.equal(sumOf(totalOf(['12.50', '-12.5'])), '0')
  assert.equal(sumOf(emptyTotal()), '0')
})

test('averages are rounded half-even to twenty significant digits', () => {
  assert.equal(averageOf(emptyTotal()), undefined)
  assert.equal(averageOf(totalOf(['1', '2'])), '1.5')
  assert.equal(averageOf(totalOf(['1', '0', '0'])), '0.33333333333333333333')
  assert.equal(averageOf(totalOf(['-2', '0', '0'])), '-0.66666666666666666667')
  assert.equal(averageOf(totalOf(['2e40', '0', '0'])), '6666666666666666666700000000000000000000')
  assert.equal(averageOf(totalOf(['2e50', '0', '0'])), '66666666666666666667e30')
  assert.equal(averageOf(totalOf(['100000000000000000000.5'])), '100000000000000000000')
  assert.equal(averageOf(totalOf(['10000000000000000000.5'])), '10000000000000000000')
  assert.equal(averageOf(totalOf(['10000000000000000001.5'])), '10000000000000000002')
  assert.equal(averageOf(totalOf(['-10000000000000000001.5'])), '-10000000000000000002')
  assert.equal(averageOf(totalOf(['99999999999999999999.5'])), '100000000000000000000')
  assert.equal(averageOf(totalOf(['1e-400'])), '1e-400')
})

test('a number that would fill the memory is refused, quickly, and leaves the sum as it was', () => {
  const total = totalOf(['1'])
  const nines = '9'.repeat(1_000_000)
  for (const huge of ['1e999999999', '-1e-999999999', `1e${nines}`, `-1e-${nines}`, nines, `0.${nines}`])
    assert.equal(addTo(total, huge), false)
  assert.equal(sumOf(total), '1')
  assert.ok(addTo(total, `1e${maxPlaces - 1}`) && addTo(total, `1e-${maxPlaces}`))
  assert.ok(!addTo(total, `1e${maxPlaces}`) && !addTo(total, `1e-${maxPlaces + 1}`))
  assert.ok(addTo(total, '0e999999999') && addTo(total, `1${'0'.repeat(900)}e-900`))
})

test('whatever the numbers: the sum is the exact one, in every order', () => {
  const property = fc.property(fc.array(numbers, { maxLength: 8 }), (list) => {
    const expected = list.reduce(
      ({ top, bottom }, one) => ({ top: top * one.bottom + one.top * bottom, bottom: bottom * one.bottom }),
      { top: 0n, bottom: 1n },
    )
    const texts = list.map(({ text }) => text)
    const sum = fraction(sumOf(totalOf(texts)))
    assert.equal(sum.top * expected.bottom, expected.top * sum.bottom)
    assert.equal(sumOf(totalOf(texts.toReversed())), sumOf(totalOf(texts)))
  })
  fc.assert(property, { numRuns: 300 })
})

test('whatever the numbers: no number of twenty digits is nearer to the average, and ties are even', () => {
  const property = fc.property(fc.array(numbers, { minLength: 1, maxLength: 7 }), (list) => {
    const total = totalOf(list.map(({ text }) => text))
    const exact = { top: total.scaled, bottom: BigInt(total.count) * 10n ** BigInt(total.decimals) }
    const text = averageOf(total) ?? ''
    const { digits, exponent } = decimal(text)
    assert.ok(digits.length <= 20)
    const given = fraction(text)
    const twice = given.top * exact.bottom - exact.top * given.bottom
    const error = { top: 2n * (twice < 0n ? -twice : twice), bottom: exact.bottom * given.bottom }
    const step = fraction(`1e${Number(exponent) + digits.length - 20}`)
    const difference = error.top * step.bottom - step.top * error.bottom
    assert.ok(difference <= 0n, text)
    if (difference === 0n && digits.length === 20) assert.equal(Number(digits.at(-1)) % 2, 0, text)
  })
  fc.assert(property, { numRuns: 300 })
})

test('a number is written as people do, and reads as the same number', () => {
  const examples = {
    '1E2': '100',
    '-0': '0',
    '1e21': `1${'0'.repeat(21)}`,
    '1e22': '1e22',
    '25e-5': '0.00025',
  }
  for (const [text, written] of Object.entries(examples)) assert.equal(writtenNumber(decimal(text)), written)
  const property = fc.property(numbers, ({ text }) => {
    assert.equal(compareValues(writtenNumber(decimal(text)), text), 0)
    assert.equal(String(Number(writtenNumber(decimal(text)))), String(Number(text) + 0))
  })
  fc.assert(property, { numRuns: 300 })
})
