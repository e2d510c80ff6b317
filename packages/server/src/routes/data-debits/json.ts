import { stringText } from '@hatstand/api/json.ts'
import {
  activePermission,
  type DataDebit,
  endOf,
  type FrozenBundle,
  isActive,
  isOnce,
  type Permission,
  readLimitOf,
  writtenCreation,
  writtenMoment,
} from '../../domain/consent/data-debit.ts'

/** Who a data debit is shown to, when, and in which form. */
export interface Audience {
  now: number
  /** Whether it is somebody who decides, and so sees what was taken away. */
  owner: boolean
  /** Whether by the form of versions 2 and 2.0. */
  contract: boolean
}

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
