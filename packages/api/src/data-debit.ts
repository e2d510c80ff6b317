import {
  client,
  clientMore,
  limits,
  type NamedBundle,
  namedBundle,
  PermissionNumber,
} from './data-debit-request.ts'
import { Narrowing } from './narrowing.ts'
import { Bundle } from './queries.ts'
import { Type, type Static } from './type.ts'

const { Optional } = Type

const Written = (description: string, example: string) => Type.String({ description, examples: [example] })
const created = (description: string) => Written(description, '2027-01-02T15:22:42+0000')
const moment = (description: string) => Written(description, '2027-02-15T03:52:37.000Z')
const momentOrNull = (description: string) => Type.Union([moment(description), Type.Null()], { description })

const times = {
  start: momentOrNull('From when on values may be read.'),
  end: momentOrNull('When it ends or ended; null: when it is disabled.'),
}

const Permission = Type.Object(
  {
    permission: PermissionNumber,
    dateCreated: created('When it was proposed.'),
    purpose: Type.String(),
    start: moment('From when on values may be read.'),
    period: Type.Integer({ description: 'The length of one period in milliseconds.' }),
    cancelAtPeriodEnd: Type.Boolean({
      description: 'Whether it ends with a period: as it was proposed, or as it was disabled.',
    }),
    canceledAt: Optional(moment('When it was disabled.')),
    termsUrl: Type.String(),
    conditions: Optional(namedBundle(Bundle)),
    bundle: namedBundle(Bundle),
    ...limits,
    rejectedAt: Optional(moment('When the owner declined it.')),
    narrowing: Optional(Narrowing),
    accepted: Type.Boolean(),
    active: Type.Boolean({ description: 'Whether values can be read now.' }),
    end: times.end,
  },
  {
    $id: 'DataDebitPermission',
    description:
      'One version of what is asked for. It is kept as it was proposed: nothing that is saved later changes it. Only the owner sees `narrowing`.',
  },
)

const orNothing = (description: string) => Type.Union([Permission, Type.Null()], { description })

export const DataDebit = Type.Object(
  {
    dataDebitKey: Type.String(),
    dateCreated: created('When it was proposed first.'),
    permissions: Type.Array(Permission),
    ...client,
    ...clientMore,
    active: Type.Boolean({ description: 'Whether values can be read now.' }),
    accepted: Type.Boolean({ description: 'Whether the owner accepted any of it.' }),
    ...times,
    permissionsActive: orNothing('The one in force.'),
    permissionsLatest: orNothing('The one proposed last.'),
  },
  { $id: 'DataDebit', description: "A request for data, and the owner's consent to it." },
)

export interface DataDebitPermission {
  permission: number
  dateCreated: string
  purpose: string
  start: string
  period: number
  cancelAtPeriodEnd: boolean
  canceledAt?: string
  termsUrl: string
  conditions?: NamedBundle
  bundle: NamedBundle
  readsPerPeriod?: number
  once?: boolean
  rejectedAt?: string
  narrowing?: Static<typeof Narrowing>
  accepted: boolean
  active: boolean
  end: string | null
}
export interface DataDebit {
  dataDebitKey: string
  dateCreated: string
  permissions: DataDebitPermission[]
  requestClientName: string
  requestClientUrl: string
  requestClientLogoUrl: string
  requestClientCallbackUrl?: string
  requestApplicationId?: string
  requestDescription?: string
  active: boolean
  accepted: boolean
  start: string | null
  end: string | null
  permissionsActive: DataDebitPermission | null
  permissionsLatest: DataDebitPermission | null
}
