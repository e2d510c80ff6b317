import { readDate } from './date-spellings.ts'

/** The earliest and the first no longer possible moment a data debit may begin, and its longest period: so that all its dates are years of four digits. */
const earliest = Date.UTC(1900, 0, 1)
const latest = Date.UTC(3000, 0, 1)
const longestPeriod = 366_000 * 86_400_000

/**
 * A moment as clients send it: a text in any spelling of date-spellings.ts, or milliseconds since 1970.
 * @returns milliseconds since 1970; undefined when it is none, or not between the years 1900 and 3000
 */
export function readMoment(value: unknown): number | undefined {
  const time = typeof value === 'string' ? readDate(value.trim()) : value
  if (typeof time !== 'number' || Number.isNaN(time)) return undefined
  const moment = Math.floor(time)
  return moment >= earliest && moment < latest ? moment : undefined
}

const units = { w: 604_800_000, d: 86_400_000, h: 3_600_000, min: 60_000, s: 1000 } as const
const number = String.raw`(\d{1,15}(?:[.,]\d{1,9})?)`
const duration = new RegExp(
  `^P(?:${number}W)?(?:${number}D)?(?:T(?=\\d)(?:${number}H)?(?:${number}M)?(?:${number}S)?)?$`,
  'i',
)

/**
 * A length of time as clients send it: milliseconds, or an ISO 8601 duration. Years and months are of no certain length, and none.
 * @returns whole milliseconds; undefined when it is none, less than one, or more than a thousand years
 */
export function readPeriod(value: unknown): number | undefined {
  const length = typeof value === 'string' ? readDuration(value.trim()) : value
  if (typeof length !== 'number' || !(length >= 1) || length > longestPeriod) return undefined
  return Math.floor(length)
}

function readDuration(text: string): number | undefined {
  const written = duration.exec(text)?.slice(1)
  if (!written) return undefined
  const lengths = Object.values(units).map((unit, index) =>
    Math.round(Number((written[index] ?? '0').replace(',', '.')) * unit),
  )
  return lengths.reduce((sum, one) => sum + one, 0)
}

/** A moment as most dates of a data debit are written: `2018-02-15T03:52:37.000Z`. */
export const writtenMoment = (moment: number): string => new Date(moment).toISOString()

/** A moment as the dates of creation are written: `2018-01-02T15:22:42+0000`, without what is less than a second. */
export const writtenCreation = (moment: number): string => writtenMoment(moment).replace(/\.\d+Z$/, '+0000')
