import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Config } from '../../config.ts'
import { ApiError } from '../../errors.ts'
import { type Draft, type Slice, sliceLength, sliceSize } from '../../store/records/save.ts'
import { newUuid } from '../../uuids.ts'

/** A record as a reader finds it in a request's text; `end` is the offset behind it there. */
export interface Element extends Draft {
  end: number
}

/**
 * Reads a request's records, from the beginning each time. Only the first reading fills in what is derived from the data; a
 * record id is empty where the request gives none.
 */
type Read = (isFirst: boolean) => Iterable<Draft>

/** The records of one request, whatever its size: short ones in memory, of long ones only what cannot be read again. */
export interface Drafts {
  /** Whether the request was an array; a single value is answered with a single record. */
  list: boolean
  /** Of a short request how much of a unit it takes, shared with others, in rows or kilobytes; undefined for a long one. */
  weight: number | undefined
  slices(): Iterable<Slice>
  /** The answer's records as JSON texts, in order, without those whose positions are left out. */
  answers(left: ReadonlySet<number>): Iterable<string>
}

/** How long the reading of a long body may hold the event loop, in milliseconds. */
const turn = 5

/** What is kept of each thousand records of a long request, in few objects and 16 bytes each: there may be a million. */
type Block = { ids: Buffer; fingerprints: Buffer; awkward: ReadonlySet<number> }
const bytesEach = 16

/** Reads a request's records once, checking them, and keeps what the store and the answer need. */
export async function gatherDrafts(read: Read, list: boolean, config: Config): Promise<Drafts> {
  const kept = keeper()
  let [count, length, began] = [0, 0, performance.now()]
  let elements: Draft[] | undefined = []
  for (const element of read(true)) {
    for (const record of element.links.length === 0 ? [element] : nodesOf(element)) {
      if (record.recordId === '') record.recordId = newRecordId()
      if (++count > config.maxRecords) throw tooMany(config)
      length += record.text.length
      if (!elements) kept.keep(record)
    }
    elements?.push(element)
    if (elements && (count > sliceSize || length > sliceLength)) {
      for (const one of elements) for (const record of nodesOf(one)) kept.keep(record)
      elements = undefined
    }
    if (count % 64 === 0 && performance.now() - began > turn) {
      await nextTurn()
      began = performance.now()
    }
  }
  if (elements) {
    const short = elements
    return draftsOf(() => short, list, Math.max(count, length / 1024))
  }
  const blocks = kept.blocks()
  return draftsOf(() => filled(read(false), blocks), list, undefined)
}

const tooMany = ({ maxRecords }: Config) =>
  new ApiError('too_many_records', `The request has more than ${maxRecords} records (HATSTAND_MAX_RECORDS)`)

/** Keeps what is derived from the records of a long request. */
function keeper() {
  const blocks: Block[] = []
  let [ids, fingerprints, awkward]: [string[], string[], Set<number>] = [[], [], new Set()]
  const endBlock = () => {
    blocks.push({
      ids: Buffer.from(ids.join('').replaceAll('-', ''), 'hex'),
      fingerprints: Buffer.from(fingerprints.join(''), 'latin1'),
      awkward,
    })
    ;[ids, fingerprints, awkward] = [[], [], new Set()]
  }
  return {
    keep(record: Draft) {
      if (record.awkward) awkward.add(ids.length)
      fingerprints.push(record.fingerprint)
      if (ids.push(record.recordId) === sliceSize) endBlock()
    },
    blocks() {
      endBlock()
      return blocks
    },
  }
}

/** Records read again, with what was kept of their first reading. */
function* filled(elements: Iterable<Draft>, blocks: Block[]): Generator<Draft> {
  let index = 0
  for (const element of elements) {
    for (const record of nodesOf(element)) {
      const { ids, fingerprints, awkward } = blocks[Math.floor(index / sliceSize)]!
      const at = index % sliceSize
      const [from, to] = [at * bytesEach, (at + 1) * bytesEach]
      const digits = ids.toString('hex', from, to)
      record.recordId = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
      record.fingerprint = fingerprints.toString('latin1', from, to)
      record.awkward = awkward.has(at)
      index += 1
    }
    yield element
  }
}

function draftsOf(elements: () => Iterable<Draft>, list: boolean, weight: number | undefined): Drafts {
  return {
    list,
    weight,
    *slices() {
      let slice: Slice = { drafts: [], groups: [] }
      let length = 0
      for (const element of elements()) {
        if (slice.drafts.length >= sliceSize || length > sliceLength) {
          yield slice
          slice = { drafts: [], groups: [] }
          length = 0
        }
        addTo(slice, element)
        for (const record of nodesOf(element)) length += record.text.length
      }
      if (slice.drafts.length > 0) yield slice
    },
    *answers(left) {
      let index = 0
      for (const element of elements()) {
        if (!left.has(index++)) yield answerOf(element)
      }
    },
  }
}

/** Adds a record and those linked to it, which with it become a group; gives its position in the slice. */
function addTo(slice: Slice, record: Draft): number {
  const mine = slice.drafts.push(record) - 1
  if (record.links.length > 0) slice.groups.push([mine, ...record.links.map((link) => addTo(slice, link))])
  return mine
}

function answerOf({ endpoint, recordId, text, links }: Draft): string {
  const linked = links.length === 0 ? '' : links.map(answerOf).join()
  return `{"endpoint":"${endpoint}","recordId":"${recordId}","data":${text},"links":[${linked}]}`
}

/** A record and those linked to it, each before its own links. */
export function* nodesOf(record: Draft): Generator<Draft> {
  yield record
  for (const link of record.links) yield* nodesOf(link)
}

/** A new record id. */
const newRecordId = (): string => newUuid()
