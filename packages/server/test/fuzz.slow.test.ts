import assert from 'node:assert/strict'
import { test } from 'node:test'
import { operations } from '@hatstand/api/operations.ts'
import fc from 'fast-check'
import { refusalIn } from './bad-input.ts'
import { texts } from './documents-spelt.ts'
import { routeEngines } from './engines.ts'
import { startServer } from './harness.ts'

/** How many requests are made up for each engine. */
const requests = Number(process.env['HATSTAND_TEST_REQUESTS'] ?? 1500)

const record = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'
const anything = fc.string({ unit: 'binary', maxLength: 12 })
/** Values that something is known to mean, so that many requests get past the first check. */
const known = fc.constantFrom(
  'test',
  'things',
  'test/things',
  'a',
  'a.b',
  '0',
  '1',
  '17',
  'true',
  'false',
  'ascending',
  'descending',
  record,
  '',
  '-',
  '\0',
  'a.\0',
  '.',
  '..',
)
const value = fc.oneof({ weight: 3, arbitrary: known }, anything)
const names = [
  'take',
  'skip',
  'orderBy',
  'ordering',
  'recordId',
  'links',
  'meta',
  'after',
  'records',
  'counts',
  'skipErrors',
  'nonsense',
  '__proto__',
]

const query = fc
  .array(fc.tuple(fc.constantFrom(...names), value), { maxLength: 3 })
  .map((pairs) => pairs.map(([name, text]) => `${name}=${encodeURIComponent(text)}`).join('&'))

const envelope = fc
  .tuple(
    fc.constantFrom('endpoint', 'recordId', 'links', 'x'),
    fc.constantFrom('"test/things"', `"${record}"`, '"Test"', '[]', 'null', '1'),
    texts,
  )
  .map(
    ([name, member, data]) =>
      `[{"endpoint":"test/things","recordId":"${record}","data":${data},"${name}":${member}}]`,
  )
const body = fc.oneof(
  fc.constant(undefined),
  texts,
  envelope,
  anything,
  fc.tuple(texts, fc.nat(40)).map(([text, at]) => text.slice(0, -at)),
)

/** They take their time, or end the token the requests are made with. */
const leftOut = [
  'createAccessToken',
  'endAccessToken',
  'revokeAccessTokens',
  'changePassword',
  'requestPasswordReset',
  'resetPassword',
]
const operation = fc.constantFrom(...operations.filter(({ operationId }) => !leftOut.includes(operationId)))
const made = fc.record({
  operation,
  parts: fc.array(value, { minLength: 3, maxLength: 3 }),
  query,
  body,
  type: fc.constantFrom(
    'application/json',
    'application/json',
    'application/json; charset=utf-8',
    'text/plain',
  ),
})

for (const engine of routeEngines)
  test(`${requests} made-up requests find every route answering or refusing in the one shape, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.createMany('test/things', [
      { a: 1 },
      { a: { b: 2 } },
      { 'a.\0': 1, '\0': 2 },
      [1],
      'x',
      { a: '\ud800' },
    ])
    const seen = new Map<number, number>()
    await fc.assert(
      fc.asyncProperty(
        made,
        async ({ operation: { method, path, root }, parts, query: search, body: text, type }) => {
          const url = `${root ? '' : '/api/v2.6'}${filled(path, parts)}?${search}`
          const withBody = method !== 'GET' && text !== undefined
          const response = await fetch(server.url + url, {
            method,
            headers: { 'x-auth-token': server.token, ...(withBody && { 'content-type': type }) },
            ...(withBody && { body: text }),
          })
          seen.set(response.status, (seen.get(response.status) ?? 0) + 1)
          const answer = {
            status: response.status,
            type: response.headers.get('content-type') ?? '',
            text: await response.text(),
          }
          assert.ok(answer.status < 500, `${method} ${url}: ${answer.text}`)
          if (answer.status >= 400) refusalIn(answer, `${method} ${url}`)
        },
      ),
      { numRuns: requests },
    )
    t.diagnostic([...seen].map(([status, count]) => `${count} x ${status}`).join(', '))
  })

/** A path with its parameters put in, most of them spelt as the route wants. */
function filled(path: string, parts: string[]): string {
  let next = 0
  return path.replace(/:\w+|\*/g, () => encodeURIComponent(parts[next++] ?? 'x'))
}
