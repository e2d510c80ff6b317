import { Filter } from './queries.ts'
import { Type, type Static } from './type.ts'

const { Optional } = Type

const field = (description: string) =>
  Type.String({
    title: 'a dotted path of at most 1000 characters',
    minLength: 1,
    maxLength: 1000,
    description,
  })

const Aggregate = Type.Object(
  {
    aggregate: Type.Enum(['count', 'min', 'max', 'sum', 'average', 'distinct'], {
      description:
        'Null is as good as nothing there. `sum` and `average` take numbers, `min` and `max` numbers, texts and booleans; all pass over the rest. `distinct` is how many different values there are.',
    }),
    field: Optional(
      field('What is counted or computed. Only `count` may be without: it counts the records then.'),
    ),
  },
  {
    $id: 'Aggregate',
    additionalProperties: false,
    description: 'One thing asked about the values of a field.',
  },
)

const Histogram = Type.Object(
  {
    field: field('A date, as text or unix seconds. What is none comes last, with `from` null.'),
    interval: Type.Enum(['year', 'quarter', 'month', 'week', 'day', 'hour'], {
      description: 'Weeks begin on Monday.',
    }),
    timeZone: Optional(
      Type.String({
        title: 'a time zone of the IANA database, or an offset',
        maxLength: 64,
        default: 'UTC',
        description: 'Whose calendar and clocks count. A day without a time is that day in every time zone.',
        examples: ['Europe/Berlin'],
      }),
    ),
  },
  {
    $id: 'Histogram',
    additionalProperties: false,
    description: 'Groups by when; empty intervals are not listed.',
  },
)

export const AggregateQuery = Type.Object(
  {
    filters: Optional(Type.Array(Filter, { maxItems: 100, description: 'All of them must pass.' })),
    aggregates: Type.Map(Aggregate, {
      minProperties: 1,
      maxProperties: 20,
      description: 'A name of your own -> what is asked.',
    }),
    groupBy: Optional(
      field('Records with equal values here are a group; those without one come last, as null.'),
    ),
    histogram: Optional(Histogram),
  },
  {
    $id: 'AggregateQuery',
    additionalProperties: false,
    description:
      'What is asked about the records of an endpoint. The answer is exact or refused: at most 10,000 groups and 100,000 different values, and no sum of numbers with more than 1000 digits before or behind the point.',
  },
)
export type AggregateQuery = Static<typeof AggregateQuery>

const Group = Type.Object(
  {
    from: Optional(
      Type.Union([
        Type.String({
          description: 'When the interval began, on the clocks of the time zone, with their offset.',
        }),
        Type.Null(),
      ]),
    ),
    value: Optional(Type.Unknown({ description: 'What the records have at `groupBy`.' })),
    records: Type.Integer({ minimum: 0 }),
    values: Type.Map(Type.Unknown(), {
      description:
        'By name: sum, minimum and maximum exact, the average rounded half-even to 20 significant digits, null where nothing counted.',
    }),
  },
  { $id: 'AggregateGroup', description: '`from` with a histogram only, `value` with `groupBy` only.' },
)

export const AggregateAnswer = Type.Object(
  { groups: Type.Array(Group, { description: 'By interval, then by value. One without grouping.' }) },
  { $id: 'AggregateAnswer' },
)
export type AggregateAnswer = Static<typeof AggregateAnswer>

export const exampleAggregateQuery: AggregateQuery = {
  aggregates: { spent: { aggregate: 'sum', field: 'amount' } },
  groupBy: 'shop',
  histogram: { field: 'date', interval: 'month', timeZone: 'Europe/Berlin' },
}

export const exampleAggregateAnswer: AggregateAnswer = {
  groups: [{ from: '2026-03-01T00:00:00+01:00', value: 'Corner Shop', records: 3, values: { spent: 12.35 } }],
}
