import { elements, members, skipSpace, skipValue, stringValue, stringText } from '@hatstand/api/json.ts'
import { readDate } from '../json/dates.ts'
import { decimal, writtenNumber } from '../json/numbers.ts'

/** How coarse a value leaves: a number as the nearest multiple of a step, a date as its day, month or year. */
export type Coarseness = { to: 'step'; step: string } | { to: 'day' | 'month' | 'year' }

/** A value of a record and how coarse it leaves; what `path` names of an array is meant of each of its elements. */
export type Coarse = { path: string[] } & Coarseness

/** A number with more digits than this before the point leaves as null: nothing to work out. */
const maxPlaces = 1000

interface CoarseTree {
  to: Coarseness[]
  names: Map<string, CoarseTree>
}

const trees = new WeakMap<readonly Coarse[], CoarseTree>()

/**
 * A record's data with some values made coarser, all else exactly as it is spelt: every value that a path can mean, so repeated
 * keys too. What cannot be made coarser leaves as null: an object, a word, a text that is neither number nor date.
 *
 * @param coarse not changed afterwards, since what is made of it is kept for the next record
 * @param data valid JSON
 * @returns valid JSON
 */
export function coarsened(coarse: readonly Coarse[], data: string): string {
  if (coarse.length === 0) return data
  let tree = trees.get(coarse)
  if (!tree) trees.set(coarse, (tree = treeOf(coarse)))
  const output = { text: data, written: '', from: 0 }
  walk(output, skipSpace(data, 0), [tree])
  return output.written + data.slice(output.from)
}

function treeOf(coarse: readonly Coarse[]): CoarseTree {
  const root: CoarseTree = { to: [], names: new Map() }
  for (const { path, ...to } of coarse) {
    let tree = root
    for (const name of path) {
      const next = tree.names.get(name) ?? { to: [], names: new Map() }
      tree.names.set(name, next)
      tree = next
    }
    tree.to.push(to)
  }
  return root
}

/** The text so far, and from where the source goes on as it is. */
interface Output {
  text: string
  written: string
  from: number
}

/** Goes through one value and gives the offset behind it; `here` are the paths that lead to it and may go on. */
function walk(output: Output, start: number, here: readonly CoarseTree[]): number {
  const { text } = output
  const to = here.flatMap((tree) => tree.to)
  if (to.length > 0) return replaced(output, start, to)
  const step = (_text: string, at: number, name: string, also: readonly CoarseTree[]) => {
    const inner = here.flatMap((tree) => tree.names.get(name) ?? [])
    return inner.length + also.length === 0
      ? skipValue(text, at, Infinity)
      : walk(output, at, [...inner, ...also])
  }
  if (text[start] === '{')
    return last(members(text, start, Infinity, (_, at, _limit, key) => step(text, at, key, [])))
  if (text[start] !== '[') return skipValue(text, start, Infinity)
  let index = 0
  return last(elements(text, start, Infinity, (_, at) => step(text, at, String(index++), here)))
}

function last(reading: Generator<unknown, number, undefined>): number {
  let step = reading.next()
  while (!step.done) step = reading.next()
  return step.value
}

function replaced(output: Output, start: number, to: readonly Coarseness[]): number {
  const { text } = output
  if (text[start] === '[') return last(elements(text, start, Infinity, (_, at) => replaced(output, at, to)))
  const end = skipValue(text, start, Infinity)
  output.written += text.slice(output.from, start)
  output.written += to.reduce((value, one) => coarseValue(one, value), text.slice(start, end))
  output.from = end
  return end
}

/** A value that is no array. */
function coarseValue(to: Coarseness, value: string): string {
  if (value[0] === '"') return coarseText(to, stringValue(value, 0, value.length).trim())
  if (!/^[-\d]/.test(value)) return 'null'
  return (to.to === 'step' ? roundedTo(to.step, value) : coarseSeconds(to.to, value)) ?? 'null'
}

const digits = String.raw`-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?`
const pair = new RegExp(String.raw`^\+?(${digits})(\s*[,;]\s*|\s+)\+?(${digits})$`)
const alone = new RegExp(String.raw`^\+?(${digits})$`)

/** A text of one number, or of two as coordinates are written, stays one; a date stays a date; nothing else stays. */
function coarseText(to: Coarseness, text: string): string {
  if (text.length > 200) return 'null'
  if (to.to !== 'step') return coarseDate(to.to, text)
  const [, first, sign, second] = pair.exec(text) ?? alone.exec(text) ?? []
  const numbers = [first, second].filter((one) => one !== undefined).map((one) => roundedTo(to.step, one))
  if (numbers.length === 0 || numbers.includes(undefined)) return 'null'
  return stringText(numbers.join(/[,;]/.exec(sign ?? '')?.[0] ?? ' '))
}

/** As the day is written, whatever the zone; where it is not written in numbers, the day in UTC. */
function coarseDate(to: 'day' | 'month' | 'year', text: string): string {
  const length = { year: 4, month: 7, day: 10 }[to]
  const instant = readDate(text)
  if (instant === undefined || Math.abs(instant) > 8.64e15) {
    const seconds = alone.exec(text)?.[1]
    const coarse = seconds && coarseSeconds(to, seconds)
    return coarse ? `"${coarse}"` : 'null'
  }
  const written = /^\d{4}-\d\d(?:-\d\d)?(?!\d)/.exec(text)?.[0]
  const day = written ?? new Date(instant).toISOString().replace(/T.*/, '')
  return stringText(/^\d{4}/.test(day) ? day.slice(0, length) : day.replace(/-\d\d-\d\d$/, ''))
}

/** What unix times count, by their size: seconds until 2103, then thousandths and so on until then. */
const units = [1, 1e3, 1e6, 1e9].map((perSecond) => ({ perSecond, most: 4.2e9 * perSecond }))

/** A unix time as the beginning of its day, month or year, UTC, counted as it was. */
function coarseSeconds(to: 'day' | 'month' | 'year', text: string): string | undefined {
  const time = Number(text)
  const unit = units.find(({ most }) => Math.abs(time) <= most)
  if (!unit) return undefined
  const date = new Date(Math.floor((time / unit.perSecond) * 1000))
  date.setUTCHours(0, 0, 0, 0)
  if (to !== 'day') date.setUTCDate(1)
  if (to === 'year') date.setUTCMonth(0)
  return writtenNumber(decimal(`${date.getTime() / 1000}e${Math.log10(unit.perSecond)}`))
}

/**
 * The multiple of a step that is nearest to a number, of two the even one: exactly.
 *
 * @param step a JSON number greater than nought, as `readNarrowing` takes it
 * @returns undefined when the number has more than 1000 digits before the point
 */
export function roundedTo(step: string, number: string): string | undefined {
  const value = decimal(number)
  const by = decimal(step)
  const power =
    value.exponent.length > 9 ? Infinity * Number(`${value.exponent[0]}1`) : Number(value.exponent)
  if (power + value.digits.length > maxPlaces) return undefined
  if (power + value.digits.length < -maxPlaces) return '0'
  const cut = Math.min(Math.max(value.digits.length, 1), Math.max(power + value.digits.length, 0) + maxPlaces)
  // What is cut off is not nought: a one in its place keeps the number off the middle between two multiples.
  const kept = value.digits.length > cut ? `${value.digits.slice(0, cut)}1` : value.digits
  const scale = power + value.digits.length - kept.length - Number(by.exponent)
  const [size, divisor] = [BigInt(kept) * tenTo(scale), BigInt(by.digits) * tenTo(-scale)]
  const [whole, rest] = [size / divisor, size % divisor]
  const up = rest * 2n > divisor || (rest * 2n === divisor && whole % 2n === 1n)
  const multiple = (up ? whole + 1n : whole) * BigInt(by.digits)
  return writtenNumber(decimal(`${value.negative ? '-' : ''}${multiple}e${by.exponent}`))
}

/** Ten to the power, or one where it is negative. */
const tenTo = (power: number): bigint => 10n ** BigInt(Math.max(power, 0))
