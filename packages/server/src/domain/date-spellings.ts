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
