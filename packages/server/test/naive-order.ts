/** The order of records, said as plainly as possible and with nothing of the server's own: what its reads are compared with. */

/** A record in a list whose first was saved first. */
export interface Kept {
  recordId: string
  text: string
}

/** A JSON value whose numbers keep their digits. */
export type Value = null | boolean | string | { digits: string } | Value[] | Map<string, Value>

const tokens = /"(?:[^"\\]|\\.)*"|[^\s",:[\]{}]+|[[\]{}]/g

/**
 * Reads valid JSON; of repeated keys the last counts. Not by `JSON.parse`, but for one string or word at a time: V8 takes some
 * escaped keys for others that it read before (nodejs/node#63785).
 */
export function parsed(text: string): Value {
  const left = text.match(tokens)!.values()
  return valueOf(left.next().value!, left)
}

/** The value that begins with a token; the tokens behind it are still to come. */
function valueOf(token: string, left: Iterator<string, undefined>): Value {
  if (token === '[') return Array.from(until(']', left), (first) => valueOf(first, left))
  if (token === '{') {
    const members = Array.from(until('}', left), (key): [string, Value] => [
      JSON.parse(key),
      valueOf(left.next().value!, left),
    ])
    return new Map(members)
  }
  return /^[-\d]/.test(token) ? { digits: token } : JSON.parse(token)
}

/** The tokens that begin an element or a member each, up to the closing one. */
function* until(end: string, left: Iterator<string, undefined>): Generator<string> {
  for (let token = left.next().value!; token !== end; token = left.next().value!) yield token
}

/** The value at a path; `undefined` where there is none. */
export function at(value: Value, path: readonly string[]): Value | undefined {
  let found: Value | undefined = value
  for (const name of path) {
    if (found instanceof Map) found = found.get(name)
    else found = Array.isArray(found) && /^(0|[1-9]\d*)$/.test(name) ? found[Number(name)] : undefined
  }
  return found
}

function rank(value: Value): number {
  if (value === null) return 0
  if (typeof value === 'string') return 1
  if (typeof value === 'boolean') return 3
  if (Array.isArray(value)) return 4
  return value instanceof Map ? 5 : 2
}

/** A number as a whole number of units so small that none is lost. */
function scaled(source: string): bigint {
  const [mantissa = '', exponent = '0'] = source.toLowerCase().split('e')
  const digits = BigInt(mantissa.replace(/[-.]/g, ''))
  const decimals = mantissa.split('.')[1]?.length ?? 0
  return (mantissa.startsWith('-') ? -digits : digits) * 10n ** BigInt(1000 + Number(exponent) - decimals)
}

/** The order of two values: negative, 0 where they tie, or positive. */
export function compare(one: Value, other: Value): number {
  const order = rank(one) - rank(other)
  if (order !== 0) return order
  if (typeof one === 'string') return compareCodePoints(one, other as string)
  if (rank(one) === 2) {
    const [a, b] = [one, other].map((value) => scaled((value as { digits: string }).digits))
    return a! < b! ? -1 : a! > b! ? 1 : 0
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
    value: at(parsed(text), orderBy.split('.')),
  }))
  found.sort((one, other) => {
    if (one.value === undefined || other.value === undefined)
      return Number(one.value === undefined) - Number(other.value === undefined) || other.place - one.place
    const order = compare(one.value, other.value)
    return (descending ? -order : order) || other.place - one.place
  })
  return found.map(({ recordId }) => recordId)
}
