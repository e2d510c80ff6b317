import fc from 'fast-check'

/** JSON texts in every spelling the grammar has, as a whole or inside one another. */

const space = fc.constantFrom('', '', '', '', ' ', '\n', '\t', '\r\n', '  \n\t ')
const digits = (most: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${most}}$`))

const integerPart = fc.oneof(
  fc.constant('0'),
  fc.tuple(fc.integer({ min: 1, max: 9 }), digits(22)).map(([first, rest]) => `${first}${rest}`),
  fc.integer({ min: 1, max: 9 }).map(String),
)
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    integerPart,
    fc.option(digits(20), { nil: undefined }),
    fc.option(fc.tuple(fc.constantFrom('e', 'E'), fc.constantFrom('', '+', '-'), digits(4)), {
      nil: undefined,
    }),
  )
  .map(
    ([sign, whole, fraction, exponent]) =>
      `${sign}${whole}${fraction === undefined ? '' : `.${fraction}`}${exponent?.join('') ?? ''}`,
  )

const hex = fc.stringMatching(/^[0-9a-fA-F]{4}$/)
const escape = fc.oneof(
  fc.constantFrom('\\"', '\\\\', '\\/', '\\b', '\\f', '\\n', '\\r', '\\t', '\\u0000'),
  fc.constantFrom('\\ud800', '\\uDFFF', '\\ud83d\\ude00', '\\uDE00\\uD83D', '\\u2028'),
  hex.map((code) => `\\u${code}`),
)
/** Characters as they are: everything but quotes, backslashes and controls. */
const plain = fc
  .string({ unit: 'binary', maxLength: 6 })
  .map((text) => text.replace(/["\\\p{Cc}]/gu, '\u2028'))
const string = fc
  .array(fc.oneof(plain, plain, escape), { maxLength: 5 })
  .map((parts) => `"${parts.join('')}"`)

const key = fc.oneof(
  string,
  fc.constantFrom('"a"', '"a"', '"\\u0061"', '"__proto__"', '"constructor"', '"toJSON"', '""'),
  fc.constantFrom('"10"', '"9"', '"2"', '"-1"', '"1.0"', '"4294967295"', '"9007199254740993"'),
)

const brackets = (value: string, depth: number, kind: boolean) =>
  kind ? '['.repeat(depth) + value + ']'.repeat(depth) : '{"a":'.repeat(depth) + value + '}'.repeat(depth)

/** Any JSON value as text, without white space around it. */
export const texts: fc.Arbitrary<string> = fc.letrec<{ text: string; member: string }>((tie) => ({
  text: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { weight: 6, arbitrary: fc.oneof(number, string, fc.constantFrom('null', 'true', 'false')) },
    {
      weight: 3,
      arbitrary: fc
        .tuple(space, fc.array(tie('text'), { maxLength: 4 }), space)
        .map(([a, items, b]) => `[${a}${items.join(`${a},${b}`)}${b}]`),
    },
    {
      weight: 5,
      arbitrary: fc
        .tuple(space, fc.array(tie('member'), { maxLength: 6 }), space)
        .map(([a, members, b]) => `{${a}${members.join(`${b},${a}`)}${b}}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('text'), fc.integer({ min: 1, max: 120 }), fc.boolean())
        .map(([text, depth, kind]) => brackets(text, depth, kind)),
    },
  ),
  member: fc.tuple(key, space, space, tie('text')).map(([name, a, b, text]) => `${name}${a}:${b}${text}`),
})).text

/** What has broken JSON stores before: each line a text of its own. */
export const nasty: readonly string[] = [
  ...String.raw`
1.0
-0
0
1E2
1e+2
100.00
0.10
1e400
-1e400
1e-400
1E999999999999
12345678901234567890
9007199254740993
-9007199254740993
0.1234567890123456789012345
""
{}
[]
[[]]
[ ]
{"":""}
null
true
false
{"a":1,"a":2}
{"a":2,"a":1}
{"a":1,"b":2,"a":1}
{"a":1,"\u0061":1}
{"a":1,"\u0061":2}
"\u0000"
{"\u0000":"\u0000"}
"\ud800"
"\udc00"
"\ud83d\ude00 "
"\ude00\ud83d"
{"\ud800":1}
{"\udbff":1,"\ud800":2}
"😀"
"\u2028"
"\/"
"/"
"\"\\\b\f\n\r\t"
"</script>'--;$1?%s"
{"__proto__":{"admin":true}}
{"__proto__":1,"__proto__":2}
{"constructor":{"prototype":null}}
{"toJSON":"x"}
{"hasOwnProperty":1}
{"10":1,"9":2,"b":3,"a":4,"1":5}
{"4294967295":1,"4294967294":2,"0":3}
{"data":1,"endpoint":"a/b","recordId":1,"links":[]}`
    .trim()
    .split('\n'),
  '{ "a" :\t[ 1 ,\n2\r\n] , "b" : { } }',
  '{\n}',
  '"\u2028\u2029"',
  '"\ufeff"',
  '"\uffff\ufffe"',
  '"\u007f\u0080\u009f"',
  '"\u200f\u202e\u0301"',
  '"e\u0301"',
  '"\u00e9!"',
  '9'.repeat(400),
  `0.${'0'.repeat(400)}1`,
  `"${'é'.repeat(70_000)}"`,
  `"${'\\u00e9'.repeat(9000)}"`,
  brackets('1', 512, true),
  brackets('{}', 511, false),
  brackets('"deep"', 300, true),
]
