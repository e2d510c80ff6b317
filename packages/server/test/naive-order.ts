/** The order of records, said as plainly as possible and with nothing of the server's own: what its reads are compared with. */

/** A record in a list whose first was saved first. */
export interface Kept {
  recordId: string
  text: string
}

const numberMark = Symbol('number')
type Exact = { [numberMark]: string }

const keepDigits = (_key: string, value: unknown, { source }: { source: string }): unknown =>
  typeof value === 'number' ? { [numberMark]: source } : value

/** A JSON value whose numbers keep their digits; of repeated keys the last counts, as `JSON.parse` has it. */
function parsed(text: string): unknown {
  return JSON.parse(text, keepDigits as (key: string, value: unknown) => unknown)
}

const isNumber = (value: unknown): value is Exact =>
  typeof value === 'object' && value !== null && numberMark in value

/** The value at a dotted path; `undefined` where there is none. */
function at(value: unknown, path: string): unknown {
  let found = value
  for (const name of path.split('.')) {
    if (typeof found !== 'object' || found === null || isNumber(found) || !Object.hasOwn(found, name))
      return undefined
    if (Array.isArray(found) && !/^\d+$/.test(name)) return undefined
    found = (found as Record<string, unknown>)[name]
  }
  return found
}

function rank(value: unknown): number {
  if (value === null) return 0
  if (typeof value === 'string') return 1
  if (isNumber(value)) return 2
  if (typeof value === 'boolean') return 3
  return Array.isArray(value) ? 4 : 5
}

/** A number as a whole number of units so small that none is lost. */
function scaled(source: string): bigint {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e')
  const digits = BigInt(mantissa.replace(/[-.]/g, ''))
  const decimals = mantissa.split('.')[1]?.length ?? 0
  return (mantissa.startsWith('-') ? -digits : digits) * 10n ** BigInt(1000 + Number(exponent) - decimals)
}

function compare(one: unknown, other: unknown): number {
  const order = rank(one) - rank(other)
  if (order !== 0) return order
  if (typeof one === 'string') return compareCodePoints(one, other as string)
  if (isNumber(one)) {
    const difference = scaled(one[numberMark]) - scaled((other as Exact)[numberMark])
    return difference < 0n ? -1 : difference > 0n ? 1 : 0
  }
  return typeof one === 'boolean' ? Number(one) - Number(other) : 0
}

function compareCodePoints(one: string, other: string): number {
  const [a, b] = [Array.from(one), Array.from(other)]
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const order = a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!
    if (order !== 0) return order
  }
  return a.length - b.length
}

/** Record ids in the order a read must give: what is missing last in both directions, newest first among equals. */
export function inOrder(records: readonly Kept[], orderBy: string, descending: boolean): string[] {
  const found = records.map(({ recordId, text }, place) => ({
    recordId,
    place,
    value: at(parsed(text), orderBy),
  }))
  found.sort((one, other) => {
    if (one.value === undefined || other.value === undefined)
      return Number(one.value === undefined) - Number(other.value === undefined) || other.place - one.place
    const order = compare(one.value, other.value)
    return (descending ? -order : order) || other.place - one.place
  })
  return found.map(({ recordId }) => recordId)
}
