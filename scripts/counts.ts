import { glob, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const root = join(import.meta.dirname, '..')
const source = 'packages/server/src'

/** The files of the server by their path below `packages/server/src`, with their text; tests do not count. */
export type Sources = Map<string, string>

export async function readSources(): Promise<Sources> {
  const folder = join(root, source)
  const sources: Sources = new Map()
  for await (const found of glob('**/*.{ts,js}', { cwd: folder })) {
    const file = found.replaceAll('\\', '/')
    if (!file.endsWith('.test.ts')) sources.set(file, await readFile(join(folder, found), 'utf8'))
  }
  return sources
}

/** The file with the most lines, and how many it has. */
export function largestFile(sources: Sources): [file: string, lines: number] {
  return most([...sources].map(([file, text]) => [file, text.split('\n').length - 1]))
}

/** How many files lie in each folder itself. */
function filesByFolder(sources: Sources): Map<string, number> {
  const files = Map.groupBy(sources.keys(), (file) => dirname(file))
  return new Map(Array.from(files, ([folder, inside]) => [folder, inside.length]))
}

/** Groups of files that import each other in a circle; an import of types counts like any other. */
export function importCycles(sources: Sources): string[][] {
  const imports = new Map(Array.from(sources, ([file, text]) => [file, importsOf(file, text)]))
  const reached = new Map(Array.from(sources.keys(), (file) => [file, reachable(file, imports)]))
  const circling = [...sources.keys()].filter((file) => reached.get(file)!.has(file))
  const groups = Map.groupBy(circling, (file) =>
    circling.filter((other) => reached.get(file)!.has(other) && reached.get(other)!.has(file)).join('\n'),
  )
  return [...groups.values()]
}

function importsOf(file: string, text: string): string[] {
  const found = text.matchAll(/^(?:import|export|\} from)\b[^'"\n]*'(\.[^']+)'|\bimport\('(\.[^']+)'\)/gm)
  return Array.from(found, ([, named, loaded]) =>
    join(dirname(file), (named ?? loaded)!).replaceAll('\\', '/'),
  )
}

/** The files that importing leads to from this one, itself only if it stands in a circle. */
function reachable(file: string, imports: Map<string, string[]>): Set<string> {
  const seen = new Set<string>()
  const next = [...(imports.get(file) ?? [])]
  for (let at = next.pop(); at !== undefined; at = next.pop()) {
    if (seen.has(at)) continue
    seen.add(at)
    next.push(...(imports.get(at) ?? []))
  }
  return seen
}

/** The files that export each name. */
export function exporters(sources: Sources): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const [file, text] of sources) {
    for (const name of exportsOf(text)) found.set(name, [...(found.get(name) ?? []), file])
  }
  return found
}

function exportsOf(text: string): Set<string> {
  const declared = text.matchAll(
    /^export (?:async )?(?:abstract )?(?:function\*?|const|let|class|interface|type) (\w+)/gm,
  )
  const listed = Array.from(text.matchAll(/^export (?:type )?\{([^}]*)\}/gm), ([, names = '']) => names)
  const renamed = listed.flatMap((names) => names.split(',').map((name) => name.trim().split(' ').at(-1)!))
  return new Set([...Array.from(declared, ([, name]) => name!), ...renamed.filter(Boolean)])
}

/** Where a function of a store takes the account's number: its unit knows it. */
export function storesTakingPda(sources: Sources): string[] {
  const stores = [...sources].filter(([file]) => file.startsWith('store/'))
  return stores.flatMap(([file, text]) =>
    Array.from(text.matchAll(/\bpda\b(\??: number)?/g))
      .filter(({ index, 0: found, 1: typed }) => isParameter(text, index, index + found.length, !!typed))
      .map(({ index }) => `${file}:${text.slice(0, index).split('\n').length}`),
  )
}

/** Whether what stands here is a parameter: directly in parentheses, with its type or before an arrow. */
function isParameter(text: string, start: number, end: number, isTyped: boolean): boolean {
  if (text[edge(text, start - 1, -1)] !== '(') return false
  return isTyped || /^\)\s*=>/.test(text.slice(edge(text, end, 1)))
}

/** The bracket around a place, searched in one direction. */
function edge(text: string, from: number, step: 1 | -1): number {
  const [inner, outer] = step === 1 ? ['([{', ')]}'] : [')]}', '([{']
  let depth = 0
  for (let at = from; at >= 0 && at < text.length; at += step) {
    if (outer.includes(text[at]!) && depth-- === 0) return at
    if (inner.includes(text[at]!)) depth += 1
  }
  return -1
}

function most(counted: [name: string, count: number][]): [name: string, count: number] {
  return counted.reduce((a, b) => (b[1] > a[1] ? b : a))
}

if (import.meta.main) {
  const sources = await readSources()
  const [file, lines] = largestFile(sources)
  const [folder, inside] = most([...filesByFolder(sources)])
  const cycles = importCycles(sources)
  const often = [...exporters(sources)].filter(([, files]) => files.length > 3)
  const pda = storesTakingPda(sources)
  console.log(`${source}, tests not counted
files                                    ${sources.size}
lines of the largest file                ${lines}  ${file}
import cycles, types included            ${cycles.length}  ${cycles.map((files) => files.join(' - ')).join('; ')}
files of the largest folder              ${inside}  ${folder}
names exported from more than 3 files    ${often.length}  ${often.map(([name]) => name).join(', ')}
parameters \`pda\` in stores               ${pda.length}`)
}
