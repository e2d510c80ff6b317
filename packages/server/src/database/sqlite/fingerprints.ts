import { randomBytes } from 'node:crypto'
import { placeBase, placeEnd } from '../tables.ts'
import type { Connection, UnitContext } from './connection.ts'

/** Rows read at a time when an account's fingerprints are loaded. */
const rowsLoaded = 10_000
/** All fingerprint tables together keep at most this many slots of 8 bytes; the account written longest ago goes first. */
const slotsKept = 2 ** 25

/** What one unit asks of its account's table of fingerprints, and tells it. */
export function openFingerprints(
  place: UnitContext,
  alive: () => void,
  tables: Map<number, FingerprintTable>,
  pda: number,
) {
  // Whether the table shows what is true only if this unit succeeds.
  let provisional = false
  const outdated: Outdated[] = []
  return {
    /** @param before the account's `seq` before the unit */
    async find(fingerprints: readonly string[], before: number | undefined) {
      alive()
      let table = tables.get(pda)
      if (table === undefined || table.seq !== before) {
        tables.delete(pda)
        provisional = true
        table = await load(place, alive, tables, pda, before!)
      }
      const known = table
      return fingerprints.map((fingerprint) => holder(place.connection, known, fingerprint, outdated))
    },
    remember(fingerprints: readonly string[], places: readonly number[]) {
      alive()
      const table = tables.get(pda)
      for (const [index, fingerprint] of fingerprints.entries()) table?.add(fingerprint, places[index]!)
    },
    /** The unit's work is done: the table is one of the account's new `seq`. */
    settle(before: number | undefined, seq: number): Promise<void> | undefined {
      const table = tables.get(pda)
      if (table === undefined || table.seq !== before) return undefined
      table.seq = seq
      provisional = outdated.length > 0
      return provisional ? update(place, table, outdated).then(() => void (provisional = false)) : undefined
    },
    /** The unit has ended, whether its work was done or not. */
    end() {
      if (provisional) tables.delete(pda)
    },
  }
}

/** A place that a table names for a fingerprint its record does not hold. */
type Outdated = { fingerprint: string; place: number }

/** The place of the record that holds a fingerprint; notes those it was looked for in vain. */
function holder(
  connection: Connection,
  table: FingerprintTable,
  fingerprint: string,
  outdated: Outdated[],
): number | undefined {
  for (const place of table.candidates(fingerprint)) {
    if (heldAt(connection, place) === fingerprint) return place
    outdated.push({ fingerprint, place })
  }
  return undefined
}

function heldAt(connection: Connection, place: number): string | undefined {
  const [row] = connection.all('select fingerprint from record where place = ?', [place]) as {
    fingerprint: Uint8Array | null
  }[]
  return row?.fingerprint ? inMemory(row.fingerprint) : undefined
}

const inMemory = (fingerprint: Uint8Array) =>
  Buffer.from(fingerprint.buffer, fingerprint.byteOffset, fingerprint.byteLength).toString('latin1')

/** Writes down what the records at outdated places hold now: a value that comes and goes would be looked for at ever more places. */
async function update(
  { connection, yieldIfLong }: UnitContext,
  table: FingerprintTable,
  outdated: Outdated[],
) {
  for (const { fingerprint, place } of outdated) {
    await yieldIfLong()
    const held = heldAt(connection, place)
    table.remove(fingerprint, place)
    if (held !== undefined) table.add(held, place)
  }
}

/** Reads an account's table: somebody else wrote to the account since it was last used, or nobody used it. */
async function load(
  place: UnitContext,
  alive: () => void,
  tables: Map<number, FingerprintTable>,
  pda: number,
  seq: number,
) {
  const table = createFingerprintTable(placeBase(pda), seq)
  let after = placeBase(pda)
  for (;;) {
    await place.yieldIfLong()
    alive()
    const rows = place.connection.all(
      'select place, fingerprint from record where place > ? and place < ? and fingerprint is not null order by place limit ?',
      [after, placeEnd(pda), rowsLoaded],
    ) as { place: number; fingerprint: Uint8Array }[]
    for (const row of rows) table.add(inMemory(row.fingerprint), row.place)
    if (rows.length < rowsLoaded) break
    after = rows.at(-1)!.place
  }
  makeRoom(tables, table.slots)
  tables.set(pda, table)
  return table
}

function makeRoom(tables: Map<number, FingerprintTable>, wanted: number) {
  let slots = wanted
  for (const table of tables.values()) slots += table.slots
  for (const [pda, table] of tables) {
    if (slots <= slotsKept) return
    slots -= table.slots
    tables.delete(pda)
  }
}

/**
 * Which record holds a fingerprint, for SQLite: in memory, because a unique index on random bytes is by far the dearest part of
 * ingest there (measured: 91,000 rows/s with it, 320,000 without; every batch dirties pages all over the index).
 * An account's table is read from its rows at its first write. It may name records that hold the fingerprint no more (a rolled-back
 * unit, an update, a deletion: until it is next asked for) and, rarely, records that never did (it keeps 32 bits of each): the caller asks the row itself.
 * It never lacks one, because a table whose account was written by anyone else is thrown away: the account's `seq` tells.
 */
export interface FingerprintTable {
  /** The account's `seq` as this table knows it. */
  seq: number
  add(fingerprint: string, place: number): void
  /** Forgets a place, which may have held another fingerprint with the same 32 bits: the caller adds that one again. */
  remove(fingerprint: string, place: number): void
  /** The places that may hold it. */
  candidates(fingerprint: string): number[]
  slots: number
}

const smallest = 1024
const salt = randomBytes(4).readUInt32LE()

/** Salted, so that nobody can choose data whose tags crowd one corner of a table. */
function tagOf(fingerprint: string): number {
  const code = (index: number) => fingerprint.charCodeAt(index)
  const word = code(0) | (code(1) << 8) | (code(2) << 16) | (code(3) << 24)
  const next = code(4) | (code(5) << 8) | (code(6) << 16) | (code(7) << 24)
  const mixed = Math.imul(word ^ salt, 0x9e3779b1) ^ Math.imul(next + salt, 0x85ebca6b)
  return (mixed ^ (mixed >>> 15)) >>> 0
}

/** Pairs of a tag and a place, each in the first free slot at or behind the tag's own; a place of 0 is a free slot. */
interface Slots {
  tags: Uint32Array
  places: Uint32Array
  count: number
}

const emptySlots = (size: number): Slots => ({
  tags: new Uint32Array(size),
  places: new Uint32Array(size),
  count: 0,
})

/** A tag's own slot: it follows from the upper bits, so that growing needs nothing but the tags. */
const home = ({ tags }: Slots, tag: number) => Math.floor((tag / 0x100000000) * tags.length)

const behind = ({ tags }: Slots, slot: number) => (slot + 1) & (tags.length - 1)

/** The slot of this very pair, or the free one where it would go. */
function slotOf(slots: Slots, tag: number, place: number): number {
  const { tags, places } = slots
  let slot = home(slots, tag)
  while (places[slot] !== 0 && (places[slot] !== place || tags[slot] !== tag)) slot = behind(slots, slot)
  return slot
}

function put(slots: Slots, tag: number, place: number): void {
  const slot = slotOf(slots, tag, place)
  if (slots.places[slot] === 0) slots.count += 1
  slots.tags[slot] = tag
  slots.places[slot] = place
}

function grown({ tags, places }: Slots): Slots {
  const slots = emptySlots(tags.length * 2)
  for (let slot = 0; slot < tags.length; slot++)
    if (places[slot] !== 0) put(slots, tags[slot]!, places[slot]!)
  return slots
}

/** Frees a pair's slot. Pairs behind it move up, unless they stand nearer to their own slots: no search may end at the gap too early. */
function free(slots: Slots, tag: number, place: number): void {
  const { tags, places } = slots
  const mask = tags.length - 1
  let gap = slotOf(slots, tag, place)
  if (places[gap] === 0) return
  slots.count -= 1
  for (let slot = behind(slots, gap); places[slot] !== 0; slot = behind(slots, slot)) {
    if (((slot - home(slots, tags[slot]!)) & mask) < ((slot - gap) & mask)) continue
    tags[gap] = tags[slot]!
    places[gap] = places[slot]!
    gap = slot
  }
  places[gap] = 0
}

/**
 * @param base what an account's places begin with: a slot keeps only the rest, which fits 32 bits
 * @param seq the account's counter when its rows were read
 */
export function createFingerprintTable(base: number, seq: number): FingerprintTable {
  let slots = emptySlots(smallest)
  return {
    seq,
    add(fingerprint, place) {
      if (slots.count >= slots.tags.length * 0.7) slots = grown(slots)
      put(slots, tagOf(fingerprint), place - base)
    },
    remove: (fingerprint, place) => free(slots, tagOf(fingerprint), place - base),
    candidates(fingerprint) {
      const tag = tagOf(fingerprint)
      const found: number[] = []
      for (let slot = home(slots, tag); slots.places[slot] !== 0; slot = behind(slots, slot)) {
        if (slots.tags[slot] === tag) found.push(base + slots.places[slot]!)
      }
      return found
    },
    get slots() {
      return slots.tags.length
    },
  }
}
