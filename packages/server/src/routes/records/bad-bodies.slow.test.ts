import assert from 'node:assert/strict'
import { after, before as beforeAll, suite, test } from 'node:test'
import { at, badBody, limits, long, routes } from '../../../test/bad-bodies.ts'
import { refusesAll, send } from '../../../test/bad-input.ts'
import { routeEngines } from '../../../test/engines.ts'
import { startServer, type TestServer } from '../../../test/harness.ts'

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

for (const engine of routeEngines)
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
            badBody(
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
            return badBody(route, body, 'invalid_json', at(body.length), `ends early: ${text}`)
          }),
        )
        const behind = routes.map((route) => {
          const body = `${space}${route.before}1${route.after}`
          return badBody(route, `${body} 2`, 'invalid_json', at(body.length + 1), 'more behind the end')
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
            return badBody(
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
            badBody(
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
            return badBody(
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
  })
