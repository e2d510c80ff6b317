import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Config } from '../config.ts'
import { type Canonical, fingerprint } from '../domain/fingerprint.ts'
import { ApiError } from '../errors.ts'
import type { Draft, Slice } from '../store/drafts.ts'
import { sliceSize } from '../store/records.ts'
import type { Value } from './json-values.ts'
import { newRecordId } from './record-ids.ts'

/** A record as it stands in a request's text: where its data begins and ends, and the records given as its links. */
export interface Node {
  endpoint: string
  start: number
  end: number
  links: Node[]
  /** Of an update: which record. */
  recordId?: string
  /** Of the data, where the reading made it. */
  canonical?: Canonical | undefined
}

/** An element of a request: the record at its head; `end` is behind the element. */
export interface Element {
  node: Node
  end: number
}

/** The records of one request, whatever its size: short ones in memory, of long ones only what cannot be read again. */
export interface Drafts {
  /** Whether the request was an array; a single value is answered with a single record. */
  list: boolean
  /** Records in all, linked ones included. */
  count: number
  slices(): Iterable<Slice>
  /** The answer's records as JSON texts, in order, without those whose positions are left out. */
  answers(left: ReadonlySet<number>): Iterable<string>
}

/** How long the reading of a long body may hold the event loop, in milliseconds. */
const turn = 5

/** What is kept of each thousand records, in few objects: there may be a million. */
type Block = { ids: string; fingerprints: Buffer; awkward: boolean[] }
const idLength = 36
const fingerprintLength = 16

/**
 * Reads a request's records once, checking them, and keeps what the store and the answer need.
 * @param read the elements, from the beginning each time; the first reading makes each data's canonical text
 */
export async function gatherDrafts(
  read: (isFirst: boolean) => Iterable<Value<Element>>,
  list: boolean,
  config: Config,
): Promise<Drafts> {
  const blocks: Block[] = []
  let short: Value<Element>[] | undefined = []
  let count = 0
  let ids: string[] = []
  let fingerprints: Uint8Array[] = []
  let awkwards: boolean[] = []
  const endBlock = () => {
    blocks.push({ ids: ids.join(''), fingerprints: Buffer.concat(fingerprints), awkward: awkwards })
    ;[ids, fingerprints, awkwards] = [[], [], []]
  }
  let began = performance.now()
  for (const value of read(true)) {
    for (const node of nodesOf(value.read.node)) {
      if (count >= config.maxRecords)
        throw new ApiError(
          'too_many_records',
          `The request has more than ${config.maxRecords} records (HATSTAND_MAX_RECORDS)`,
        )
      const { text, awkward } = node.canonical!
      ids.push(node.recordId ?? newRecordId())
      fingerprints.push(fingerprint(node.endpoint, text))
      awkwards.push(awkward)
      node.canonical = undefined
      count += 1
      if (ids.length === sliceSize) endBlock()
    }
    short?.push(value)
    if (count > sliceSize) short = undefined
    if (performance.now() - began > turn) {
      await nextTurn()
      began = performance.now()
    }
  }
  endBlock()
  const kept = short
  return drafts(blocks, count, list, () => kept ?? read(false))
}

function drafts(
  blocks: Block[],
  count: number,
  list: boolean,
  values: () => Iterable<Value<Element>>,
): Drafts {
  return {
    list,
    count,
    *slices() {
      let slice: Slice = { drafts: [], groups: [] }
      let index = 0
      for (const { text, read } of values()) {
        if (slice.drafts.length >= sliceSize) {
          yield slice
          slice = { drafts: [], groups: [] }
        }
        index = addElement(slice, text, read.node, blocks, index)
      }
      if (slice.drafts.length > 0) yield slice
    },
    *answers(left) {
      let index = 0
      const answer = (text: string, node: Node): string => {
        const head = `{"endpoint":"${node.endpoint}","recordId":"${idAt(blocks, index++)}","data":`
        const links = node.links.map((link) => answer(text, link))
        return `${head}${text.slice(node.start, node.end)},"links":[${links.join()}]}`
      }
      for (const { text, read } of values()) {
        if (left.has(index)) index += 1
        else yield answer(text, read.node)
      }
    },
  }
}

function addElement(slice: Slice, text: string, node: Node, blocks: Block[], first: number): number {
  let index = first
  const add = (one: Node): number => {
    const { fingerprints, awkward } = blocks[Math.floor(index / sliceSize)]!
    const at = index % sliceSize
    const draft: Draft = {
      endpoint: one.endpoint,
      recordId: idAt(blocks, index),
      text: text.slice(one.start, one.end),
      fingerprint: fingerprints.subarray(at * fingerprintLength, (at + 1) * fingerprintLength),
      awkward: awkward[at]!,
    }
    index += 1
    const mine = slice.drafts.push(draft) - 1
    const linked = one.links.map(add)
    if (linked.length > 0) slice.groups.push([mine, ...linked])
    return mine
  }
  add(node)
  return index
}

function idAt(blocks: Block[], index: number): string {
  const at = (index % sliceSize) * idLength
  return blocks[Math.floor(index / sliceSize)]!.ids.slice(at, at + idLength)
}

/** A record and those linked to it, each before its own links. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const link of node.links) yield* nodesOf(link)
}
