import { sql } from 'kysely'
import { type AccountDatabase, fingerprintBytes, type Unit } from '../../database/port.ts'
import { placeBase } from '../../database/tables.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { concerning, appendEntries, appendEntry } from '../ledger/entries.ts'
import {
  addEndpoints,
  type Change,
  findEndpoints,
  markChanged,
  type OrderedEndpoint,
  saveChanges,
} from './endpoints.ts'
import { addGroups } from './links.ts'
import { addOrderKeys } from './order-keys.ts'
import { addWords } from './word-index.ts'

/** What became of a request: whether it was saved, and the drafts that are duplicates. */
interface Saved {
  saved: boolean
  duplicates: Duplicate[]
}

/** Drafts of one slice: what a slice may have at most, and so what one request may have to share a unit with others. */
export const sliceSize = 1000
/** Characters of data from which on a slice takes no further draft. */
export const sliceLength = 2 * 2 ** 20
/** How many duplicates of a request are told. */
const duplicatesTold = 500

/** Ends the unit of a request that is refused. */
class RefusedError extends Error {
  readonly duplicates: Duplicate[]
  constructor(duplicates: Duplicate[]) {
    super('duplicates')
    this.duplicates = duplicates
  }
}

/**
 * Saves a request's records, all or none (but for duplicates it asked to leave out), and answers once they are durable.
 * Small requests that arrive together share a unit; each still succeeds or fails alone.
 */
export async function saveRecords(database: AccountDatabase, saving: Saving): Promise<Saved> {
  if (saving.weight !== undefined) return database.writeCoalesced(saveSmall, saving, saving.weight)
  try {
    return await database.write((unit) => saveLarge(unit, saving))
  } catch (error) {
    if (error instanceof RefusedError) return { saved: false, duplicates: error.duplicates }
    throw error
  }
}

async function saveSmall(unit: Unit, savings: Saving[]): Promise<Saved[]> {
  const candidates = savings.map((saving): Candidate => {
    const [slice = { drafts: [], groups: [] }] = saving.slices()
    return { saving, slice, places: [], duplicates: [] }
  })
  await saveSlices(unit, candidates)
  return candidates.map(({ saving, duplicates }) => ({
    saved: saving.skipDuplicates || duplicates.length === 0,
    duplicates,
  }))
}

/** Saves what is not a duplicate, slice by slice; a request that wanted all or nothing is undone at the end. */
async function saveLarge(unit: Unit, saving: Saving): Promise<Saved> {
  const duplicates: Duplicate[] = []
  const endpoints = new Set<string>()
  let [index, count] = [0, 0]
  let first: number | undefined
  for (const slice of saving.slices()) {
    const candidate: Candidate = {
      saving: { ...saving, skipDuplicates: true, entry: undefined },
      slice,
      places: [],
      duplicates: [],
    }
    await saveSlices(unit, [candidate])
    first ??= candidate.places.find((place) => place !== undefined)
    for (const { endpoint } of savedOf(candidate)) {
      endpoints.add(endpoint)
      count += 1
    }
    for (const duplicate of candidate.duplicates)
      duplicates.push(
        // Of what is left out only the position is told, and there may be a million.
        saving.skipDuplicates
          ? { index: index + duplicate.index }
          : inRequest(duplicate, index, first, duplicates),
      )
    index += slice.drafts.length
    if (!saving.skipDuplicates && duplicates.length >= duplicatesTold) break
  }
  if (duplicates.length > 0 && !saving.skipDuplicates) throw new RefusedError(duplicates)
  if (saving.entry && count > 0) await appendEntry(unit, concerning(saving.entry, endpoints, count))
  return { saved: true, duplicates }
}

/** Saves slices of several requests in one unit: each request whole, in part where it asked for that, or not at all. */
async function saveSlices(unit: Unit, candidates: Candidate[]): Promise<void> {
  const drafts = candidates.flatMap(({ slice }) => slice.drafts)
  if (drafts.length === 0) return
  const now = candidates[0]!.saving.now
  const names = [...new Set(drafts.map((draft) => draft.endpoint))]
  const [seq, endpoints, taken] = await Promise.all([
    unit.allocateSeq(drafts.length),
    findEndpoints(unit, names),
    unit.findDuplicates(drafts.map((draft) => draft.fingerprint)),
  ])
  const accepted = admit(candidates, taken, placeBase(unit.pda) + seq - drafts.length + 1)
  if (accepted < drafts.length) await unit.allocateSeq(accepted - drafts.length)
  if (accepted === 0) return
  await addEndpoints(unit, names, endpoints)
  await Promise.all([
    insertRecords(unit, acceptedOf(candidates, endpoints), [...endpoints.values()], now),
    appendEntries(unit, entriesOf(candidates)),
  ])
}

const savedOf = ({ slice, places }: Candidate) =>
  slice.drafts.filter((_, index) => places[index] !== undefined)

/** What the ledger says of each request that saved something. */
function entriesOf(candidates: Candidate[]): LedgerEntry[] {
  return candidates.flatMap((candidate) => {
    const { entry } = candidate.saving
    const saved = entry ? savedOf(candidate) : []
    return entry && saved.length > 0
      ? concerning(
          entry,
          saved.map((draft) => draft.endpoint),
          saved.length,
        )
      : []
  })
}

/** What is saved of several requests, by column. */
interface Accepted {
  drafts: Draft[]
  places: number[]
  writers: string[]
  endpointIds: number[]
  groups: number[][]
}

function acceptedOf(candidates: Candidate[], endpoints: Map<string, OrderedEndpoint>): Accepted {
  const accepted: Accepted = { drafts: [], places: [], writers: [], endpointIds: [], groups: [] }
  for (const { saving, slice, places } of candidates) {
    for (const [index, draft] of slice.drafts.entries()) {
      const place = places[index]
      if (place === undefined) continue
      accepted.drafts.push(draft)
      accepted.places.push(place)
      accepted.writers.push(saving.writer)
      accepted.endpointIds.push(endpoints.get(draft.endpoint)!.endpoint_id)
    }
    if (places.length === 0) continue
    for (const group of slice.groups) accepted.groups.push(group.flatMap((index) => places[index] ?? []))
  }
  return accepted
}

async function insertRecords(
  unit: Unit,
  { drafts, places, writers, endpointIds, groups }: Accepted,
  endpoints: OrderedEndpoint[],
  now: number,
): Promise<void> {
  const texts = drafts.map((draft) => draft.text)
  const fingerprints = drafts.map((draft) => draft.fingerprint)
  const indexed = new Set(
    endpoints.filter(({ words_end }) => words_end !== null).map(({ endpoint_id }) => endpoint_id),
  )
  await Promise.all([
    unit.insertMany('record', {
      place: places,
      pda_id: unit.pda,
      endpoint_id: endpointIds,
      record_id: drafts.map((draft) => draft.recordId),
      fingerprint: fingerprints.map(fingerprintBytes),
      created_at: now,
      writer: writers,
      data: texts,
    }),
    saveChanges(unit, changesOf(unit, drafts, places, endpointIds), now, endpoints),
    addOrderKeys(
      unit,
      endpoints.flatMap((endpoint) => endpoint.paths),
      endpointIds,
      places,
      texts,
    ),
    addWords(unit, indexed, endpointIds, places, texts),
    addGroups(unit, groups),
  ])
  unit.rememberFingerprints(fingerprints, places)
}

function changesOf(
  unit: Unit,
  drafts: Draft[],
  places: number[],
  endpointIds: number[],
): Map<number, Change> {
  const changes = new Map<number, Change>()
  for (const [index, draft] of drafts.entries()) {
    const bytes = Buffer.byteLength(draft.text)
    const change = markChanged(unit, changes, endpointIds[index]!, places[index]!, 1, bytes)
    change.largest = Math.max(change.largest, bytes)
    change.awkward ||= draft.awkward
  }
  return changes
}

/** A record about to be saved: its data as submitted, and what was derived from it. */
export interface Draft {
  endpoint: string
  recordId: string
  text: string
  fingerprint: string
  awkward: boolean
  /** The records it is saved together with, as belonging together. */
  links: readonly Draft[]
}

/** Drafts saved together, and which of them belong together: groups of positions among them. */
export interface Slice {
  drafts: Draft[]
  groups: number[][]
}

/** One request to save. */
interface Saving {
  writer: string
  now: number
  /** Of a single slice how much of a unit it takes, shared with others, in rows or kilobytes; undefined for more slices. */
  weight: number | undefined
  /** The drafts in order, a limited number at a time; may be asked for twice. */
  slices: () => Iterable<Slice>
  /** True: what is a duplicate is left out. False: one duplicate refuses the whole request. */
  skipDuplicates: boolean
  /** What the ledger says of it, but for the endpoints and records; undefined where none is kept. */
  entry?: LedgerEntry | undefined
}

/** A draft whose value is there already: stored (`place`), or earlier in the same request (`of`). */
export interface Duplicate {
  index: number
  place?: number
  of?: number
}

/** A slice of one request on its way into the database. */
interface Candidate {
  saving: Saving
  slice: Slice
  /** Of each draft the place it got; undefined for one that is left out. */
  places: (number | undefined)[]
  duplicates: Duplicate[]
}

/** Decides which drafts are saved and gives them their places, without a gap. */
function admit(candidates: Candidate[], taken: (number | undefined)[], first: number): number {
  const held = new Map<string, { place: number; candidate: Candidate; index: number }>()
  let next = first
  let offset = 0
  for (const candidate of candidates) {
    const { drafts } = candidate.slice
    const own = new Map<string, number>()
    for (const [index, draft] of drafts.entries()) {
      const key = draft.fingerprint
      const place = taken[offset + index] ?? held.get(key)?.place
      const of = own.get(key)
      if (place !== undefined) candidate.duplicates.push({ index, place })
      else if (of !== undefined) candidate.duplicates.push({ index, of })
      else own.set(key, index)
    }
    offset += drafts.length
    if (candidate.duplicates.length > 0 && !candidate.saving.skipDuplicates) continue
    for (const [key, index] of own) {
      candidate.places[index] = next
      held.set(key, { place: next, candidate, index })
      next += 1
    }
  }
  return next - first
}

/**
 * A duplicate counted from the request's beginning. A record this very request saved is told by its position there:
 * its place counts the drafts saved before it, so those left out before it have to be added.
 */
function inRequest(
  duplicate: Duplicate,
  start: number,
  first: number | undefined,
  earlier: Duplicate[],
): Duplicate {
  const index = start + duplicate.index
  if (duplicate.of !== undefined) return { index, of: start + duplicate.of }
  if (first === undefined || duplicate.place! < first) return { index, place: duplicate.place! }
  let of = duplicate.place! - first
  for (const left of earlier) if (left.index <= of) of += 1
  return { index, of }
}

/** What a duplicate's place says to a caller who may read there. */
export async function recordsAt(
  unit: Unit,
  places: number[],
): Promise<Map<number, { recordId: string; endpoint: string }>> {
  const rows = await unit.all<{ place: number; record_id: string; name: string }>(sql`
    select place, ${unit.dialect.idText('record_id')} as record_id, name
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${unit.pda} and ${unit.dialect.among('place', places, 'number')}`)
  return new Map(rows.map((row) => [row.place, { recordId: row.record_id, endpoint: row.name }]))
}
