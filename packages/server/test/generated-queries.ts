import fc from 'fast-check'
import { compare, parsed } from './naive-order.ts'
import type { Kept } from './naive-queries.ts'
import { type Model, spell } from './spellings.ts'

/** Records and queries that often fit each other, in any spelling, and what does not fit at all. */

const keys = fc.constantFrom('a', 'b', 'a', 'b', 'c d', 'e.f', '[x]', '\\', 'é', '0', '1', '😀')

const texts = [
  '',
  'a',
  'b',
  'B',
  'é',
  '\u0000',
  '\ud83d',
  '\uffff',
  '😀',
  'tea',
  'Tea, with MILK',
  'no milk today: coffee',
  '2017-04-20T14:37:27+00:00',
  '2017-04-20T14:37:27.000Z',
  '2017-04-10T14:19:59:+01:00',
  '2018-01-02T15:22:42+0000',
  '2017-04-20',
  '2017-13-45',
  '1492699047',
]
const numbers = [
  [0n, 0],
  [1n, 0],
  [10n, -1],
  [2n, 0],
  [15n, -1],
  [-3n, 0],
  [9007199254740992n, 0],
  [9007199254740993n, 0],
  [1n, 25],
  [1n, -25],
  [1492699047n, 0],
  [14926990475n, -1],
] as const

const text = fc.constantFrom(...texts)
const number = fc.constantFrom(...numbers).map(([digits, exponent]): Model => ({ digits, exponent }))
const scalar: fc.Arbitrary<Model> = fc.oneof(text, number, fc.constantFrom(null, true, false))

const value: fc.Arbitrary<Model> = fc.letrec<{ value: Model }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    { arbitrary: scalar, weight: 3 },
    { arbitrary: fc.array(tie('value'), { maxLength: 3 }), weight: 1 },
    {
      arbitrary: fc
        .array(fc.tuple(keys, tie('value')), { maxLength: 4 })
        .map((members): Model => ({ members: members.filter(isFound) })),
      weight: 2,
    },
  ),
})).value

/** Whether words behind a repeated key, of which the last counts, are searched is not said: there are none. */
function isFound([key, one]: [string, Model], index: number, members: [string, Model][]): boolean {
  const isLast = members.findLastIndex(([other]) => other === key) === index
  return isLast || !hasWord(one)
}

function hasWord(model: Model): boolean {
  if (typeof model === 'string') return /[a-z]{3}/i.test(model)
  if (Array.isArray(model)) return model.some(hasWord)
  return (
    model !== null &&
    typeof model === 'object' &&
    'members' in model &&
    model.members.some(([, one]) => hasWord(one))
  )
}

const object = (members: Record<string, Model | undefined>): Model => ({
  members: Object.entries(members).filter((entry): entry is [string, Model] => entry[1] !== undefined),
})
const spelt = (model: fc.Arbitrary<Model>) => fc.tuple(model, fc.nat()).map(([one, seed]) => spell(one, seed))
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined })

/** The data of a record: mostly an object. */
const data = fc.oneof(
  {
    arbitrary: fc
      .array(fc.tuple(keys, value), { minLength: 1, maxLength: 6 })
      .map((members): Model => ({ members: members.filter(isFound) })),
    weight: 9,
  },
  { arbitrary: value, weight: 1 },
)
export const dataTexts = spelt(data)

/** Stands in a query for what is aimed at the records: it becomes a filter that one passes, or a path that leads somewhere. */
const aim = (what: 'filter' | 'path' | 'list') =>
  fc.bigInt(0n, 1_000_000n).map((digits): Model => ({ members: [[`aim ${what}`, { digits, exponent: 0 }]] }))

const escaped = (path: readonly string[]) => path.map((name) => name.replace(/[.\\[\]]/g, '\\$&')).join('.')
const path = fc
  .oneof(
    { arbitrary: fc.array(keys, { minLength: 1, maxLength: 1 }), weight: 3 },
    { arbitrary: fc.array(keys, { minLength: 2, maxLength: 3 }), weight: 2 },
  )
  .map(escaped)
const source = fc
  .tuple(path, maybe(fc.nat({ max: 2 })), maybe(path))
  .map(
    ([first, index, rest]) =>
      first + (index === undefined ? '' : `[${index}]`) + (rest === undefined ? '' : `.${rest}`),
  )

/** Two bounds, the lower first. */
const bounds = (one: fc.Arbitrary<Model>) =>
  fc
    .tuple(one, one)
    .map(
      (pair) => pair.toSorted((a, b) => compare(parsed(spell(a, 0)), parsed(spell(b, 0)))) as [Model, Model],
    )

const between = (one: fc.Arbitrary<Model>) =>
  bounds(one).map(([lower, upper]) => object({ operator: 'between', lower, upper }))

const holding = (one: fc.Arbitrary<Model>) =>
  fc.oneof(
    fc.record({ operator: fc.constant('contains'), value: one }).map(object),
    fc
      .record({ operator: fc.constant('in'), value: fc.array(one, { minLength: 1, maxLength: 6 }) })
      .map(object),
  )

const plainFilter = fc
  .record({
    field: fc.oneof({ arbitrary: path, weight: 9 }, { arbitrary: fc.constant(''), weight: 1 }),
    transformation: maybe(fc.constant(object({ transformation: 'identity' }))),
    operator: fc.oneof(
      { arbitrary: between(number), weight: 2 },
      { arbitrary: between(text), weight: 2 },
      { arbitrary: between(fc.constantFrom(true, false)), weight: 1 },
      { arbitrary: holding(scalar), weight: 3 },
      { arbitrary: holding(value), weight: 2 },
      {
        arbitrary: value.filter(isNoEmptyList).map((one) => object({ operator: 'in', value: one })),
        weight: 2,
      },
    ),
  })
  .map(object)

function isNoEmptyList(model: Model): boolean {
  return !Array.isArray(model) || model.length > 0
}

const parts = {
  hour: [0, 23],
  minute: [0, 59],
  day: [1, 31],
  month: [1, 12],
  year: [2016, 2018],
  dow: [0, 6],
  quarter: [1, 4],
  doy: [1, 366],
  second: [0, 60],
  epoch: [1_491_000_000, 1_515_000_000],
} as const
const dateFilter = fc
  .constantFrom(...Object.entries(parts))
  .chain(([part, [min, max]]) => {
    const integer = fc.integer({ min, max }).map((digits): Model => ({ digits: BigInt(digits), exponent: 0 }))
    const known = fc.oneof(
      integer,
      fc.constantFrom<Model>({ digits: 14n, exponent: 0 }, { digits: 1492699047n, exponent: 0 }),
    )
    return fc.record({
      field: path,
      transformation: fc
        .constantFrom('datetimeExtract', 'timestampExtract')
        .map((transformation) => object({ transformation, part })),
      operator: fc.oneof({ arbitrary: between(known), weight: 3 }, { arbitrary: holding(known), weight: 1 }),
    })
  })
  .map(object)

const searchFilter = fc
  .record({
    field: fc.oneof(path, fc.constant('')),
    transformation: fc.constant(object({ transformation: 'searchable' })),
    operator: fc
      .constantFrom('tea', 'MILK', 'milk tea', 'coffee, today', 'cocoa')
      .map((search) => object({ operator: 'find', search })),
  })
  .map(object)

const filter = fc.oneof(
  { arbitrary: plainFilter, weight: 6 },
  { arbitrary: dateFilter, weight: 2 },
  { arbitrary: searchFilter, weight: 1 },
)
const filters = fc.array(
  fc.oneof({ arbitrary: filter, weight: 1 }, { arbitrary: aim('filter'), weight: 2 }),
  {
    maxLength: 2,
  },
)

const destination = fc
  .array(fc.constantFrom('x', 'y', 'é', 'z.z'), { minLength: 1, maxLength: 3 })
  .map(escaped)
const mapping = fc.letrec<{ mapping: Model }>((tie) => ({
  mapping: fc
    .array(
      fc.oneof(
        { maxDepth: 2 },
        fc.tuple(destination, source),
        fc.tuple(destination, aim('path')),
        fc.tuple(destination, aim('path')),
        fc.tuple(destination, fc.record({ source, mappings: tie('mapping') }).map(object)),
        fc.tuple(
          destination.map((to) => `${to}[]`),
          fc
            .record({
              source: fc.oneof(
                source.map((from) => `${from}[]`),
                aim('list'),
              ),
              mappings: tie('mapping'),
            })
            .map(object),
        ),
      ) as fc.Arbitrary<[string, Model]>,
      { maxLength: 5 },
    )
    .map((members): Model => ({ members })),
})).mapping

const endpoint = fc.constantFrom('test/one', 'test/two')
const linkQuery = fc.record({ endpoint, mapping: maybe(mapping), filters: maybe(filters) }).map(object)
const query = fc
  .record({
    endpoint,
    mapping: maybe(mapping),
    filters: maybe(filters),
    links: maybe(fc.array(linkQuery, { maxLength: 2 })),
  })
  .map(object)

/** Every value that a path leads to, the whole first; of repeated keys the last counts. */
function placesOf(model: Model, above: string[] = []): Place[] {
  const here = { path: above, value: model }
  if (model === null || typeof model !== 'object' || 'digits' in model) return [here]
  const inside: [string, Model][] = Array.isArray(model)
    ? model.map((one, index) => [String(index), one])
    : [...new Map(model.members)]
  return [here, ...inside.flatMap(([name, one]) => placesOf(one, [...above, name]))]
}

interface Place {
  path: string[]
  value: Model
}

/** A query with what is aimed in it put in place. */
function aimed(model: Model, places: readonly Place[]): Model {
  if (model === null || typeof model !== 'object' || 'digits' in model) return model
  if (Array.isArray(model)) return model.map((one) => aimed(one, places))
  const [key, seed] = model.members[0] ?? ['', null]
  if (!key.startsWith('aim '))
    return { members: model.members.map(([name, one]) => [name, aimed(one, places)]) }
  const choice = Number((seed as { digits: bigint }).digits)
  const among = places.filter(
    ({ path: names, value: one }) => names.length > 0 && (key !== 'aim list' || Array.isArray(one)),
  )
  const { path: names, value: target } = among[choice % among.length] ?? { path: ['a'], value: 'a' }
  if (key === 'aim list') return `${escaped(names)}[]`
  return key === 'aim path' ? escaped(names) : aimedFilter(names, target, Math.floor(choice / 1000))
}

function aimedFilter(names: string[], target: Model, choice: number): Model {
  const field = escaped(names)
  const filterBy = (operator: string, wanted: Model) =>
    object({ field, operator: object({ operator, value: wanted }) })
  const isScalar = target === null || typeof target !== 'object' || 'digits' in target
  if (isScalar) {
    const operators = [
      filterBy('contains', target),
      filterBy('in', ['other', target, null]),
      object({ field, operator: object({ operator: 'between', lower: target, upper: target }) }),
      object({
        field,
        transformation: object({ transformation: 'datetimeExtract', part: 'year' }),
        operator: object({
          operator: 'between',
          lower: { digits: 1900n, exponent: 0 },
          upper: { digits: 2100n, exponent: 0 },
        }),
      }),
    ]
    return operators[choice % operators.length]!
  }
  const more = Array.isArray(target)
    ? [...target, 'more']
    : { members: [...target.members, ['more', null] as [string, Model]] }
  const part = Array.isArray(target)
    ? target.slice(choice % 3, 2 + (choice % 5))
    : { members: [...new Map(target.members)].slice(choice % 2) }
  return [filterBy('contains', target), filterBy('contains', part), filterBy('in', more)][choice % 3]!
}

/** Data of records, and the query that is aimed at them. */
function scene<Records>(
  records: fc.Arbitrary<Records>,
  models: (all: Records) => Model[],
  asked: fc.Arbitrary<Model>,
) {
  return fc.tuple(records, asked, fc.nat()).map(([all, question, seed]) => ({
    records: all,
    query: spell(
      aimed(
        question,
        models(all).flatMap((one) => placesOf(one)),
      ),
      seed,
    ),
  }))
}

const spelling = (models: readonly Model[]) => models.map((model, seed) => spell(model, seed))

/** A combinator and data of records, both as text. */
export const combinators = scene(
  fc.array(data, { minLength: 5, maxLength: 10 }),
  (models) => models,
  fc.array(query, { minLength: 1, maxLength: 3 }),
).map(({ records, query: combinator }) => ({ combinator, records: spelling(records) }))

/** The property of a bundle, as text; a mapping may make an object of what it is ordered by, which is refused. */
const property = fc
  .record({
    endpoints: fc.array(query, { minLength: 1, maxLength: 3 }),
    orderBy: maybe(fc.oneof(path, fc.constant('a'))),
    ordering: maybe(fc.constantFrom('ascending', 'descending')),
    limit: maybe(fc.nat({ max: 8 }).map((digits): Model => ({ digits: BigInt(digits), exponent: 0 }))),
  })
  .map(object)

/** A property of a bundle, and at most so many records for its endpoints, linked at random; the first was saved first. */
export const properties = (most: number) =>
  scene(
    fc.array(fc.tuple(endpoint, data, fc.nat({ max: 2 * most })), { maxLength: most }),
    (records) => records.map(([, model]) => model),
    property,
  ).map(({ records, query: asked }) => {
    const linkOf = (index: number) => records[index]![2]
    const kept = records.map(([name, model], index): Kept => ({
      recordId: `record ${index}`,
      endpoint: name,
      text: spell(model, index),
      linked: [...records.keys()]
        .filter((other) => other !== index && (linkOf(index) === other || linkOf(other) === index))
        .map((other) => `record ${other}`),
    }))
    return { property: asked, records: kept }
  })
