const count = new Intl.NumberFormat('en')

/** A number as people read it: 200,000. */
export const counted = (value: number) => count.format(value)

export function heading(text: string): void {
  console.log(`\n${text}\n${'='.repeat(text.length)}`)
}

/** Rows of text and numbers under a line of names; numbers stand to the right. */
export function table(names: string[], rows: (string | number)[][]): void {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? counted(cell) : cell)))
  const widths = names.map((name, at) => Math.max(name.length, ...cells.map((row) => row[at]?.length ?? 0)))
  const numeric = names.map((_, at) => rows.some((row) => typeof row[at] === 'number'))
  const line = (row: string[]) =>
    row
      .map((cell, at) => (numeric[at] ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
  console.log(line(names).trimEnd())
  console.log(widths.map((width) => '-'.repeat(width)).join('  '))
  for (const row of cells) console.log(line(row).trimEnd())
}

/**
 * A bar that fills as work is done, redrawn in place on a terminal; elsewhere one line for each quarter.
 * @returns to be called with how much is done so far
 */
export function progress(label: string, total: number): (done: number) => void {
  const began = performance.now()
  let quarter = 0
  return (done) => {
    const share = total === 0 ? 1 : done / total
    const speed = done / Math.max((performance.now() - began) / 1000, 0.001)
    const text = `${label} ${bar(share)} ${counted(done)} of ${counted(total)}, ${counted(Math.round(speed))}/s`
    if (process.stdout.isTTY) process.stdout.write(`\r${text}${share === 1 ? '\n' : ''}`)
    else if (Math.floor(share * 4) > quarter) console.log(text)
    quarter = Math.floor(share * 4)
  }
}

function bar(share: number): string {
  const full = Math.round(share * 24)
  return `[${'#'.repeat(full)}${'.'.repeat(24 - full)}]`
}
