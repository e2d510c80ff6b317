import type { LedgerEntry } from '../domain/ledger.ts'

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
export interface Saving {
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
