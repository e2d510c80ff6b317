import { Filter } from './queries.ts'
import { Type, type Static } from './type.ts'

const { Optional } = Type

const fieldName = 'a path in the data'
const fieldWords =
  'A dotted path in the data as it is kept; `items[].price` is the price of each element of a list.'

const leaveOut = Optional(
  Type.Boolean({ default: false, description: 'Answered as if there were no records.' }),
)

const CoarseField = Type.Object(
  {
    field: Type.String({ title: fieldName, minLength: 1, maxLength: 1000, description: fieldWords }),
    to: Type.Enum(['step', 'decimals', 'day', 'month', 'year'], {
      description:
        'A number (or a text of one number or two, as coordinates are written) as the nearest multiple of `step`, or to so many `decimals`; a date as its day, month or year. What is neither leaves as null.',
    }),
    step: Optional(
      Type.Number({ exclusiveMinimum: 0, description: 'Between 1e-100 and 1e100.', examples: [1000] }),
    ),
    decimals: Optional(Type.Integer({ minimum: 0, maximum: 15, examples: [2] })),
  },
  {
    $id: 'CoarseField',
    additionalProperties: false,
    description: 'A field that leaves coarser than it is, wherever the bundle shows it.',
  },
)

const EndpointNarrowing = Type.Object(
  {
    leaveOut,
    fields: Optional(
      Type.Array(Type.String({ title: fieldName, minLength: 1, maxLength: 1000 }), {
        minItems: 1,
        maxItems: 200,
        description: `Only these leave. ${fieldWords}`,
      }),
    ),
    filters: Optional(Type.Array(Filter, { maxItems: 100, description: 'Added to those of the bundle.' })),
    coarse: Optional(Type.Array(CoarseField, { maxItems: 100 })),
  },
  { $id: 'EndpointNarrowing', additionalProperties: false },
)

const PropertyNarrowing = Type.Object(
  { leaveOut, limit: Optional(Type.Integer({ minimum: 1, maximum: 999_999_999_999_999 })) },
  { $id: 'PropertyNarrowing', additionalProperties: false },
)

export const Narrowing = Type.Object(
  {
    properties: Optional(
      Type.Map(PropertyNarrowing, { description: 'Property of the bundle -> what is taken away.' }),
    ),
    endpoints: Optional(
      Type.Map(EndpointNarrowing, {
        description: 'Endpoint -> what is taken away of its records, in every property and in links.',
      }),
    ),
  },
  {
    $id: 'Narrowing',
    additionalProperties: false,
    description:
      'What the owner takes away of a bundle before accepting it. What the bundle filters by cannot be withheld; an order by what is withheld or coarser is dropped.',
  },
)
export type Narrowing = Static<typeof Narrowing>

export const exampleNarrowing: Narrowing = {
  properties: { places: { limit: 100 } },
  endpoints: {
    'rumpel/locations': {
      fields: ['latitude', 'longitude', 'date'],
      coarse: [
        { field: 'latitude', to: 'decimals', decimals: 2 },
        { field: 'longitude', to: 'decimals', decimals: 2 },
        { field: 'date', to: 'day' },
      ],
    },
  },
}
