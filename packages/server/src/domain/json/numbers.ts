/**
 * A JSON number exactly: `digits` times ten to the power of `exponent`. `digits` has no zeros at either end
 * (zero has none at all, and no sign); `exponent` is an integer in decimal, of any length, since it is never
 * expanded.
 */
export interface Decimal {
  negative: boolean
  digits: string
  exponent: string
}

const safeDigits = 15

/** Reads a valid JSON number of any length, in time linear in it. */
export function decimal(number: string): Decimal {
  const letter = number.search(/e/i)
  const mantissa = letter < 0 ? number : number.slice(0, letter)
  const point = mantissa.indexOf('.')
  const decimals = point < 0 ? 0 : mantissa.length - point - 1
  const written = mantissa.replace('-', '').replace('.', '')
  const end = zerosFrom(written)
  const digits = written.slice(leadingZeros(written), end)
  if (digits === '') return { negative: false, digits, exponent: '0' }
  const power = letter < 0 ? '0' : readInteger(number.slice(letter + 1))
  return { negative: number.startsWith('-'), digits, exponent: add(power, written.length - end - decimals) }
}

/** An integer without plus sign and leading zeros. */
function readInteger(written: string): string {
  const unsigned = /^[-+]/.test(written) ? written.slice(1) : written
  const digits = unsigned.slice(leadingZeros(unsigned))
  return written.startsWith('-') && digits !== '' ? `-${digits}` : digits || '0'
}

function leadingZeros(digits: string): number {
  let count = 0
  while (digits.charCodeAt(count) === 0x30) count += 1
  return count
}

/** Where the zeros at the end begin. */
function zerosFrom(digits: string): number {
  let end = digits.length
  while (end > 0 && digits.charCodeAt(end - 1) === 0x30) end -= 1
  return end
}

/**
 * Adds a small integer to one of any length, in time linear in its length (BigInt would read it in more).
 *
 * @param integer decimal, without leading zeros, `-` in front when negative
 * @param step at most 2^40 either way
 */
export function add(integer: string, step: number): string {
  if (integer.length <= safeDigits) return String(Number(integer) + step)
  const sign = integer.startsWith('-') ? '-' : ''
  const cut = integer.length - safeDigits
  const last = Number(integer.slice(cut)) + (sign === '-' ? -step : step)
  const carry = Math.floor(last / 10 ** safeDigits)
  const head = carryInto(integer.slice(sign.length, cut), carry)
  const tail = String(last - carry * 10 ** safeDigits)
  return sign + (head === '' ? tail : head + tail.padStart(safeDigits, '0'))
}

/** Adds one, nothing or minus one to a positive integer; nought is the empty text. */
function carryInto(digits: string, carry: number): string {
  if (carry === 0) return digits
  const over = carry > 0 ? '9' : '0'
  let at = digits.length - 1
  while (at >= 0 && digits[at] === over) at -= 1
  const raised = String(Number(digits[at] ?? 0) + carry)
  const head = digits.slice(0, Math.max(at, 0)) + raised
  return (head === '0' ? '' : head) + (carry > 0 ? '0' : '9').repeat(digits.length - 1 - at)
}

/** How many digits a number may take before its canonical text has an exponent. */
const widest = 21

/**
 * The one text of a number's value: in full while that takes no more than 21 digits, then digits and
 * exponent: `1.50` is `1.5`, `1E2` is `100`, `-0` is `0`, `1e400` is `1e400`, `12e999` is `12e999`.
 */
export function plainNumber({ negative, digits, exponent }: Decimal): string {
  const sign = negative ? '-' : ''
  const power = exponent.length > 4 ? Infinity : Number(exponent)
  if (digits === '') return '0'
  if (Math.max(digits.length, digits.length + power, 1 - power) > widest)
    return `${sign}${digits}e${exponent}`
  if (power >= 0) return sign + digits + '0'.repeat(power)
  const padded = digits.padStart(1 - power, '0')
  return `${sign}${padded.slice(0, power)}.${padded.slice(power)}`
}

/** The most zeros that a number shown to people is written with instead of an exponent. */
const maxZeros = 21

/** A number as people write it: `1000000.5`, `0.00025`, all its digits; an exponent only instead of more than 21 zeros. */
export function writtenNumber({ negative, digits, exponent }: Decimal): string {
  const sign = negative ? '-' : ''
  const power = exponent.length > 15 ? Infinity : Number(exponent)
  const before = digits.length + power
  if (digits === '') return '0'
  if (power > maxZeros || before < -maxZeros) return `${sign}${digits}e${exponent}`
  if (power >= 0) return sign + digits + '0'.repeat(power)
  const padded = digits.padStart(1 - power, '0')
  return `${sign}${padded.slice(0, power)}.${padded.slice(power)}`
}

/**
 * Whether every engine reads the number exactly: at most 15 significant digits, and far from the limits of a
 * double.
 */
export function isEasy({ digits, exponent }: Decimal): boolean {
  return (
    digits.length <= safeDigits &&
    exponent.length <= 4 &&
    Math.abs(Number(exponent) + digits.length - 1) <= 290
  )
}

/**
 * Whether a number surely is its own canonical text and easy to read: short, no exponent, no zero at a
 * fraction's end, not `-0`.
 */
export function isPlain(text: string, start: number, end: number): boolean {
  if (end - start > 15) return false
  let fraction = false
  for (let at = start; at < end; at += 1) {
    const code = text.charCodeAt(at)
    if (code > 0x39) return false
    if (code === 0x2e) fraction = true
  }
  if (text.charCodeAt(end - 1) !== 0x30) return true
  return !fraction && (text.charCodeAt(start) !== 0x2d || end - start > 2)
}

/** Numbers with more digits than this before or behind the point are not added up: `1e999999999` would take a gigabyte. */
export const maxPlaces = 1000
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
 * @returns false, and nothing is added, when it has more than `maxPlaces` digits before or behind the point
 */
export function addTo(total: Total, number: string): boolean {
  const { negative, digits, exponent } = decimal(number)
  const power = exponent.length > 6 ? Infinity : Number(exponent)
  if (power + digits.length > maxPlaces || power < -maxPlaces) return false
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
