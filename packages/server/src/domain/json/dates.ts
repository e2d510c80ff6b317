import { stringValue } from '@hatstand/api/json.ts'
import { decimal } from './numbers.ts'

/** Milliseconds since 1970, UTC, with microseconds as a fraction. */
type Instant = number

const dayLength = 86_400_000
/** What a `Date` reaches either way, less the year that the parts of its last day need. */
const furthest = 8.6e15

/**
 * When a JSON value says it is, read as a date: text in any spelling of date-spellings.ts, or unix seconds, as a number or as
 * digits in a text. Without a zone it is UTC.
 *
 * @param text valid JSON, of which `start` to `end` is the value
 * @returns `undefined` when it is no date; never throws
 */
export function instantOfDate(text: string, start = 0, end = text.length): Instant | undefined {
  const source = sourceOf(text, start, end)
  const date = text[start] === '"' ? readDate(source) : undefined
  return inReach(date ?? readSeconds(source))
}

/** The same, read as unix seconds: `"20170410"` is so many of them, and no day in April. */
export function instantOfSeconds(text: string, start = 0, end = text.length): Instant | undefined {
  const source = sourceOf(text, start, end)
  return inReach(readSeconds(source) ?? (text[start] === '"' ? readDate(source) : undefined))
}

/** What is too long to be a date is none, and is not looked at. */
function sourceOf(text: string, start: number, end: number): string {
  if (end - start > 200) return ''
  return text[start] === '"' ? stringValue(text, start, end).trim() : text.slice(start, end)
}

/** Exact to the microsecond; finer digits are cut off. */
function readSeconds(source: string): number | undefined {
  if (!/^[-+]?\d+(\.\d+)?(e[-+]?\d+)?$/i.test(source)) return undefined
  const { negative, digits, exponent } = decimal(source.startsWith('+') ? source.slice(1) : source)
  const point = digits.length + Number(exponent)
  if (point > 16) return undefined
  const whole = Number(digits.slice(0, Math.max(point, 0)).padEnd(point, '0'))
  const fraction = '0'.repeat(Math.min(Math.max(-point, 0), 6)) + digits.slice(Math.max(point, 0))
  const size = whole * 1000 + Number(fraction.padEnd(6, '0').slice(0, 6)) / 1000
  return negative ? -size : size
}

function inReach(instant: number | undefined): Instant | undefined {
  return instant !== undefined && Math.abs(instant) <= furthest ? instant : undefined
}

/** The parts of a date, named and counted as PostgreSQL's `date_part` does: weeks and `isoyear` of ISO 8601, `dow` 0 on Sundays. */
const parts = {
  microseconds: microsOf,
  milliseconds: (date, micros) => microsOf(date, micros) / 1000,
  second: (date, micros) => microsOf(date, micros) / 1e6,
  minute: (date) => date.getUTCMinutes(),
  hour: (date) => date.getUTCHours(),
  day: (date) => date.getUTCDate(),
  week: (date) => Math.ceil(dayOfYear(thursdayOf(date)) / 7),
  month: (date) => date.getUTCMonth() + 1,
  quarter: (date) => Math.floor(date.getUTCMonth() / 3) + 1,
  year: yearOf,
  isoyear: (date) => yearOf(thursdayOf(date)),
  decade: (date) => Math.floor(date.getUTCFullYear() / 10),
  century: (date) => hundreds(yearOf(date), 100),
  millennium: (date) => hundreds(yearOf(date), 1000),
  dow: (date) => date.getUTCDay(),
  isodow: (date) => date.getUTCDay() || 7,
  doy: dayOfYear,
  epoch: (date, micros) => (micros === 0 ? date.getTime() / 1000 : (date.getTime() * 1000 + micros) / 1e6),
} satisfies Record<string, (date: Date, micros: number) => number>

export type DatePart = keyof typeof parts
export const dateParts = Object.keys(parts) as DatePart[]

/**
 * A part of a date, in UTC.
 *
 * @param when an instant, or the text of a date
 * @returns `undefined` when it is no date; never throws
 */
export function datePart(when: Instant | string | undefined, part: DatePart): number | undefined {
  const instant = typeof when === 'string' ? (readDate(when.trim()) ?? readSeconds(when.trim())) : when
  const reached = inReach(instant)
  if (reached === undefined) return undefined
  const micros = Math.round((reached - Math.floor(reached)) * 1000)
  return parts[part](new Date(Math.floor(reached)), micros)
}

function microsOf(date: Date, micros: number): number {
  return date.getUTCSeconds() * 1e6 + date.getUTCMilliseconds() * 1000 + micros
}

/** No year is nought: the one before 1 is -1. */
function yearOf(date: Date): number {
  const year = date.getUTCFullYear()
  return year > 0 ? year : year - 1
}

/** The first of them are the years 1 to 100, and the last before those -100 to -1. */
function hundreds(year: number, length: number): number {
  return year > 0 ? Math.ceil(year / length) : -Math.ceil(-year / length)
}

function dayOfYear(date: Date): number {
  const first = new Date(date)
  first.setUTCMonth(0, 1)
  return Math.round((date.getTime() - first.getTime()) / dayLength) + 1
}

/** The week of ISO 8601 belongs to the year of its Thursday. */
function thursdayOf(date: Date): Date {
  return new Date(date.getTime() + (4 - (date.getUTCDay() || 7)) * dayLength)
}

/** Year, month, day, hour, minute, second, fraction, zone: each as it is written, or left out. */
type Written = Partial<Record<'y' | 'mon' | 'd' | 'h' | 'min' | 's' | 'f' | 'z', string>>

const time = String.raw`(?<h>\d\d)(?::?(?<min>\d\d)(?::?(?<s>\d\d)(?:[.,](?<f>\d+))?)?)?`
const zone = String.raw`(?<z>[Zz]|(?:UTC|GMT)?[-+\u2212]\d\d(?::?\d\d(?::?\d\d)?)?|UTC|GMT)`
const monthName =
  '(?<mon>Jan|Feb|Mar|Apr|May|June?|July?|Aug|Sept?|Oct|Nov|Dec|' +
  'January|February|March|April|August|September|October|November|December)'
const weekday = '(?:(?:Mon|Tues?|Wed(?:nes)?|Thu(?:rs)?|Fri|Sat(?:ur)?|Sun)(?:day)?,? +)?'
const remark = String.raw`(?: *[[(][^\])]*[\])])?`

const months = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']

/** In each, the later parts may be missing; the time is behind the date. */
const spellings = [
  // ISO 8601, extended or basic; the HAT documents have a colon between time and zone: 2017-04-10T14:19:59:+01:00.
  new RegExp(
    String.raw`^(?<y>[-+]\d{6}|\d{4})(?<dash>[-/]?)(?<mon>\d\d)\k<dash>(?<d>\d\d)(?:(?:[Tt]| +)${time}:? *${zone}?${remark})?$`,
  ),
  /^(?<y>\d{4})(?:-(?<mon>\d\d))?$/,
  // RFC 5322: Mon, 10 Apr 2017 14:19:59 +0100
  new RegExp(`^${weekday}(?<d>\\d{1,2}) ${monthName} (?<y>\\d{4})(?:,? +${time} *${zone}?${remark})?$`, 'i'),
  // What social networks send: Mon Apr 10 14:19:59 +0100 2017
  new RegExp(`^${weekday}${monthName} +(?<d>\\d{1,2}) ${time} *${zone}? +(?<y>\\d{4})$`, 'i'),
  // What browsers print: Mon Apr 10 2017 14:19:59 GMT+0100 (BST)
  new RegExp(
    `^${weekday}${monthName} +(?<d>\\d{1,2}),? (?<y>\\d{4})(?:,? +${time} *${zone}?${remark})?$`,
    'i',
  ),
]

/**
 * Reads a date as leniently as it can be without guessing: no day before month or the other way round, no zone but an offset.
 *
 * @param text without white space around it
 * @returns milliseconds since 1970, UTC, microseconds as a fraction; `undefined` when it is no date there is
 */
export function readDate(text: string): number | undefined {
  if (text.length > 100) return undefined
  for (const spelling of spellings) {
    const written: Written | undefined = spelling.exec(text)?.groups
    if (written) return instantOf(written)
  }
  return undefined
}

function instantOf({
  y = '',
  mon = '1',
  d = '1',
  h = '0',
  min = '0',
  s = '0',
  f = '',
  z = '',
}: Written): number | undefined {
  const [year, date, hour, minute, second] = [y, d, h, min, s].map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ]
  const month = months.indexOf(mon.slice(0, 3).toLowerCase()) + 1 || Number(mon)
  const day = new Date(0)
  day.setUTCFullYear(year, month - 1, date)
  const exists = day.getUTCMonth() === month - 1 && day.getUTCDate() === date
  const isTime = (hour < 24 || (hour === 24 && minute + second === 0)) && minute < 60 && second <= 60
  const offset = offsetOf(z)
  if (!exists || !isTime || offset === undefined) return undefined
  const seconds = hour * 3600 + minute * 60 + second - offset
  return day.getTime() + seconds * 1000 + Number(f.padEnd(6, '0').slice(0, 6)) / 1000
}

/** Seconds east of UTC. */
function offsetOf(written: string): number | undefined {
  const digits = written.replace(/\D/g, '')
  const [hours, minutes, seconds] = [0, 2, 4].map((at) => Number(digits.slice(at, at + 2))) as [
    number,
    number,
    number,
  ]
  if (hours > 23 || minutes > 59 || seconds > 59) return undefined
  const offset = hours * 3600 + minutes * 60 + seconds
  return /[-\u2212]/.test(written) ? -offset : offset
}
