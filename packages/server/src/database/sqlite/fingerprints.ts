import { createFingerprintTable, type FingerprintTable } from '../fingerprints.ts'
import { placeBase, placeEnd } from '../tables.ts'
import type { Connection, Workplace } from './connection.ts'

/** Rows read at a time when an account's fingerprints are loaded. */
const rowsLoaded = 10_000
/** All fingerprint tables together keep at most this many slots of 8 bytes; the account written longest ago goes first. */
const slotsKept = 2 ** 25

/** What one unit asks of its account's table of fingerprints, and tells it. */
export function openFingerprints(
  place: Workplace,
  alive: () => void,
  tables: Map<number, FingerprintTable>,
  pda: number,
) {
  // Whether the table shows what is true only if this unit succeeds.
  let provisional = false
  const outdated: Outdated[] = []
  return {
    /** @param before the account's `seq` before the unit */
    async taken(fingerprints: readonly string[], before: number | undefined) {
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
    hold(fingerprints: readonly string[], places: readonly number[]) {
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
async function update({ connection, breathe }: Workplace, table: FingerprintTable, outdated: Outdated[]) {
  for (const { fingerprint, place } of outdated) {
    await breathe()
    const held = heldAt(connection, place)
    table.remove(fingerprint, place)
    if (held !== undefined) table.add(held, place)
  }
}

/** Reads an account's table: somebody else wrote to the account since it was last used, or nobody used it. */
async function load(
  place: Workplace,
  alive: () => void,
  tables: Map<number, FingerprintTable>,
  pda: number,
  seq: number,
) {
  const table = createFingerprintTable(placeBase(pda), seq)
  let after = placeBase(pda)
  for (;;) {
    await place.breathe()
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
