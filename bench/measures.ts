import type { Run } from './load.ts'

/** What one round found for one row: hatstand's figure, and the limit of the same round where the row has one. */
export interface Measure {
  row: string
  figure: number
  limit?: number
}

/** How much is done: all of it, or little enough to try the bench out. */
export interface Sizes {
  /** Thousands of records in the store of rows 1 to 6, of rows 3, 7, 8, 9 and 11, and of row 12. */
  small: number
  large: number
  postgres: number
  /** Single writes on one connection, on 64 and on 16; reads of a thousand. */
  lone: number
  many: number
  sixteen: number
  reads: number
  /** Bytes of the long body. */
  bodyBytes: number
}

export const full: Sizes = {
  small: 300,
  large: 1000,
  postgres: 200,
  lone: 2000,
  many: 16_000,
  sixteen: 8000,
  reads: 2000,
  bodyBytes: 100_000_000,
}
export const quick: Sizes = {
  small: 30,
  large: 100,
  postgres: 20,
  lone: 300,
  many: 3000,
  sixteen: 1000,
  reads: 300,
  bodyBytes: 10_000_000,
}

/** A group of rows measured on the same server, run once a round. */
export interface Scene {
  /** The numbers of its rows; a row's measures may have a letter behind the number. */
  rows: string[]
  /** How many rounds it has at most, where one takes long. */
  rounds?: number
  /** Starts what it keeps between rounds, and says what that is. */
  begin?(): Promise<string>
  /** @param wanted the rows to measure; the others may be left out */
  run(sizes: Sizes, wanted: ReadonlySet<string>): Promise<Measure[]>
  end?(): Promise<void>
}

/** Parts that hatstand and its limit take in turns, so that a machine with other work slows both alike. */
const turns = 10

/**
 * Measures a count of things beside the same count of its limit, a part of each in turn.
 * @param hatstand, limit do the things from one number up to another, and give the seconds it took
 * @returns things per second
 */
export async function beside(
  row: string,
  count: number,
  hatstand: (from: number, to: number) => Promise<number>,
  limit: (from: number, to: number) => number | Promise<number>,
): Promise<Measure> {
  let [own, other] = [0, 0]
  for (let turn = 0; turn < turns; turn++) {
    const [from, to] = [Math.round((turn * count) / turns), Math.round(((turn + 1) * count) / turns)]
    other += await limit(from, to)
    own += await hatstand(from, to)
  }
  return { row, figure: count / own, limit: count / other }
}

/**
 * Measures two kinds of requests in turns.
 * @returns the median milliseconds of each
 */
export async function timesBeside(
  row: string,
  hatstand: () => Promise<Run>,
  limit: () => Promise<Run>,
): Promise<Measure> {
  const [own, other]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < turns; turn++) {
    other.push(...(await limit()).milliseconds)
    own.push(...(await hatstand()).milliseconds)
  }
  return { row, figure: percentile(own, 0.5), limit: percentile(other, 0.5) }
}

/** The value below which a share of them lie. */
export function percentile(values: Iterable<number>, share: number): number {
  const sorted = [...values].toSorted((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!
}
