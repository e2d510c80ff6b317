import type { Pda } from '@hatstand/sdk'
import { heading, table } from './printing.ts'

interface Earthquake {
  properties: { mag: number; place: string; time: number }
}

interface Movie {
  Title: string | number
  'IMDB Rating': number | null
  'IMDB Votes': number | null
  'Worldwide Gross': number | null
  Director: string | null
}

interface Flight {
  delay: number
  distance: number
  time: number
}

const shaking = (records: { data: Earthquake }[]) =>
  records.map(({ data: { properties } }) => [
    properties.mag?.toFixed(1) ?? '',
    new Date(properties.time).toISOString().slice(0, 16).replace('T', ' '),
    properties.place,
  ])

export async function showEarthquakes(pda: Pda): Promise<void> {
  const endpoint = 'examples/earthquakes'
  heading('The ten biggest earthquakes (orderBy=properties.mag, descending)')
  const biggest = { orderBy: 'properties.mag', ordering: 'descending', take: 10 } as const
  table(['size', 'when (UTC)', 'where'], shaking(await pda.records.list<Earthquake>(endpoint, biggest)))
  heading('The three saved last (no order asked for)')
  table(['size', 'when (UTC)', 'where'], shaking(await pda.records.list<Earthquake>(endpoint, { take: 3 })))
  heading('The three deepest (orderBy=geometry.coordinates.2, descending)')
  const deepest = { orderBy: 'geometry.coordinates.2', ordering: 'descending', take: 3 } as const
  table(['size', 'when (UTC)', 'where'], shaking(await pda.records.list<Earthquake>(endpoint, deepest)))
}

const films = (records: { data: Movie }[]) =>
  records.map(({ data }) => [
    String(data.Title),
    data['IMDB Rating']?.toFixed(1) ?? 'none',
    data['IMDB Votes'] ?? 0,
    data['Worldwide Gross'] ?? 0,
    data.Director ?? 'not known',
  ])

export async function showMovies(pda: Pda): Promise<void> {
  const names = ['title', 'rating', 'votes', 'dollars', 'director']
  const descending = { ordering: 'descending', take: 10 } as const
  heading('The ten best rated films (orderBy=IMDB Rating, descending)')
  const best = { ...descending, orderBy: 'IMDB Rating' }
  table(names, films(await pda.records.list<Movie>('examples/movies', best)))
  heading('The ten that earned most (orderBy=Worldwide Gross, descending)')
  const richest = { ...descending, orderBy: 'Worldwide Gross' }
  table(names, films(await pda.records.list<Movie>('examples/movies', richest)))
}

export async function showFlights(pda: Pda): Promise<void> {
  heading('The five latest flights (orderBy=delay, descending)')
  const latest = { orderBy: 'delay', ordering: 'descending', take: 5 } as const
  const records = await pda.records.list<Flight>('examples/flights', latest)
  table(
    ['minutes late', 'miles'],
    records.map(({ data }) => [data.delay, data.distance]),
  )
  heading('How late flights are, by distance')
  const lanes = new Map<number, { flights: number; minutes: number }>()
  for await (const { data } of pda.records.listAll<Flight>('examples/flights', { take: 10_000 })) {
    const miles = Math.floor(data.distance / 500) * 500
    const { flights, minutes } = lanes.get(miles) ?? { flights: 0, minutes: 0 }
    lanes.set(miles, { flights: flights + 1, minutes: minutes + data.delay })
  }
  const rows = [...lanes].toSorted(([a], [b]) => a - b)
  table(
    ['miles from', 'flights', 'mean delay, minutes'],
    rows.map(([miles, { flights, minutes }]) => [miles, flights, (minutes / flights).toFixed(1)]),
  )
}
