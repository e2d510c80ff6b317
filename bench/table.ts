import { type Goal, goals } from './goals.ts'
import type { Measure } from './measures.ts'

const inOrder = new Intl.Collator('en', { numeric: true }).compare
const heads = ['row', 'work', 'figure', 'limit', 'ratio', 'min..max', 'reach', 'stretch', '']

/** The table of all rounds: medians, and for ratios the median of each round's own. */
export function table(measures: Measure[]): string {
  const lines = Object.keys(goals)
    .toSorted(inOrder)
    .flatMap((row) => {
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
  const goal = goals[name]!
  const figures = found.map(({ figure }) => figure)
  const limits = found.flatMap(({ limit }) => limit ?? [])
  const ratios = found.flatMap(({ figure, limit }) => (limit === undefined ? [] : [figure / limit]))
  const judged = ratios.length > 0 ? ratios : figures
  return [
    name,
    goal.work,
    `${short(median(figures))} ${goal.unit}`,
    limits.length > 0 ? `${short(median(limits))} (${goal.limit})` : '',
    ratios.length > 0 ? short(median(ratios)) : '',
    `${short(Math.min(...judged))}..${short(Math.max(...judged))}`,
    String(goal.reach ?? ''),
    String(goal.stretch ?? ''),
    verdict(goal, median(judged)),
  ]
}

function verdict({ reach, stretch, more }: Goal, value: number): string {
  if (reach === undefined || stretch === undefined) return ''
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
