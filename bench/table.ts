import type { Measure } from './measures.ts'

/** A row of the table: what is measured, and what to reach. */
interface Row {
  work: string
  unit: string
  /** What the limit is, where there is one: the ratio is then what counts, else the figure. */
  limit?: string
  reach: number
  stretch: number
  /** Whether more is better. */
  more: boolean
}

const rows: Record<string, Row> = {
  '1': {
    work: 'POST of 1,000 records, 1 connection, empty store',
    unit: 'records/s',
    limit: 'L1 raw inserts',
    reach: 0.3,
    stretch: 0.6,
    more: true,
  },
  '2': { work: 'server CPU of such a POST', unit: 'ms', reach: 6, stretch: 4, more: false },
  '4': {
    work: 'POST of 1 record, 1 connection',
    unit: 'requests/s',
    limit: 'L2 raw commits',
    reach: 0.5,
    stretch: 0.6,
    more: true,
  },
  '5': {
    work: 'POST of 1 record, 64 connections',
    unit: 'requests/s',
    limit: 'L3 tiny GET',
    reach: 0.4,
    stretch: 0.6,
    more: true,
  },
  '6': {
    work: 'GET take=1000, 4 connections',
    unit: 'requests/s',
    limit: 'L4 bodies built',
    reach: 0.75,
    stretch: 1.2,
    more: true,
  },
}

const heads = ['row', 'work', 'figure', 'limit', 'ratio', 'min..max', 'reach', 'stretch', '']

/** The table of all rounds: medians, and for ratios the median of each round's own. */
export function table(measures: Measure[]): string {
  const lines = Object.keys(rows).flatMap((row) => {
    const found = measures.filter((measure) => measure.row === row)
    return found.length === 0 ? [] : [line(row, found)]
  })
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...lines.map((cells) => cells[column]!.length)),
  )
  const padded = (cells: string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [padded(heads), padded(widths.map((width) => '-'.repeat(width))), ...lines.map(padded)].join('\n')
}

function line(name: string, found: Measure[]): string[] {
  const row = rows[name]!
  const figures = found.map(({ figure }) => figure)
  const limits = found.flatMap(({ limit }) => limit ?? [])
  const ratios = found.flatMap(({ figure, limit }) => (limit === undefined ? [] : [figure / limit]))
  const judged = ratios.length > 0 ? ratios : figures
  return [
    name,
    row.work,
    `${short(median(figures))} ${row.unit}`,
    limits.length > 0 ? `${short(median(limits))} (${row.limit})` : '',
    ratios.length > 0 ? short(median(ratios)) : '',
    `${short(Math.min(...judged))}..${short(Math.max(...judged))}`,
    String(row.reach),
    String(row.stretch),
    verdict(row, median(judged)),
  ]
}

function verdict({ reach, stretch, more }: Row, value: number): string {
  const attains = (goal: number) => (more ? value >= goal : value <= goal)
  if (attains(stretch)) return 'stretch reached'
  return attains(reach) ? 'reached' : 'NOT REACHED'
}

function median(values: number[]): number {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Three digits that count; thousands with a comma. */
function short(value: number): string {
  if (value >= 1000) return Math.round(value).toLocaleString('en')
  return String(Number(value.toPrecision(3)))
}
