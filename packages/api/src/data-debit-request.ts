import { Narrowing } from './narrowing.ts'
import { Bundle } from './queries.ts'
import { Type, type Static, type TSchema } from './type.ts'

const { Optional } = Type

/** The id of a data debit that is proposed. Those that begin with `app-` are made for applications. */
export const dataDebitId = Type.String({
  title: 'letters, digits and hyphens, at most 200',
  pattern: '^[0-9a-zA-Z-]{1,200}$',
  description: 'The id of the data debit: letters, digits and hyphens.',
  examples: ['survey'],
})

/** Any that there may be: those of applications have the application's id in them. */
export const anyDataDebitId = Type.String({
  title: '1 to 600 characters, none of them a control character',
  pattern: '^[^\\u0000-\\u001f\\u007f]{1,600}$',
  description: 'The id of the data debit.',
  examples: ['survey'],
})

const Moment = (description: string) =>
  Type.Union([Type.String(), Type.Number()], {
    title: 'a date and time (ISO 8601), or milliseconds since 1970, between the years 1900 and 3000',
    description,
    examples: ['2027-02-15T03:52:37.000Z'],
  })

const text = (description: string, most: number) =>
  Type.String({ title: `a text of at most ${most} characters`, maxLength: most, description })
const address = (description: string) =>
  Type.String({
    title: 'an address of the web, or empty',
    maxLength: 2000,
    pattern: '^(https?://[^\\s\\u0000-\\u001f]+|[^\\s\\u0000-\\u001f:]*)$',
    description,
    examples: ['https://acme.example'],
  })
const name = (description: string) =>
  Type.String({
    title: 'a name of 1 to 200 characters, without control characters',
    maxLength: 200,
    pattern: '\\S',
    description,
    examples: ['Acme'],
  })

export const namedBundle = (bundle: TSchema) =>
  Type.Object({
    name: Type.String({
      title: 'letters, digits and hyphens, at most 200',
      pattern: '^[0-9a-zA-Z-]{1,200}$',
      description: 'No other data debit, and no saved bundle, may have it.',
    }),
    bundle,
  })

const Period = Type.Union([Type.Number(), Type.String()], {
  title: 'a length of time: milliseconds, or an ISO 8601 duration without months and years',
  description: 'The length of one period: milliseconds, or an ISO 8601 duration without months and years.',
  examples: [2_592_000_000],
})

export const limits = {
  readsPerPeriod: Optional(
    Type.Integer({
      title: 'a whole number from 1 to 1000000000',
      minimum: 1,
      maximum: 1_000_000_000,
      description: 'How often values may be read in a period; left out: as often as anybody likes.',
    }),
  ),
  once: Optional(Type.Boolean({ description: 'Values may be read once; then it has ended.' })),
}

export const client = {
  requestClientName: name('Who asks.'),
  requestClientUrl: address('Where the owner finds out about who asks.'),
  requestClientLogoUrl: address('Their logo.'),
}
export const clientMore = {
  requestClientCallbackUrl: Optional(address('Where they want to be told what the owner decided.')),
  requestApplicationId: Optional(text('The application it is for.', 500)),
  requestDescription: Optional(text('What it is about.', 10_000)),
}

/** What is asked for, without what stands in the bundles: that is read by `domain/queries/query.ts`, which names each fault by its path. */
const request = (bundle: TSchema, nullable: (schema: TSchema) => TSchema) => ({
  dataDebitKey: Optional(Type.Unknown({ description: 'Ignored: the id is in the address.' })),
  purpose: text('Why the data is asked for.', 10_000),
  start: Moment('From when on values may be read.'),
  period: Period,
  cancelAtPeriodEnd: Type.Boolean({
    description: 'True: one period is all. False: it goes on until it is disabled.',
  }),
  ...client,
  ...clientMore,
  termsUrl: address('The terms it is asked under.'),
  conditions: Optional(nullable(namedBundle(bundle))),
  bundle: namedBundle(bundle),
  ...limits,
})

const orNull = (schema: TSchema) => Type.Union([Type.Null(), schema], { title: 'a bundle with its name' })

/** What a proposal is checked against: its bundles are looked at apart. */
export const DataDebitRequestForm = Type.Object(request(Type.Unknown(), orNull))

export const DataDebitRequest = Type.Object(
  request(Bundle, (schema) => schema),
  { $id: 'DataDebitRequest', description: 'What a requester asks for, why, and for how long.' },
)
export interface NamedBundle {
  name: string
  bundle: unknown
}
export interface DataDebitRequest {
  purpose: string
  start: string | number
  period: string | number
  cancelAtPeriodEnd: boolean
  requestClientName: string
  requestClientUrl: string
  requestClientLogoUrl: string
  requestClientCallbackUrl?: string
  requestApplicationId?: string
  requestDescription?: string
  termsUrl: string
  conditions?: NamedBundle | null
  bundle: NamedBundle
  readsPerPeriod?: number
  once?: boolean
}

/** What versions 2 and 2.0 of the API ask with. */
export const ContractRequestForm = Type.Object({
  bundle: namedBundle(Type.Unknown()),
  conditions: Optional(orNull(namedBundle(Type.Unknown()))),
  startDate: Moment('From when on values may be read.'),
  endDate: Moment('Until when.'),
  rolling: Type.Boolean({ description: 'True: it goes on behind the end.' }),
})
export interface ContractRequest {
  bundle: NamedBundle
  conditions?: NamedBundle | null
  startDate: string | number
  endDate: string | number
  rolling: boolean
}

export const PermissionNumber = Type.Integer({
  minimum: 1,
  description: 'The number of the permission: 1 for the first that was proposed.',
})

const taken = (narrowing: TSchema) => ({
  permission: Optional(PermissionNumber),
  narrowing: Optional(narrowing),
})

/** What an owner accepts, and with what less: all of it may be left out. */
const acceptance = (narrowing: TSchema) => ({
  ...taken(narrowing),
  until: Optional(Moment('It ends then at the latest.')),
  ...limits,
})

export const AcceptanceForm = Type.Object(acceptance(Type.Unknown()), { additionalProperties: false })
export const PreviewForm = Type.Object(taken(Type.Unknown()), { additionalProperties: false })

export const Acceptance = Type.Object(acceptance(Narrowing), {
  $id: 'DataDebitAcceptance',
  additionalProperties: false,
  description:
    'Which permission the owner accepts, and what less of it. What is left out is as it was proposed; nothing here gives more than that.',
})
export interface Acceptance {
  permission?: number
  narrowing?: Static<typeof Narrowing>
  until?: string | number
  readsPerPeriod?: number
  once?: boolean
}
export const PreviewRequest = Type.Object(taken(Narrowing), {
  $id: 'DataDebitPreviewRequest',
  additionalProperties: false,
})
export type PreviewRequest = Pick<Acceptance, 'permission' | 'narrowing'>
