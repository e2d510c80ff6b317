import { at, compare, parsed, type Value } from './naive-order.ts'

/**
 * What a query answers, said as plainly as possible and with nothing of the server's own: everything is loaded, filtered and
 * mapped in JavaScript. It takes queries and records as texts; numbers keep their digits.
 */

/** A record; in a list the first was saved first. */
export interface Kept {
  recordId: string
  endpoint: string
  text: string
  /** The ids of the records it is linked with. */
  linked?: readonly string[]
}

/** A record as a query answers it. */
export interface Shown {
  recordId: string
  endpoint: string
  data: Value
  links: Shown[]
}

/** The names of a dotted path, brackets read as elements. */
export function namesOf(path: string): string[] {
  const names = path.match(/(?:[^.\\[\]]|\\.)+/gs) ?? []
  return names.map((name) => name.replaceAll(/\\(.)/gs, '$1'))
}

const member = (value: Value | undefined, name: string) =>
  value instanceof Map ? value.get(name) : undefined
const textAt = (value: Value | undefined, name: string) => member(value, name) as string
const listAt = (value: Value | undefined, name: string) => (member(value, name) ?? []) as Value[]

/** What a property of a bundle answers: the member `endpoints` is a combinator. */
export function answered(records: readonly Kept[], property: string): Shown[] {
  const query = parsed(property)
  const orderBy = textAt(query, 'orderBy')
  const ordering = textAt(query, 'ordering')
  const limit = member(query, 'limit') as { digits: string } | null | undefined
  const rows = listAt(query, 'endpoints').flatMap((one, index) =>
    records.flatMap((record, place) => {
      const data = parsed(record.text)
      if (record.endpoint !== textAt(one, 'endpoint') || !passes(one, data)) return []
      const key = typeof orderBy === 'string' ? at(data, orderPath(one, orderBy)) : undefined
      return [{ shown: shown(one, record, records), key, place, index }]
    }),
  )
  rows.sort((a, b) => {
    const behind = b.place - a.place || a.index - b.index
    if (typeof orderBy !== 'string')
      return ordering === 'ascending' ? a.place - b.place || a.index - b.index : behind
    if (a.key === undefined || b.key === undefined)
      return Number(a.key === undefined) - Number(b.key === undefined) || behind
    const order = compare(a.key, b.key)
    return (ordering === 'descending' ? -order : order) || behind
  })
  return rows.slice(0, limit ? Number(limit.digits) : undefined).map((row) => row.shown)
}

/** Where a query finds what it is ordered by. */
export function orderPath(query: Value, orderBy: string): string[] {
  return namesOf(textAt(member(query, 'mapping'), orderBy) ?? orderBy)
}

function shown(query: Value, record: Kept, records: readonly Kept[]): Shown {
  const mapping = member(query, 'mapping')
  const data = parsed(record.text)
  const links = listAt(query, 'links').flatMap((link) =>
    records
      .filter(({ recordId, endpoint, text }) => {
        const isLinked = record.linked?.includes(recordId) ?? false
        return isLinked && endpoint === textAt(link, 'endpoint') && passes(link, parsed(text))
      })
      .map((linked) => shown(link, linked, records)),
  )
  const { recordId, endpoint } = record
  return { recordId, endpoint, data: mapping instanceof Map ? mapped(mapping, data) : data, links }
}

/** Whether data passes all filters of a query. */
export const passes = (query: Value, data: Value): boolean =>
  listAt(query, 'filters').every((filter) => {
    const names = namesOf(textAt(filter, 'field'))
    const field = at(data, names)
    return field !== undefined && passesOne(filter, field)
  })

function passesOne(filter: Value, field: Value): boolean {
  const transformation = member(filter, 'transformation')
  const part = textAt(transformation, 'part')
  const operator = member(filter, 'operator')
  const kind = textAt(operator, 'operator')
  if (kind === 'find') return finds(field, textAt(operator, 'search'))
  const value = part ? datePart(field, part) : field
  if (value === undefined) return false
  if (kind === 'between') return isBetween(value, member(operator, 'lower')!, member(operator, 'upper')!)
  const other = member(operator, 'value')!
  return kind === 'contains' ? holds(value, other) : holds(other, value)
}

const kindOf = (value: Value) => (Array.isArray(value) ? 'array' : value instanceof Map ? 'object' : 'scalar')
const jsonKind = (value: Value) =>
  value === null ? 'null' : typeof value === 'object' ? 'number' : typeof value
const equal = (one: Value, other: Value) =>
  kindOf(one) === 'scalar' &&
  kindOf(other) === 'scalar' &&
  jsonKind(one) === jsonKind(other) &&
  compare(one, other) === 0

const isBetween = (value: Value, lower: Value, upper: Value) =>
  kindOf(value) === 'scalar' &&
  jsonKind(value) === jsonKind(lower) &&
  compare(lower, value) <= 0 &&
  compare(value, upper) <= 0

/** PostgreSQL's `jsonb @>`: a list holds a lone scalar too, but only as a whole. */
function holds(whole: Value, part: Value): boolean {
  if (Array.isArray(whole) && kindOf(part) === 'scalar') return whole.some((element) => equal(element, part))
  return holdsDeep(whole, part)
}

function holdsDeep(whole: Value, part: Value): boolean {
  if (Array.isArray(whole) && Array.isArray(part))
    return part.every((element) => whole.some((other) => holdsDeep(other, element)))
  if (whole instanceof Map && part instanceof Map)
    return [...part].every(([key, value]) => whole.has(key) && holdsDeep(whole.get(key)!, value))
  return equal(whole, part)
}

/** Only for words of three or more English letters. */
function finds(field: Value, search: string): boolean {
  const words = new Set(stringsOf(field).flatMap((text) => text.toLowerCase().match(/[a-z]{3,}/g) ?? []))
  return search
    .toLowerCase()
    .match(/[a-z]{3,}/g)!
    .every((word) => words.has(word))
}

function stringsOf(value: Value): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(stringsOf)
  return value instanceof Map ? [...value.values()].flatMap(stringsOf) : []
}

/** Of dates in ISO 8601 and in the documents' own spelling, and of unix seconds, to the millisecond. */
function datePart(field: Value, part: string): Value | undefined {
  const time =
    jsonKind(field) === 'number' ? 1000 * Number((field as { digits: string }).digits) : timeOf(field)
  return Math.abs(time) < 8e15 ? { digits: String(partOf(new Date(time), part)) } : undefined
}

function timeOf(field: Value): number {
  if (typeof field !== 'string') return NaN
  if (/^-?\d+(\.\d+)?$/.test(field)) return Number(field) * 1000
  const spelt = field.replace(/:(?=[+-])/, '').replace(/([+-]\d\d)(\d\d)$/, '$1:$2')
  return /^\d{4}-\d\d-\d\d([T ][\d:.]+(Z|[+-][\d:]+)?)?$/.test(spelt) ? Date.parse(utc(spelt)) : NaN
}

const utc = (text: string) => (/T|:/.test(text) && !/(Z|[+-]\d\d:?\d\d)$/.test(text) ? `${text}Z` : text)

function partOf(date: Date, part: string): number {
  const [, year, month, day, hour, minute, second] = /^(.*)-(..)-(..)T(..):(..):(.*)Z$/
    .exec(date.toISOString())!
    .map(Number) as [number, number, number, number, number, number, number]
  const parts: Record<string, number> = {
    year,
    month,
    day,
    hour,
    minute,
    second,
    dow: (Math.floor(date.getTime() / 86_400_000) + 7_000_000_004) % 7,
    quarter: Math.ceil(month / 3),
    epoch: date.getTime() / 1000,
    decade: Math.floor(year / 10),
    century: Math.ceil(year / 100),
    doy: 1 + (Date.UTC(year, month - 1, day) - Date.UTC(year, 0, 1)) / 86_400_000,
    milliseconds: Math.round(second * 1000),
  }
  return parts[part]!
}

/** Data reshaped by a mapping; numbers keep their digits. */
export function mapped(mapping: Map<string, Value>, data: Value): Value {
  let result: Value = new Map()
  for (const [to, rule] of mapping) {
    const value = ruled(to, rule, data)
    if (value === undefined) continue
    const names = namesOf(to.replace(/\[\]$/, ''))
    result = merged(
      result,
      names.reduceRight<Value>((inner, name) => new Map([[name, inner]]), value),
    )
  }
  return result
}

function ruled(to: string, rule: Value, data: Value): Value | undefined {
  if (typeof rule === 'string') return at(data, namesOf(rule))
  const source = at(data, namesOf(textAt(rule, 'source').replace(/\[\]$/, '')))
  const mapping = member(rule, 'mappings') as Map<string, Value>
  const inner = (value: Value) => mapped(mapping, value)
  if (to.endsWith('[]')) return Array.isArray(source) ? source.filter(isStructure).map(inner) : undefined
  return source !== undefined && isStructure(source) ? inner(source) : undefined
}

const isStructure = (value: Value) => kindOf(value) !== 'scalar'

function merged(one: Value, other: Value): Value {
  if (!(one instanceof Map) || !(other instanceof Map)) return other
  const both = new Map(one)
  for (const [key, value] of other) both.set(key, both.has(key) ? merged(both.get(key)!, value) : value)
  return both
}
