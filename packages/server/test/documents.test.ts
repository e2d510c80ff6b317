import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '@hatstand/sdk'
import {
  documents,
  printedIds,
  send,
  stepsOf,
  type PrintedAnswer,
  type Step,
} from '../../../examples/documents.ts'
import { routeEngines } from './engines.ts'
import { startServer } from './harness.ts'

/** Where the printed answers slip, each put right before they are compared with ours. */
const slips: { about: string; correct: (printed: string) => string }[] = [
  {
    about:
      'POST prints the short endpoint `locations`, GET prints `rumpel/locations`; both requests went to hat/locations',
    correct: (text) => text.replace(/"endpoint":"(rumpel\/)?locations"/g, '"endpoint":"hat/locations"'),
  },
  {
    about: 'POST prints ids 185996 to 185998 where the request has 85996 to 85998',
    correct: (text) => text.replaceAll('"id":1859', '"id":859'),
  },
  {
    about:
      'one document prints the cause of a duplicate with an em dash, the other with a hyphen; it is a hyphen',
    correct: (text) => text.replace('data — Duplicate', 'data - Duplicate'),
  },
]

/** What the documents say of an answer without printing it. */
const said: Record<string, { status: number; body?: unknown }> = {
  'GET /api/v2/data/rumpel/locations': { status: 200, body: [] },
  'POST /api/v2.6/data/hat/locations': { status: 201 },
  'POST /api/v2.6/data/rumpel/profile': { status: 201 },
  'POST /api/v2.6/data-batch': { status: 201 },
  'POST /api/v2.6/data-link': { status: 201, body: { message: 'Grouping registered' } },
  'GET /api/v2.6/data/hat/locations': { status: 200 },
  'PUT /api/v2.6/data': { status: 201 },
  'DELETE /api/v2.6/data': { status: 200, body: { message: 'All records deleted' } },
}

interface Answered {
  endpoint: string
  recordId: string
  data: { id?: number; name?: string }
  links?: Answered[]
}

for (const engine of routeEngines)
  for (const document of documents)
    test(`every request of ${document} is answered as it says, on ${engine.name}`, async (t) => {
      const server = await startServer(t, engine)
      const ids = new Map<string, string>()
      for (const step of await stepsOf(document)) {
        const { method, url } = step.request
        const route = `${method} ${new URL(url, server.url).pathname}`
        const response = await send(step.request, server.url, server.token, ids)
        const text = await response.text()
        const answer = JSON.parse(text) as unknown
        assert.equal(response.status, said[route]?.status, `${route}: ${text}`)
        assert.match(String(response.headers.get('content-type')), /^application\/json/)
        if (said[route]?.body) assert.deepEqual(answer, said[route].body, route)
        else recordsAreAsSent(step, [answer].flat() as Answered[], ids)
        for (const printed of step.answers)
          await isAsPrinted(printed, answer, () => send(step.request, server.url, server.token, ids))
        learnIds(route, [answer].flat() as Answered[], ids)
      }
    })

test('malformed times are data like any other and come back as they were sent', async (t) => {
  const server = await startServer(t)
  const batch = (await stepsOf('data-input-guide')).find(({ request }) =>
    request.url.endsWith('/data-batch'),
  )!
  await send(batch.request, server.url, server.token, new Map())
  const [note] = await connect(server.url, server.token).records.list('rumpel/notable', { links: true })
  assert.ok(note)
  assert.ok(note.text.includes('"created_time": "2017-04-10T14:19:59:+01:00"'), note.text)
  assert.ok(String(batch.request.body.raw).includes(note.text), 'byte for byte as it stood in the request')
  assert.deepEqual(
    note.links?.map(({ endpoint }) => endpoint),
    ['rumpel/nudge'],
  )
})

test('the documents’ requests are all there: four in the guide, seven in the newer page', async () => {
  const counts = await Promise.all(documents.map(async (document) => (await stepsOf(document)).length))
  assert.deepEqual(counts, [1, 4, 7])
})

/** Each record that went in, linked ones too, is answered under its full endpoint, with a UUID and exactly its data. */
function recordsAreAsSent({ request }: Step, answered: Answered[], ids: ReadonlyMap<string, string>): void {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
  for (const { endpoint, recordId, links } of answered) {
    assert.match(endpoint, /^(hat|rumpel)\/[a-z]+$/)
    assert.match(recordId, uuid)
    for (const linked of links ?? []) assert.match(linked.recordId, uuid)
  }
  if (request.method === 'GET') return
  const { raw } = request.body
  const sent = [typeof raw === 'string' ? (JSON.parse(raw) as unknown) : raw].flat() as Answered[]
  const whole = request.url.includes('/data/')
  assert.deepEqual(
    answered.map(({ data }) => data),
    whole ? sent : sent.map(({ data }) => data),
  )
  if (request.url.endsWith('/data-batch'))
    assert.deepEqual(
      answered.map(({ links }) => links?.map(({ endpoint, data }) => ({ endpoint, data }))),
      sent.map(({ links }) => links),
    )
  if (request.method === 'PUT')
    assert.deepEqual([...ids.values()].includes(answered[0]?.recordId ?? ''), true)
}

/** The printed answer, its slips put right and its ids left aside, is ours; a printed refusal comes when the request is sent again. */
async function isAsPrinted(
  printed: PrintedAnswer,
  answer: unknown,
  again: () => Promise<Response>,
): Promise<void> {
  const text = slips.reduce((corrected, { correct }) => correct(corrected), compact(printed.body))
  const expected = JSON.parse(text) as unknown
  if (printed.code === 400) {
    const response = await again()
    assert.equal(response.status, 400)
    const { message, cause } = (await response.json()) as { message: string; cause: string }
    assert.deepEqual({ message, cause }, expected)
    return
  }
  assert.deepEqual(comparable(answer), comparable(expected))
}

function compact(body: unknown): string {
  return typeof body === 'string' ? body : JSON.stringify(body)
}

/** Records without their ids, in the order of their data's id: the printed order of a read follows no rule. */
function comparable(records: unknown): unknown {
  return (records as Answered[])
    .map(({ endpoint, data, links }) => ({ endpoint, data, links }))
    .toSorted((a, b) => (a.data.id ?? 0) - (b.data.id ?? 0))
}

/** The records that stand for those the documents name by id later. */
function learnIds(route: string, answered: Answered[], ids: Map<string, string>): void {
  if (route.endsWith('/data-batch')) {
    ids.set(printedIds.note, answered[0]?.recordId ?? '')
    ids.set(printedIds.nudge, answered[0]?.links?.[0]?.recordId ?? '')
  }
  if (route === 'GET /api/v2.6/data/hat/locations')
    ids.set(printedIds.location, answered.find(({ data }) => data.name === 'record 1')?.recordId ?? '')
}
