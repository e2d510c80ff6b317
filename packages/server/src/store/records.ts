import { sql } from 'kysely'
import { placeBase } from '../database/place.ts'
import type { Database, Unit } from '../database/port.ts'
import {
  addEndpoints,
  type Change,
  type Endpoint,
  findEndpoints,
  noteChange,
  saveChanges,
} from './endpoints.ts'
import { addGroups } from './links.ts'
import { addOrderKeys } from './order-keys.ts'

/** A record about to be saved: its data as submitted, and what was derived from it. */
export interface Draft {
  endpoint: string
  recordId: string
  text: string
  fingerprint: Uint8Array
  awkward: boolean
}

/** Drafts saved together, and which of them belong together: groups of positions among them. */
export interface Slice {
  drafts: Draft[]
  groups: number[][]
}

/** One request to save. */
export interface Saving {
  writer: string
  now: number
  /** How many drafts the slices have in all. */
  count: number
  /** The drafts in order, a limited number at a time; may be asked for twice. */
  slices: () => Iterable<Slice>
  /** True: what is a duplicate is left out. False: one duplicate refuses the whole request. */
  skipDuplicates: boolean
}

/** A draft whose value is there already: stored (`place`), or earlier in the same request (`of`). */
export interface Duplicate {
  index: number
  place?: number
  of?: number
}

/** What became of a request: whether it was saved, and the drafts that are duplicates. */
export interface Saved {
  saved: boolean
  duplicates: Duplicate[]
}

/** Drafts of one slice: what a slice may have at most, and so what one request may have to share a unit with others. */
export const sliceSize = 1000
/** How many duplicates of a request are told. */
const duplicatesTold = 500

/** Ends the unit of a request that is refused. */
class Refused extends Error {
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
export async function saveRecords(database: Database, pda: number, saving: Saving): Promise<Saved> {
  if (saving.count <= sliceSize) return database.writeTogether(pda, saveSmall, saving, saving.count)
  try {
    return await database.write(pda, (unit) => saveLarge(unit, pda, saving))
  } catch (error) {
    if (error instanceof Refused) return { saved: false, duplicates: error.duplicates }
    throw error
  }
}

/** A slice of one request on its way into the database. */
interface Candidate {
  saving: Saving
  slice: Slice
  /** Of each draft the place it got; undefined for one that is left out. */
  places: (number | undefined)[]
  duplicates: Duplicate[]
}

async function saveSmall(unit: Unit, pda: number, savings: Saving[]): Promise<Saved[]> {
  const candidates = savings.map((saving): Candidate => {
    const [slice = { drafts: [], groups: [] }] = saving.slices()
    return { saving, slice, places: [], duplicates: [] }
  })
  await saveSlices(unit, pda, candidates)
  return candidates.map(({ saving, duplicates }) => ({
    saved: saving.skipDuplicates || duplicates.length === 0,
    duplicates,
  }))
}

/** Saves what is not a duplicate, slice by slice; a request that wanted all or nothing is undone at the end. */
async function saveLarge(unit: Unit, pda: number, saving: Saving): Promise<Saved> {
  const duplicates: Duplicate[] = []
  let index = 0
  let first: number | undefined
  for (const slice of saving.slices()) {
    const candidate: Candidate = {
      saving: { ...saving, skipDuplicates: true },
      slice,
      places: [],
      duplicates: [],
    }
    await saveSlices(unit, pda, [candidate])
    first ??= candidate.places.find((place) => place !== undefined)
    for (const duplicate of candidate.duplicates)
      duplicates.push(inRequest(duplicate, index, first, duplicates))
    index += slice.drafts.length
    if (!saving.skipDuplicates && duplicates.length >= duplicatesTold) break
  }
  if (duplicates.length > 0 && !saving.skipDuplicates) throw new Refused(duplicates)
  return { saved: true, duplicates }
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

/** Saves slices of several requests in one unit: each request whole, in part where it asked for that, or not at all. */
async function saveSlices(unit: Unit, pda: number, candidates: Candidate[]): Promise<void> {
  const drafts = candidates.flatMap(({ slice }) => slice.drafts)
  if (drafts.length === 0) return
  const now = candidates[0]!.saving.now
  const names = [...new Set(drafts.map((draft) => draft.endpoint))]
  // The counter comes first: it locks the account, so that what follows sees all that was saved before.
  const [[counter], endpoints, taken] = await Promise.all([
    unit.all<{ seq: number }>(
      sql`update pda set seq = seq + ${drafts.length} where pda_id = ${pda} returning seq`,
    ),
    findEndpoints(unit, pda, names),
    unit.taken(drafts.map((draft) => draft.fingerprint)),
  ])
  const first = placeBase(pda) + counter!.seq - drafts.length + 1
  const accepted = admit(candidates, taken, first)
  if (accepted < drafts.length) {
    await unit.all(sql`update pda set seq = seq - ${drafts.length - accepted} where pda_id = ${pda}`)
  }
  if (accepted === 0) return
  await addEndpoints(unit, pda, names, endpoints, now)
  await insertRecords(unit, pda, candidates, endpoints, now)
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
      const key = Buffer.from(draft.fingerprint).toString('latin1')
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

async function insertRecords(
  unit: Unit,
  pda: number,
  candidates: Candidate[],
  endpoints: Map<string, Endpoint>,
  now: number,
) {
  const changes = new Map<number, Change>()
  const drafts: Draft[] = []
  const places: number[] = []
  const writers: string[] = []
  const endpointIds: number[] = []
  for (const { saving, slice, places: given } of candidates) {
    for (const [index, draft] of slice.drafts.entries()) {
      const place = given[index]
      if (place === undefined) continue
      drafts.push(draft)
      places.push(place)
      writers.push(saving.writer)
      const endpointId = endpoints.get(draft.endpoint)!.endpoint_id
      endpointIds.push(endpointId)
      const bytes = Buffer.byteLength(draft.text)
      const change = noteChange(changes, endpointId, pda, place, 1, bytes)
      change.largest = Math.max(change.largest, bytes)
      change.awkward ||= draft.awkward
    }
  }
  const fingerprints = drafts.map((draft) => draft.fingerprint)
  await Promise.all([
    unit.insertMany('record', {
      place: places,
      pda_id: pda,
      endpoint_id: endpointIds,
      record_id: drafts.map((draft) => draft.recordId),
      fingerprint: fingerprints,
      created_at: now,
      writer: writers,
      data: drafts.map((draft) => draft.text),
    }),
    saveChanges(unit, pda, changes, now),
    addOrderKeys(
      unit,
      pda,
      endpointIds,
      places,
      drafts.map((draft) => draft.text),
    ),
    addGroups(
      unit,
      pda,
      candidates.flatMap(({ slice, places: given }) =>
        slice.groups.map((group) => group.map((index) => given[index]!)),
      ),
    ),
  ])
  unit.hold(fingerprints, places)
}

/** What a duplicate's place says to a caller who may read there. */
export async function recordsAt(
  unit: Unit,
  pda: number,
  places: number[],
): Promise<Map<number, { recordId: string; endpoint: string }>> {
  const rows = await unit.all<{ place: number; record_id: string; name: string }>(sql`
    select place, ${unit.dialect.idText('record_id')} as record_id, name
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${pda} and ${unit.dialect.among('place', places, 'number')}`)
  return new Map(rows.map((row) => [row.place, { recordId: row.record_id, endpoint: row.name }]))
}
