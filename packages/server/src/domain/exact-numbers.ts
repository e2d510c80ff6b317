import { decimal, writtenNumber } from './json/numbers.ts'

/** Numbers with more digits than this before or behind the point are not added up: `1e999999999` would take a gigabyte. */
export const mostPlaces = 1000
/** To how many significant digits an average is rounded. */
const averageDigits = 20

/** The exact sum so far: `scaled` divided by ten to the power of `decimals`. */
export interface Total {
  count: number
  scaled: bigint
  decimals: number
}

export const emptyTotal = (): Total => ({ count: 0, scaled: 0n, decimals: 0 })

/**
 * Adds a number, exactly.
 *
 * @param number valid JSON
 * @returns false, and nothing is added, when it has more than `mostPlaces` digits before or behind the point
 */
export function addTo(total: Total, number: string): boolean {
  const { negative, digits, exponent } = decimal(number)
  const power = exponent.length > 6 ? Infinity : Number(exponent)
  if (power + digits.length > mostPlaces || power < -mostPlaces) return false
  if (-power > total.decimals) {
    total.scaled *= tenTo(-power - total.decimals)
    total.decimals = -power
  }
  const size = BigInt(digits) * tenTo(total.decimals + power)
  total.scaled += negative ? -size : size
  total.count += 1
  return true
}

const tenTo = (power: number): bigint => 10n ** BigInt(power)

/** The sum as a JSON number, exact; 0 of no number. */
export const sumOf = ({ scaled, decimals }: Total): string => writtenNumber(decimal(`${scaled}e${-decimals}`))

/** The average as a JSON number, rounded half-even to 20 significant digits; undefined of no number. */
export function averageOf({ count, scaled, decimals }: Total): string | undefined {
  if (count === 0) return undefined
  return quotient(scaled, BigInt(count) * tenTo(decimals))
}

/** Divides by a positive number, and rounds half-even to `averageDigits`. */
function quotient(dividend: bigint, divisor: bigint): string {
  const size = dividend < 0n ? -dividend : dividend
  if (size === 0n) return '0'
  const shift = averageDigits + String(divisor).length - String(size).length
  // The quotient now has as many digits as wanted, or one more.
  const wide = scaledQuotient(size, divisor, shift).whole >= tenTo(averageDigits)
  const power = wide ? shift - 1 : shift
  const { whole, rest, by } = scaledQuotient(size, divisor, power)
  const up = rest * 2n > by || (rest * 2n === by && whole % 2n === 1n)
  return writtenNumber(decimal(`${dividend < 0n ? '-' : ''}${up ? whole + 1n : whole}e${-power}`))
}

/** `size` times ten to the power of `power`, divided by `divisor`. */
function scaledQuotient(size: bigint, divisor: bigint, power: number) {
  const scaled = power > 0 ? size * tenTo(power) : size
  const by = power < 0 ? divisor * tenTo(-power) : divisor
  return { whole: scaled / by, rest: scaled % by, by }
}
