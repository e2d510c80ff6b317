import { endpointPattern } from './endpoint-name.ts'
import { Type, type Static } from './type.ts'

const { Optional } = Type

/** A number, text, boolean, list, object or null. */
const anyJson = (description: string) => Type.Unknown({ description })

const Identity = Type.Object(
  { transformation: Type.Enum(['identity']) },
  { $id: 'Identity', description: 'The value as it is, as without a transformation.' },
)

export const DatePart = Type.Enum(
  [
    'microseconds',
    'milliseconds',
    'second',
    'minute',
    'hour',
    'day',
    'week',
    'month',
    'quarter',
    'year',
    'isoyear',
    'decade',
    'century',
    'millennium',
    'dow',
    'isodow',
    'doy',
    'epoch',
  ],
  {
    description:
      'Counted in UTC, as by PostgreSQL: `dow` is 0 on Sundays, weeks and `isoyear` are those of ISO 8601.',
  },
)

const DateExtract = Type.Object(
  { transformation: Type.Enum(['datetimeExtract', 'timestampExtract']), part: DatePart },
  {
    $id: 'DateExtract',
    description:
      'A part of a date, as a number: `datetimeExtract` of a date as text, `timestampExtract` of unix seconds. What is no date passes no filter.',
  },
)

const Searchable = Type.Object(
  { transformation: Type.Enum(['searchable']) },
  { $id: 'Searchable', description: 'The words of all texts in the value, for `find`.' },
)

export const Transformation = Type.Union([Identity, DateExtract, Searchable], { $id: 'Transformation' })
export type Transformation = Static<typeof Transformation>

const Contains = Type.Object(
  {
    operator: Type.Enum(['contains']),
    value: anyJson('What the field holds: it itself, elements of its list, or members of its object.'),
  },
  {
    $id: 'Contains',
    description:
      'The field is or holds the value, at any depth: numbers by their exact value, texts exactly. Not a search within texts.',
  },
)

const In = Type.Object(
  {
    operator: Type.Enum(['in']),
    value: anyJson(
      'A list that holds the field or all its elements, or an object that holds all its members.',
    ),
  },
  { $id: 'In', description: 'The value holds the field. The list must not be empty.' },
)

const Between = Type.Object(
  {
    operator: Type.Enum(['between']),
    lower: anyJson('A text, number, boolean or null.'),
    upper: anyJson('Of the same kind as `lower`, and not less.'),
  },
  {
    $id: 'Between',
    description:
      'The field is of the same kind, not less than `lower` and not more than `upper`: texts by code points, numbers exactly.',
  },
)

const Find = Type.Object(
  {
    operator: Type.Enum(['find']),
    search: anyJson('The words; of what is no text, the words of its JSON.'),
  },
  {
    $id: 'Find',
    description:
      'The field has all words of the search, in any order. With the transformation `searchable` only.',
  },
)

export const Operator = Type.Union([Contains, In, Between, Find], { $id: 'Operator' })
export type Operator = Static<typeof Operator>

export const Filter = Type.Object(
  {
    field: Type.String({
      title: 'a dotted path of at most 1000 characters',
      maxLength: 1000,
      description:
        'The path of the field: names joined by dots, a number for an element of a list. A dot, backslash or bracket in a name has a backslash in front. Empty: all of the data.',
      examples: ['data.locations.timestamp'],
    }),
    transformation: Optional(Transformation),
    operator: Operator,
  },
  { $id: 'Filter', description: 'A test on one field; a record without the field does not pass.' },
)
export type Filter = Static<typeof Filter>

export const Mapping = Type.Map(
  Type.Union([
    Type.String({ title: 'the path of a value to copy', maxLength: 1000 }),
    Type.Object({
      source: Type.String({
        title: 'the path of an object, or of a list with [] behind it',
        maxLength: 1002,
      }),
      mappings: Type.Ref('Mapping'),
    }),
  ]),
  {
    $id: 'Mapping',
    description:
      'How the data is shown: path in the result -> path in the data (`arr[1].name` is an element), or a mapping of the object, or, with `[]` behind both paths, of each element of the list. What is not there is left out; objects that meet are merged, otherwise the later rule counts.',
  },
)
export type Mapping = Static<typeof Mapping>

const querySchema = {
  endpoint: Type.String({
    title: 'an endpoint, namespace/path',
    maxLength: 500,
    pattern: endpointPattern,
    examples: ['rumpel/locations'],
  }),
  mapping: Optional(Mapping),
  filters: Optional(Type.Array(Filter, { maxItems: 100, description: 'All of them must pass.' })),
}

export const LinkQuery = Type.Object(querySchema, {
  $id: 'LinkQuery',
  description: 'Which of the records that are linked to a record are shown with it, and how.',
})
export type LinkQuery = Static<typeof LinkQuery>

export const EndpointQuery = Type.Object(
  {
    ...querySchema,
    links: Optional(
      Type.Array(LinkQuery, {
        maxItems: 100,
        description: 'Shown with each record, one level deep; they do not decide which records are.',
      }),
    ),
  },
  { $id: 'EndpointQuery', description: 'Records of an endpoint: which, and how their data is shown.' },
)
export type EndpointQuery = Static<typeof EndpointQuery>

export const PropertyQuery = Type.Object(
  {
    endpoints: Type.Array(EndpointQuery, { minItems: 1, maxItems: 100 }),
    orderBy: Optional(
      Type.String({
        title: 'a dotted path, or a key of the mapping',
        maxLength: 1000,
        description:
          'What to order by: a key of the mapping (its source counts), or else a path in the data.',
      }),
    ),
    ordering: Optional(Type.Enum(['ascending', 'descending'])),
    limit: Optional(
      Type.Integer({ minimum: 0, maximum: 999_999_999_999_999, description: 'Without, all of them.' }),
    ),
  },
  { $id: 'PropertyQuery', description: 'Records of several endpoints, ordered together.' },
)
export type PropertyQuery = Static<typeof PropertyQuery>

export const Bundle = Type.Map(PropertyQuery, {
  $id: 'Bundle',
  minProperties: 1,
  maxProperties: 100,
  description: 'Property -> which records it holds.',
})
export type Bundle = Static<typeof Bundle>

export const Combinator = Type.Array(EndpointQuery, {
  $id: 'Combinator',
  minItems: 1,
  maxItems: 100,
  description: 'Records of several endpoints, as one list.',
})
export type Combinator = Static<typeof Combinator>
