import {
  type Acceptance,
  AcceptanceForm,
  ContractRequestForm,
  DataDebitRequestForm,
  PreviewForm,
  type PreviewRequest,
} from '@hatstand/api/data-debit-request.ts'
import { stringText } from '@hatstand/api/json.ts'
import type { TSchema } from '@hatstand/api/type.ts'
import type { FastifyRequest } from 'fastify'
import { orMalformed } from '../../actions/data-debits.ts'
import type { App, Context } from '../../context.ts'
import {
  activePermission,
  type DataDebit,
  decides,
  endOf,
  type FrozenBundle,
  isActive,
  isOnce,
  type Permission,
  readLimitOf,
  writtenCreation,
  writtenMoment,
} from '../../domain/consent/data-debit.ts'
import { isContract, type Proposal, readProposal } from '../../domain/consent/proposal.ts'
import { receiveText } from '../../http/receive-body.ts'
import { parseSmall, type Small, type Validate } from '../../http/small-body.ts'

/** Who a data debit is shown to, when, and in which form. */
export interface Audience {
  now: number
  /** Whether it is somebody who decides, and so sees what was taken away. */
  owner: boolean
  /** Whether by the form of versions 2 and 2.0. */
  contract: boolean
}

/** How a data debit is shown to a caller, below this prefix. */
export const audienceOf = (app: App, { now }: Context, { caller }: FastifyRequest): Audience => ({
  now: now(),
  owner: decides(caller),
  contract: app.prefix !== '/api/v2.6',
})

/** A data debit as JSON text: its bundles stand in it to the letter. */
export function debitText(debit: DataDebit, audience: Audience): string {
  if (audience.contract) return contractText(debit, audience)
  const { now } = audience
  const { client } = debit
  const active = activePermission(debit, now)
  const latest = debit.permissions.at(-1)
  const shown = active ?? latest
  const text = (permission: Permission | undefined) =>
    permission ? permissionText(permission, audience) : 'null'
  return objectText({
    dataDebitKey: json(debit.id),
    dateCreated: json(writtenCreation(debit.createdAt)),
    permissions: `[${debit.permissions.map(text).join()}]`,
    requestClientName: json(client.name),
    requestClientUrl: json(client.url),
    requestClientLogoUrl: json(client.logoUrl),
    requestClientCallbackUrl: json(client.callbackUrl),
    requestApplicationId: json(client.application),
    requestDescription: json(client.description),
    active: json(active !== undefined),
    accepted: json(debit.permissions.some(({ acceptedAt }) => acceptedAt !== undefined)),
    start: moment(shown?.start),
    end: moment(shown && endOf(shown)),
    permissionsActive: text(active),
    permissionsLatest: text(latest),
  })
}

function permissionText(permission: Permission, { now, owner }: Audience): string {
  const { canceledAt, rejectedAt, conditions } = permission
  const limit = readLimitOf(permission)
  const atEnd = canceledAt === undefined ? permission.cancelAtPeriodEnd : permission.canceledAtPeriodEnd
  return objectText({
    permission: json(permission.number),
    dateCreated: json(writtenCreation(permission.createdAt)),
    purpose: json(permission.purpose),
    start: moment(permission.start),
    period: json(permission.period),
    cancelAtPeriodEnd: json(atEnd),
    canceledAt: canceledAt === undefined ? undefined : moment(canceledAt),
    termsUrl: json(permission.termsUrl),
    conditions: conditions && bundleText(conditions),
    bundle: bundleText(permission.bundle),
    readsPerPeriod: Number.isFinite(limit) ? json(limit) : undefined,
    once: isOnce(permission) ? 'true' : undefined,
    rejectedAt: rejectedAt === undefined ? undefined : moment(rejectedAt),
    narrowing: owner ? permission.narrowing : undefined,
    accepted: json(permission.acceptedAt !== undefined),
    active: json(isActive(permission, now)),
    end: moment(endOf(permission)),
  })
}

/** The form of versions 2 and 2.0. */
function contractText(debit: DataDebit, { now }: Audience): string {
  const { id, holder, client, permissions } = debit
  return objectText({
    dataDebitKey: json(id),
    dateCreated: json(writtenCreation(debit.createdAt)),
    client: json({
      userId: holder.replace(/^user:/, ''),
      email: holder,
      name: client.name,
      role: 'datadebit',
    }),
    bundles: `[${permissions
      .map((permission) =>
        objectText({
          dateCreated: json(writtenCreation(permission.createdAt)),
          startDate: json(writtenCreation(permission.start)),
          endDate: json(writtenCreation(permission.start + permission.period)),
          rolling: json(!permission.cancelAtPeriodEnd),
          enabled: json(permission.acceptedAt !== undefined && (endOf(permission) ?? Infinity) > now),
          conditions: permission.conditions && bundleText(permission.conditions),
          bundle: bundleText(permission.bundle),
        }),
      )
      .join()}]`,
  })
}

const bundleText = ({ name, text }: FrozenBundle) => `{"name":${stringText(name)},"bundle":${text}}`
const moment = (time: number | undefined) => (time === undefined ? 'null' : json(writtenMoment(time)))

function json(value: string | number | boolean | object): string
function json(value: string | undefined): string | undefined
function json(value: unknown): string | undefined {
  return JSON.stringify(value)
}

/** An object of members that are JSON already; undefined ones are left out. */
export function objectText(members: Record<string, string | undefined>): string {
  const there = Object.entries(members).filter(([, value]) => value !== undefined)
  return `{${there.map(([name, value]) => `${stringText(name)}:${value}`).join()}}`
}

/** How many bytes a proposal may have: its bundles, mostly. */
const maxBytes = 1_048_576

/** What is proposed, in either form. @throws ApiError `invalid_body`, `data_debit_malformed`; as `readSmall` */
export async function readProposed(request: FastifyRequest): Promise<Proposal> {
  const text = await receiveText(request, maxBytes)
  const forms = [DataDebitRequestForm, ContractRequestForm].map((schema) => compiled(request, schema))
  const validate: Validate = (value) => {
    const form = forms[isContract(value) ? 1 : 0]!
    const fits = form(value)
    validate.errors = form.errors ?? null
    return fits
  }
  const small = parseSmall<Parameters<typeof readProposal>[0]>(text, validate)
  return orMalformed(() => readProposal(small.value, small.text))
}

const compiled = (request: FastifyRequest, schema: TSchema) =>
  request.compileValidationSchema(schema) as Validate

/** What is accepted; nothing said where there is no body. @throws as `readSmall` */
export const readAccepted = (request: FastifyRequest) => readOptional<Acceptance>(request, AcceptanceForm)

/** What is to be previewed; nothing said where there is no body. @throws as `readSmall` */
export const readPreview = (request: FastifyRequest) => readOptional<PreviewRequest>(request, PreviewForm)

async function readOptional<T extends object>(request: FastifyRequest, schema: TSchema): Promise<Small<T>> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (Number(length ?? 0) === 0 && encoding === undefined) return { value: {} as T, text: '{}' }
  return parseSmall<T>(await receiveText(request, maxBytes), compiled(request, schema))
}
