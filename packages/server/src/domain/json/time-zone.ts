/** What a date histogram counts by; weeks begin on Monday (ISO 8601). */
export const intervals = ['year', 'quarter', 'month', 'week', 'day', 'hour'] as const
export type Interval = (typeof intervals)[number]

/** A time zone; times are milliseconds since 1970, within the years 1 to 9999. */
export interface TimeZone {
  name: string
  /** How far the zone's clocks are ahead of UTC at an instant, in milliseconds. */
  offsetAt: (instant: number) => number
}

const day = 86_400_000
const hour = 3_600_000
/** A formatter takes long to make and some ten kilobytes to keep. */
const maxZones = 16
const maxDays = 20_000
const zones = new Map<string, TimeZone>()

/**
 * The rules of a time zone, from `Intl`.
 *
 * @param name of the IANA database (`Europe/Berlin`, `UTC`) or an offset (`+05:30`)
 * @returns undefined when there is no such zone
 */
export function timeZone(name: string): TimeZone | undefined {
  const known = zones.get(name)
  if (known) return known
  const clock = clockOf(name)
  if (!clock) return undefined
  const zone = { name, offsetAt: remembering(clock) }
  if (zones.size >= maxZones) zones.clear()
  zones.set(name, zone)
  return zone
}

function clockOf(name: string): Intl.DateTimeFormat | undefined {
  if (!/^[A-Za-z0-9+][A-Za-z0-9_+\-/:]{0,63}$|^-\d\d:?\d\d$/.test(name)) return undefined
  try {
    const [whole, short] = ['numeric', 'short'] as const
    const time = { hour: whole, minute: whole, second: whole, hourCycle: 'h23' } as const
    const date = { year: whole, month: whole, day: whole, era: short, calendar: 'gregory' } as const
    return new Intl.DateTimeFormat('en-US', { timeZone: name, numberingSystem: 'latn', ...date, ...time })
  } catch {
    return undefined
  }
}

/** Asks the formatter twice a day of the calendar at most; where the two differ, it looks for the second of the change. */
function remembering(clock: Intl.DateTimeFormat): (instant: number) => number {
  const starts = new Map<number, number>()
  const changes = new Map<number, number>()
  const startOf = (index: number) => remembered(starts, index, () => shownOffset(clock, index * day))
  return (instant) => {
    const index = Math.floor(instant / day)
    const [before, after] = [startOf(index), startOf(index + 1)]
    if (before === after) return before
    const change = remembered(changes, index, () =>
      firstWith((at) => shownOffset(clock, at) !== before, index * day, (index + 1) * day),
    )
    return instant < change ? before : after
  }
}

function remembered(kept: Map<number, number>, key: number, make: () => number): number {
  const known = kept.get(key)
  if (known !== undefined) return known
  if (kept.size >= maxDays) kept.clear()
  const made = make()
  kept.set(key, made)
  return made
}

/** The first whole second, behind `low` and up to `high`, at which the test is true; it stays true from there on. */
function firstWith(test: (at: number) => boolean, low: number, high: number): number {
  let [no, yes] = [Math.floor(low / 1000), Math.ceil(high / 1000)]
  while (yes - no > 1) {
    const middle = Math.floor((no + yes) / 2)
    if (test(middle * 1000)) yes = middle
    else no = middle
  }
  return yes * 1000
}

/** What the clock shows at a whole second, read as if it were UTC, less the instant. */
function shownOffset(clock: Intl.DateTimeFormat, instant: number): number {
  const parts = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, value]))
  const year = parts['era'] === 'BC' ? 1 - Number(parts['year']) : Number(parts['year'])
  const time = [parts['hour'], parts['minute'], parts['second']].map(Number)
  return utc(year, Number(parts['month']) - 1, Number(parts['day']), ...time) - instant
}

/** `Date.UTC` without its own reading of the years 0 to 99. */
function utc(year: number, month: number, date: number, hours = 0, minutes = 0, seconds = 0): number {
  const moment = new Date(0)
  moment.setUTCFullYear(year, month, date)
  return moment.setUTCHours(hours, minutes, seconds)
}

/** The first instant at which the zone's clocks show a local time, or a later one when they skip it. */
export function instantOfLocal({ offsetAt }: TimeZone, local: number): number {
  const [earlier, later] = [offsetAt(local - day), offsetAt(local + day)]
  const candidates = [local - earlier, local - later]
  const shown = candidates.find((instant) => instant + offsetAt(instant) === local)
  return shown ?? firstWith((at) => at + offsetAt(at) >= local, local - later - 1000, local - earlier)
}

/**
 * When the year, month ... hour began in which an instant lies, on the clocks of the zone: 23 and 25 hours make a day where clocks
 * change, an hour that comes twice is two, and a day that skips midnight begins when it begins.
 *
 * @returns an instant too
 */
export function intervalStart(zone: TimeZone, instant: number, interval: Interval): number {
  const offset = zone.offsetAt(instant)
  const local = instant + offset
  if (interval === 'hour') return Math.floor(local / hour) * hour - offset
  return instantOfLocal(zone, localStart(local, interval))
}

function localStart(local: number, interval: Exclude<Interval, 'hour'>): number {
  const days = Math.floor(local / day)
  if (interval === 'day') return days * day
  // 1970 began on a Thursday.
  if (interval === 'week') return (days - ((((days + 3) % 7) + 7) % 7)) * day
  const date = new Date(local)
  const month = date.getUTCMonth()
  const first = { year: 0, quarter: month - (month % 3), month }[interval]
  return utc(date.getUTCFullYear(), first, 1)
}

/** An instant as the zone's clocks show it, to the second, and their offset: `2026-03-29T00:00:00+01:00`. */
export function localTime({ offsetAt }: TimeZone, instant: number): string {
  const offset = offsetAt(instant)
  const shown = new Date(instant + offset).toISOString().slice(0, -5)
  if (offset === 0) return `${shown}Z`
  const size = new Date(Math.abs(offset)).toISOString().slice(11, 19)
  return `${shown}${offset < 0 ? '-' : '+'}${size.endsWith(':00') ? size.slice(0, -3) : size}`
}
