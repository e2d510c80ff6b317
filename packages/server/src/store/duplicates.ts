import type { Saving, Slice } from './drafts.ts'

/** A draft whose value is there already: stored (`place`), or earlier in the same request (`of`). */
export interface Duplicate {
  index: number
  place?: number
  of?: number
}

/** A slice of one request on its way into the database. */
export interface Candidate {
  saving: Saving
  slice: Slice
  /** Of each draft the place it got; undefined for one that is left out. */
  places: (number | undefined)[]
  duplicates: Duplicate[]
}

/** Decides which drafts are saved and gives them their places, without a gap. */
export function admit(candidates: Candidate[], taken: (number | undefined)[], first: number): number {
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
export function inRequest(
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
