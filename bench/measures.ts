/** What one round found for one row: hatstand's figure, and the limit of the same round where the row has one. */
export interface Measure {
  row: string
  figure: number
  limit?: number
}

/** How much is done: all of it, or little enough to try the bench out. */
export interface Sizes {
  /** Thousands of records in the store of rows 1 to 6, and of rows 3, 7, 8, 9 and 11. */
  small: number
  large: number
  /** Single writes on one connection and on many; reads of a thousand. */
  lone: number
  many: number
  reads: number
}

export const full: Sizes = { small: 300, large: 1000, lone: 2000, many: 16_000, reads: 2000 }
export const quick: Sizes = { small: 30, large: 100, lone: 300, many: 3000, reads: 300 }

/** A group of rows measured on the same server, run once a round. */
export interface Scene {
  rows: string[]
  /** @param wanted the rows to measure; the others may be left out */
  run(sizes: Sizes, wanted: ReadonlySet<string>): Promise<Measure[]>
  /** Ends what it keeps between rounds. */
  close?(): Promise<void>
}

/** Parts that hatstand and its limit take in turns, so that a machine with other work slows both alike. */
const turns = 10

/**
 * Measures a count of things beside the same count of its limit, a part of each in turn.
 * @param hatstand, limit do the things from one number up to another, and give the seconds it took
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
