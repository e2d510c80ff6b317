import { sql } from 'kysely'
import { type AccountDatabase, fingerprintBytes, type Unit } from '../../database/port.ts'
import { concerning, appendEntry } from '../ledger/entries.ts'
import { keepVersions, type Replacement } from './delete.ts'
import { type Change, markChanged, saveChanges } from './endpoints.ts'
import { addOrderKeys, listOrderPaths, removeOrderKeys } from './order-keys.ts'
import type { Draft, Slice, Duplicate } from './save.ts'
import { addWords, indexedAmong, removeWords } from './word-index.ts'

/** A request to replace the data of records; a draft's record id names the record, its endpoint says where it is kept. */
export interface Updating extends Replacement {
  /** The drafts in order, a limited number at a time; asked for more than once. */
  slices: () => Iterable<Slice>
  mayWrite: (endpoint: string) => boolean
}

/** Why nothing was changed; `index` is the position in the request. */
export type Refusal =
  | { reason: 'missing' | 'forbidden' | 'moved' | 'twice'; index: number }
  | { reason: 'duplicates'; duplicates: Duplicate[] }

class RefusedError extends Error {
  readonly refusal: Refusal
  constructor(refusal: Refusal) {
    super(refusal.reason)
    this.refusal = refusal
  }
}

type Stored = { place: number; record_id: string; name: string; endpoint_id: number; bytes: number }
type Step = { draft: Draft; stored: Stored; index: number }

/**
 * Replaces the data of records, all or none, and keeps the versions replaced. What counts as a duplicate is decided after
 * the whole request, so that two records may swap their data.
 * @returns why it was refused, or undefined when it was done
 */
export async function updateRecords(
  database: AccountDatabase,
  updating: Updating,
): Promise<Refusal | undefined> {
  try {
    await database.write((unit) => updateAll(unit, updating))
    return undefined
  } catch (error) {
    if (error instanceof RefusedError) return error.refusal
    throw error
  }
}

async function updateAll(unit: Unit, updating: Updating): Promise<void> {
  await unit.lock()
  const seen = new Set<number>()
  const endpoints = new Set<string>()
  let index = 0
  for (const { drafts } of updating.slices()) {
    const steps = await findStored(unit, drafts, index, updating)
    for (const { stored, index: at } of steps) {
      if (seen.has(stored.place)) throw new RefusedError({ reason: 'twice', index: at })
      seen.add(stored.place)
      endpoints.add(stored.name)
    }
    await releaseOld(unit, steps, updating)
    index += drafts.length
  }
  index = 0
  for (const { drafts } of updating.slices()) {
    const steps = await findStored(unit, drafts, index, updating)
    await writeNew(unit, steps, updating)
    index += drafts.length
  }
  if (updating.entry && index > 0) await appendEntry(unit, concerning(updating.entry, endpoints, index))
}

/** The stored record of each draft; refuses what is not there, not where it is said to be, or not the caller's to write. */
async function findStored(unit: Unit, drafts: Draft[], start: number, updating: Updating): Promise<Step[]> {
  const { dialect } = unit
  const rows =
    await unit.all<Stored>(sql`select place, ${dialect.idText('record_id')} as record_id, name, record.endpoint_id,
      ${dialect.bytes('data')} as bytes
    from record join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
    where record.pda_id = ${unit.pda} and ${dialect.among(
      'record_id',
      drafts.map((draft) => draft.recordId),
      'id',
    )}`)
  const byId = new Map(rows.map((row) => [row.record_id, row]))
  return drafts.map((draft, offset) => {
    const index = start + offset
    const stored = byId.get(draft.recordId)
    if (!stored) throw new RefusedError({ reason: 'missing', index })
    if (!updating.mayWrite(stored.name)) throw new RefusedError({ reason: 'forbidden', index })
    if (stored.name !== draft.endpoint) throw new RefusedError({ reason: 'moved', index })
    return { draft, stored, index }
  })
}

/** Keeps the present versions and lets their fingerprints go, so that no old value of this request stands in the way of a new one. */
async function releaseOld(unit: Unit, steps: Step[], updating: Updating): Promise<void> {
  const places = steps.map(({ stored }) => stored.place)
  const firstSeq = (await unit.allocateSeq(steps.length)) - steps.length + 1
  await keepVersions(unit, places, firstSeq, updating, false)
  await unit.all(sql`update record set fingerprint = null, writer = ${updating.writer}, updated_at = ${updating.now},
      updated_seq = ${firstSeq} + listed.position - ${unit.dialect.firstPosition}
    from ${unit.dialect.listed(places)} listed where record.pda_id = ${unit.pda} and record.place = listed.place`)
  await Promise.all([removeOrderKeys(unit, places), removeWords(unit, places)])
}

async function writeNew(unit: Unit, steps: Step[], { now }: Updating): Promise<void> {
  await refuseDuplicates(unit, steps)
  const changes = new Map<number, Change>()
  const work: Promise<unknown>[] = []
  for (const { draft, stored } of steps) {
    const bytes = Buffer.byteLength(draft.text)
    const change = markChanged(unit, changes, stored.endpoint_id, stored.place, 0, bytes - stored.bytes)
    change.largest = Math.max(change.largest, bytes)
    change.awkward ||= draft.awkward
    work.push(
      unit.all(sql`update record set data = ${draft.text}, fingerprint = ${fingerprintBytes(draft.fingerprint)}
        where pda_id = ${unit.pda} and place = ${stored.place}`),
    )
  }
  await Promise.all(work)
  const places = steps.map(({ stored }) => stored.place)
  unit.rememberFingerprints(
    steps.map(({ draft }) => draft.fingerprint),
    places,
  )
  const endpointIds = steps.map(({ stored }) => stored.endpoint_id)
  const texts = steps.map(({ draft }) => draft.text)
  const paths = await listOrderPaths(unit, [...new Set(endpointIds)])
  await addOrderKeys(unit, paths, endpointIds, places, texts)
  const indexed = await indexedAmong(unit, [...new Set(endpointIds)])
  await addWords(unit, indexed, endpointIds, places, texts)
  await saveChanges(unit, changes, now)
}

async function refuseDuplicates(unit: Unit, steps: Step[]): Promise<void> {
  const taken = await unit.findDuplicates(steps.map(({ draft }) => draft.fingerprint))
  const own = new Map<string, number>()
  const duplicates: Duplicate[] = []
  for (const [offset, { draft, index }] of steps.entries()) {
    const of = own.get(draft.fingerprint)
    if (taken[offset] !== undefined) duplicates.push({ index, place: taken[offset] })
    else if (of !== undefined) duplicates.push({ index, of })
    else own.set(draft.fingerprint, index)
  }
  if (duplicates.length > 0) throw new RefusedError({ reason: 'duplicates', duplicates })
}
