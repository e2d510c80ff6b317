import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { elements, members } from '@hatstand/api/json.ts'

const folder = join(fileURLToPath(import.meta.resolve('vega-datasets')), '../../data')

/** A real data set of the `vega-datasets` package: its records as JSON texts, cut out of the file byte for byte. */
export interface DataSet {
  endpoint: string
  about: string
  texts: string[]
}

/** A week of earthquakes: nested GeoJSON features of the U.S. Geological Survey. */
export async function earthquakes(): Promise<DataSet> {
  const text = await readFile(join(folder, 'earthquakes.json'), 'utf8')
  const features = members(text).find(({ key }) => key === 'features')
  return {
    endpoint: 'examples/earthquakes',
    about: 'a week of earthquakes',
    texts: cut(text, features?.start),
  }
}

/** Films: thousands of uneven objects, many of their fields null. */
export async function movies(): Promise<DataSet> {
  const text = await readFile(join(folder, 'movies.json'), 'utf8')
  return { endpoint: 'examples/movies', about: 'films', texts: cut(text) }
}

/** Flights: many small records, some of them the same, with numbers like `0.0`. */
export async function flights(): Promise<DataSet> {
  const text = await readFile(join(folder, 'flights-200k.json'), 'utf8')
  return { endpoint: 'examples/flights', about: 'flights', texts: cut(text) }
}

function cut(text: string, at = 0): string[] {
  return Array.from(elements(text, at), ({ start, end }) => text.slice(start, end))
}
