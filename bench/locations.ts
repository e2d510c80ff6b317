/** Bytes of one record's compact JSON. */
export const recordBytes = 213

const start = Date.UTC(2017, 3, 23, 16, 0, 0)

/**
 * A location as the API's documents show it, as compact JSON of `recordBytes` bytes. No two numbers give the same one.
 * `lastUpdated` grows with the number, `data.locations.latitude` jumps about.
 * @param number from 0 to 8,999,999
 */
export function location(number: number): string {
  // Multipliers that share no divisor with the modulus visit every value once before any comes again.
  const latitude = String((BigInt(number) * 618_033_988_751n + 671_358_277_138n) % 10n ** 12n)
  const longitude = String((BigInt(number) * 41_421_356_237_309n) % 10n ** 14n)
  const time = new Date(start + number * 1000).toISOString()
  return (
    `{"id":${1_000_000 + number},"name":"record ${number % 10}","lastUpdated":"${time}","data":{"locations":` +
    `{"latitude":"51.${latitude.padStart(12, '0')}","longitude":"0.${longitude.padStart(14, '0')}",` +
    `"accuracy":"10.0","timestamp":"${time.slice(0, 19)}+0000"}}}`
  )
}

/** `count` locations from a number on. */
export function locations(first: number, count: number): string[] {
  return Array.from({ length: count }, (_, index) => location(first + index))
}
