import assert from 'node:assert/strict'
import { after, before as beforeAll, suite, test } from 'node:test'
import type { ErrorCode } from '@hatstand/api/errors.ts'
import { type BadInput, refusesAll, send, stored } from '../../test/bad-input.ts'
import { engines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'

const limits = {
  HATSTAND_MAX_BODY_BYTES: '3000000',
  HATSTAND_MAX_RECORD_BYTES: '200000',
  HATSTAND_MAX_RECORDS: '50',
  HATSTAND_MAX_DEPTH: '40',
}
/** White space that makes a body wait on disk, and be read a window at a time. */
const long = ' '.repeat(1_200_000)
const someId = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'

/** The routes that take a body, and how data stands in it. */
const routes = [
  { method: 'POST', path: '/data/test/things', before: '', after: '' },
  { method: 'POST', path: '/data/test/things?skipErrors=true', before: '[', after: ']' },
  { method: 'POST', path: '/data-batch', before: '[{"endpoint":"test/things","data":', after: '}]' },
  {
    method: 'POST',
    path: '/data-batch',
    before: '[{"endpoint":"test/a","data":1,"links":[{"endpoint":"test/b","data":',
    after: '}]}]',
  },
  {
    method: 'PUT',
    path: '/data',
    before: `[{"endpoint":"test/things","recordId":"${someId}","data":`,
    after: '}]',
  },
]

/** What is no JSON, and the position in it that the refusal names. */
const malformed: [text: string, position: number][] = [
  ['{"a":1,}', 7],
  ['{"a" 1}', 5],
  ['{a:1}', 1],
  ["{'a':1}", 1],
  ['[1,]', 3],
  ['[1 2]', 3],
  ['{"a":1 "b":2}', 7],
  ['nulx', 0],
  ['NaN', 0],
  ['undefined', 0],
  ['+1', 0],
  ['.5', 0],
  ['"\\x"', 1],
  ['"\\u12G4"', 1],
  ['"a\tb"', 2],
  ['"a\u0000b"', 2],
  ['// 1', 0],
  ['\u00a01', 0],
]

/** What JSON ends too early; the position is where it ends. */
const unfinished = ['{', '{"a"', '{"a":', '[', '[1', '[1,', '"abc', '"\\', '"\\u00', '-', 'tru', '']

const notUtf8: [what: string, bytes: number[]][] = [
  ['a byte no UTF-8 has', [0xff]],
  ['a lone continuation', [0x80]],
  ['a character cut short', [0xe2, 0x82]],
  ['an overlong spelling', [0xc0, 0x80]],
  ['a surrogate', [0xed, 0xa0, 0x80]],
  ['a code point beyond the last', [0xf5, 0x80, 0x80, 0x80]],
]

for (const engine of engines)
  suite(`bad bodies on ${engine.name}`, () => {
    let server: TestServer
    let stop: (() => unknown) | undefined
    after(() => stop?.())
    beforeAll(async () => {
      server = await startServer({ after: (fn) => (stop = fn as () => unknown) }, engine, {
        settings: limits,
      })
      await server.owner.records.create('test/things', { already: 'here' })
    })

    for (const space of ['', long])
      test(`malformed JSON is refused with its position${space && ', in a long body too'}`, async () => {
        const inputs = routes.flatMap((route) =>
          malformed.map(([text, position]) =>
            bad(
              route,
              space + route.before + text + route.after,
              'invalid_json',
              at(space.length + route.before.length + position),
              text,
            ),
          ),
        )
        const ended = routes.flatMap((route) =>
          unfinished.map((text) => {
            const body = space + route.before + text
            return bad(route, body, 'invalid_json', at(body.length), `ends early: ${text}`)
          }),
        )
        const behind = routes.map((route) => {
          const body = `${space}${route.before}1${route.after}`
          return bad(route, `${body} 2`, 'invalid_json', at(body.length + 1), 'more behind the end')
        })
        await refusesAll(
          server,
          space
            ? [...inputs, ...ended, ...behind].filter((_, index) => index % 9 === 0)
            : [...inputs, ...ended, ...behind],
        )
      })

    for (const space of ['', long, ' '.repeat(1_048_576 + 262_143), ' '.repeat(1_048_576 + 262_141)])
      test(`what is not UTF-8 is refused with the byte it begins at, behind ${space.length} bytes`, async () => {
        const inputs = (space ? routes.slice(1, 3) : routes).flatMap((route) =>
          notUtf8.map(([what, bytes]) => {
            const head = `${space}${route.before}"é`
            const body = Buffer.concat([
              Buffer.from(head),
              Buffer.from(bytes),
              Buffer.from(`"${route.after}`),
            ])
            return bad(
              route,
              new Uint8Array(body),
              'invalid_utf8',
              `at byte ${Buffer.byteLength(head)}`,
              what,
            )
          }),
        )
        await refusesAll(server, inputs)
      })

    test('a byte-order mark is refused and named', async () => {
      await refusesAll(
        server,
        routes.flatMap((route) =>
          ['', long].map((space) =>
            bad(
              route,
              `\ufeff${space}${route.before}1${route.after}`,
              'byte_order_mark',
              'byte-order mark',
              'BOM',
            ),
          ),
        ),
      )
    })

    test('data that nests too deep is refused with the limit and the position', async () => {
      const inputs = routes.flatMap((route) =>
        ['', long].flatMap((space) =>
          [
            ['[', ']'],
            ['{"a":', '}'],
          ].map(([open = '', close = '']) => {
            const text = open.repeat(41) + '1' + close.repeat(41)
            // An array is a list of records by itself: each element may nest as deep as the limit.
            const inner = route.before === '' && open === '[' ? `[${text}]` : text
            return bad(
              route,
              space + route.before + inner + route.after,
              'too_deep',
              /40.*at position \d+$/,
              open,
            )
          }),
        ),
      )
      await refusesAll(server, inputs)
      const deepest = '['.repeat(40) + ']'.repeat(40)
      assert.equal(
        (await send(server, { method: 'POST', path: '/data/deep/things', body: `[${deepest}]` })).status,
        201,
      )
      assert.equal(
        (
          await send(server, {
            method: 'POST',
            path: '/data-batch',
            body: `[{"endpoint":"deep/batch","data":${deepest}}]`,
          })
        ).status,
        201,
      )
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
          bad(
            route,
            body + ' '.repeat(most),
            'body_too_large',
            /3000000 bytes.*HATSTAND_MAX_BODY_BYTES/,
            'length told',
          ),
          bad(
            route,
            pieces(body + ' '.repeat(most)),
            'body_too_large',
            /3000000 bytes.*HATSTAND_MAX_BODY_BYTES/,
            'chunked',
          ),
          bad(
            route,
            `${route.before}"${'é'.repeat(100_000)}"${route.after}`,
            'record_too_large',
            /index 0.*200000 bytes.*HATSTAND_MAX_RECORD_BYTES/,
            'in memory',
          ),
          bad(
            route,
            `${long}${route.before}"${'x'.repeat(200_000)}"${route.after}`,
            'record_too_large',
            /index 0.*200000 bytes.*HATSTAND_MAX_RECORD_BYTES/,
            'on disk',
          ),
          bad(
            route,
            `${route.before}"${'x'.repeat(2_000_000)}"${route.after}`,
            'record_too_large',
            /index 0.*200000 bytes/,
            'longer than any window',
          ),
          bad(
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
          ...bad(route, body, 'content_type_unsupported', /./, what),
          headers: { 'content-type': type },
        })
        const { body: _, ...none } = bad(route, '', 'invalid_json', 'position 0', 'no body')
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
            ...bad(route, body, 'content_type_unsupported', encoding, encoding),
            headers: { 'content-encoding': encoding },
          })),
          bad(route, '', 'invalid_json', 'position 0', 'empty'),
          bad(route, pieces(''), 'invalid_json', 'position 0', 'empty, chunked'),
          bad(route, ' \n', 'invalid_json', 'position 2', 'white space alone'),
          { ...none, headers: { 'content-type': 'application/json' } },
          none,
          {
            ...bad(
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

type Route = (typeof routes)[number]

function bad(
  { method, path }: Route,
  body: BadInput['body'] & {},
  code: ErrorCode,
  cause: RegExp | string,
  what: string,
): BadInput {
  return { what, method, path, body, code, cause }
}

const at = (position: number) => new RegExp(`position ${position}$`)

/** A body whose length is not told. */
function pieces(text: string): ReadableStream {
  const bytes = new TextEncoder().encode(text)
  return ReadableStream.from(
    Array.from({ length: Math.ceil(bytes.length / 100_000) }, (_, index) =>
      bytes.subarray(index * 100_000, (index + 1) * 100_000),
    ),
  )
}
