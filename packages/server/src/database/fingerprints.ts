import { randomBytes } from 'node:crypto'

/**
 * Which record holds a fingerprint, for SQLite: in memory, because a unique index on random bytes is by far the dearest part of
 * ingest there (measured: 91,000 rows/s with it, 320,000 without; every batch dirties pages all over the index).
 * An account's table is read from its rows at its first write. It may name records that hold the fingerprint no more (a rolled-back
 * unit, an update, a deletion) and, rarely, records that never did (it keeps 32 bits of each): the caller asks the row itself.
 * It never lacks one, because a table whose account was written by anyone else is thrown away: the account's `seq` tells.
 */
export interface FingerprintTable {
  /** The account's `seq` as this table knows it. */
  seq: number
  add(fingerprint: string, place: number): void
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

/**
 * @param base what an account's places begin with: a slot keeps only the rest, which fits 32 bits
 * @param seq the account's counter when its rows were read
 */
export function createFingerprintTable(base: number, seq: number): FingerprintTable {
  let tags = new Uint32Array(smallest)
  let places = new Uint32Array(smallest)
  let count = 0

  function put(tag: number, place: number) {
    // The slot follows from the tag's upper bits, so that growing needs nothing but the tags.
    let slot = Math.floor((tag / 0x100000000) * tags.length)
    while (places[slot] !== 0) slot = (slot + 1) & (tags.length - 1)
    tags[slot] = tag
    places[slot] = place
  }

  function grow() {
    const [oldTags, oldPlaces] = [tags, places]
    tags = new Uint32Array(oldTags.length * 2)
    places = new Uint32Array(oldTags.length * 2)
    for (let slot = 0; slot < oldTags.length; slot++)
      if (oldPlaces[slot] !== 0) put(oldTags[slot]!, oldPlaces[slot]!)
  }

  return {
    seq,
    add(fingerprint, place) {
      if (++count > tags.length * 0.7) grow()
      put(tagOf(fingerprint), place - base)
    },
    candidates(fingerprint) {
      const tag = tagOf(fingerprint)
      const found: number[] = []
      let slot = Math.floor((tag / 0x100000000) * tags.length)
      for (; places[slot] !== 0; slot = (slot + 1) & (tags.length - 1)) {
        if (tags[slot] === tag) found.push(base + places[slot]!)
      }
      return found
    },
    get slots() {
      return tags.length
    },
  }
}
