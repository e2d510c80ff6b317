// Tells a running server the documents' own requests, loads three real data sets into it and reads them back.
//   npm run example                                   HATSTAND_URL, and HATSTAND_TOKEN or the owner's name and password
//   npm run example -- http://localhost:8080 TOKEN
import { connect, HatstandError, type Pda } from '@hatstand/sdk'
import { earthquakes, flights, movies } from './data-sets.ts'
import { documents, printedIds, send, stepsOf, type Step } from './documents.ts'
import { load, readBack } from './loading.ts'
import { heading, table } from './printing.ts'
import { showEarthquakes, showFlights, showMovies } from './showing.ts'

const url = (process.argv[2] ?? process.env['HATSTAND_URL'] ?? 'http://localhost:8080').replace(/\/$/, '')

const help = `
The example needs a running server and an access token that may read and write.

  npm start                     in another terminal; follow its set-up link once
  HATSTAND_OWNER=name HATSTAND_OWNER_PASSWORD=password npm run example

Or with a token, and a server elsewhere:  npm run example -- http://localhost:8080 TOKEN
`

async function signIn(): Promise<Pda> {
  const token = process.argv[3] ?? process.env['HATSTAND_TOKEN']
  const { HATSTAND_OWNER: owner, HATSTAND_OWNER_PASSWORD: password } = process.env
  const pda = connect(url, token)
  const { version } = await pda.version()
  console.log(`hatstand ${version} at ${url}`)
  if (token === undefined && owner && password) await pda.accessTokens.login(owner, password)
  await pda.accessTokens.validate()
  return pda
}

/** The requests of the documents, in their order; a second run is told what is there already. */
async function tellDocuments(pda: Pda): Promise<void> {
  const ids = new Map<string, string>()
  for (const document of documents) {
    heading(`Requests of ${document}`)
    const rows = []
    for (const { request } of await stepsOf(document)) {
      const response = await send(request, url, pda.token ?? '', ids)
      const answer = JSON.parse(await response.text()) as unknown
      await learnIds(pda, ids, request, answer)
      const address = request.url
        .replace(/^https:\/\/[^/]+/, '')
        .replace(/([0-9a-f]{4})[0-9a-f]{4}-[0-9a-f-]{27}/g, '$1...')
      rows.push([request.method, address, String(response.status), inWords(answer)])
    }
    table(['method', 'route', 'status', 'answer'], rows)
  }
}

type Saved = { recordId: string; links?: Saved[] }

/** The documents name records by ids of their own; from here on they stand for ours. */
async function learnIds(pda: Pda, ids: Map<string, string>, request: Step['request'], answer: unknown) {
  if (request.url.endsWith('/data-batch') && Array.isArray(answer)) {
    const [note] = answer as Saved[]
    ids.set(printedIds.note, note?.recordId ?? '').set(printedIds.nudge, note?.links?.[0]?.recordId ?? '')
  }
  if (request.url.includes('/hat/locations')) {
    const stored = await pda.records.list<{ name?: string }>('hat/locations')
    const first = stored.find(({ data }) => data.name === 'record 1')
    if (first) ids.set(printedIds.location, first.recordId)
  }
}

function inWords(answer: unknown): string {
  if (Array.isArray(answer)) return answer.length === 1 ? '1 record' : `${answer.length} records`
  const { recordId, code, message } = answer as { recordId?: string; code?: string; message?: string }
  if (code === 'duplicate_data') return 'already there, nothing saved'
  return recordId ? '1 record' : String(message)
}

async function loadDataSets(pda: Pda): Promise<void> {
  heading('Loading')
  const sets = [await earthquakes(), await movies(), await flights()]
  for (const set of sets) await load(pda, set)
  heading('Reading back, page by page')
  for (const set of sets) await readBack(pda, set)
  heading('What is there now')
  const counts = (await pda.endpoints.counts())['examples'] ?? {}
  table(
    ['endpoint', 'records', 'bytes', 'last changed'],
    Object.entries(counts).map(([path, { records, bytes, lastChanged }]) => [
      path,
      records,
      bytes,
      lastChanged,
    ]),
  )
  await showEarthquakes(pda)
  await showMovies(pda)
  await showFlights(pda)
}

function explain(error: unknown): string {
  if (!(error instanceof HatstandError)) return String(error instanceof Error ? error.stack : error)
  const helpful = error.status === 401 || error.code === 'unreachable'
  return `${error.message}.\n${helpful ? help : ''}`
}

try {
  const pda = await signIn()
  await tellDocuments(pda)
  await loadDataSets(pda)
} catch (error) {
  console.error(explain(error))
  process.exitCode = 1
}
