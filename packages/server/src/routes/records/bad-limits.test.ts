import assert from 'node:assert/strict'
import { after, before as beforeAll, suite, test } from 'node:test'
import { badBody, limits, long, pieces, routes } from '../../../test/bad-bodies.ts'
import { refusesAll, send, stored } from '../../../test/bad-input.ts'
import { routeEngines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'

for (const engine of routeEngines)
  suite(`bodies that may not come in on ${engine.name}`, () => {
    let server: TestServer
    let stop: (() => unknown) | undefined
    after(() => stop?.())
    beforeAll(async () => {
      server = await startServer({ after: (fn) => (stop = fn as () => unknown) }, engine, {
        settings: limits,
      })
      await server.owner.records.create('test/things', { already: 'here' })
    })

    test('a body, a record or a number of records above its limit is refused and the limit named', async () => {
      const most = Number(limits.HATSTAND_MAX_BODY_BYTES)
      const inputs = routes.flatMap((route) => {
        const body = `${route.before}1${route.after}`
        const many = Array.from({ length: 51 }, (_, index) => `${index}`)
        const wrapped =
          route.before === ''
            ? many
            : many.map((text) => route.before.replace(/^\[/, '') + text + route.after.replace(/\]$/, ''))
        return [
          badBody(
            route,
            body + ' '.repeat(most),
            'body_too_large',
            /3000000 bytes.*HATSTAND_MAX_BODY_BYTES/,
            'length told',
          ),
          badBody(
            route,
            pieces(body + ' '.repeat(most)),
            'body_too_large',
            /3000000 bytes.*HATSTAND_MAX_BODY_BYTES/,
            'chunked',
          ),
          badBody(
            route,
            `${route.before}"${'é'.repeat(100_000)}"${route.after}`,
            'record_too_large',
            /index 0.*200000 bytes.*HATSTAND_MAX_RECORD_BYTES/,
            'in memory',
          ),
          badBody(
            route,
            `${long}${route.before}"${'x'.repeat(200_000)}"${route.after}`,
            'record_too_large',
            /index 0.*200000 bytes.*HATSTAND_MAX_RECORD_BYTES/,
            'on disk',
          ),
          badBody(
            route,
            `${route.before}"${'x'.repeat(2_000_000)}"${route.after}`,
            'record_too_large',
            /index 0.*200000 bytes/,
            'longer than any window',
          ),
          badBody(
            route,
            `[${wrapped.join()}]`,
            'too_many_records',
            /50 records.*HATSTAND_MAX_RECORDS/,
            'one too many',
          ),
        ]
      })
      await refusesAll(server, inputs)
    })

    test('a body of another content type, charset or encoding is refused, and an empty one', async () => {
      const inputs = routes.flatMap((route) => {
        const body = `${route.before}1${route.after}`
        const typed = (type: string, what = type) => ({
          ...badBody(route, body, 'content_type_unsupported', /./, what),
          headers: { 'content-type': type },
        })
        const { body: _, ...none } = badBody(route, '', 'invalid_json', 'position 0', 'no body')
        return [
          ...[
            'text/plain',
            'application/xml',
            'multipart/form-data',
            'application/x-www-form-urlencoded',
            'nonsense',
            'text/json',
            'application/jsonl',
          ].map((type) => typed(type)),
          ...['latin1', '"utf-16"', 'us-ascii'].map((charset) =>
            typed(`application/json; charset=${charset}`),
          ),
          ...['gzip', 'br', 'zstd'].map((encoding) => ({
            ...badBody(route, body, 'content_type_unsupported', encoding, encoding),
            headers: { 'content-encoding': encoding },
          })),
          badBody(route, '', 'invalid_json', 'position 0', 'empty'),
          badBody(route, pieces(''), 'invalid_json', 'position 0', 'empty, chunked'),
          badBody(route, ' \n', 'invalid_json', 'position 2', 'white space alone'),
          { ...none, headers: { 'content-type': 'application/json' } },
          none,
          {
            ...badBody(
              route,
              new TextEncoder().encode(body),
              'content_type_unsupported',
              'application/json',
              'no type',
            ),
            headers: { 'content-type': '' },
          },
        ]
      })
      await refusesAll(server, inputs)
      for (const charset of ['utf-8', 'UTF8', '"utf-8"'])
        assert.equal(
          (
            await send(server, {
              method: 'POST',
              path: `/data/charset/things`,
              body: JSON.stringify({ charset }),
              headers: { 'content-type': `application/json; charset=${charset}` },
            })
          ).status,
          201,
        )
    })

    test('what a body repeats is refused with its positions', async () => {
      const before = await stored(server)
      const answer = await send(server, {
        method: 'POST',
        path: '/data/test/things',
        body: '[{"new":1},{"already":"here"},{ "new":1.0 }]',
      })
      const { code, duplicates } = JSON.parse(answer.text) as { code: string; duplicates: unknown }
      const [record] = await server.owner.records.list('test/things')
      assert.deepEqual(
        [answer.status, code, duplicates],
        [
          400,
          'duplicate_data',
          [
            { index: 1, recordId: record!.recordId },
            { index: 2, of: 0 },
          ],
        ],
      )
      assert.deepEqual(await stored(server), before)
    })
  })
