import { anyDataDebitId, type DataDebitRequest } from './data-debit-request.ts'
import { DataDebit, type DataDebitPermission } from './data-debit.ts'
import { NoQuery } from './query.ts'
import { Type } from './type.ts'

const bundle = { places: { endpoints: [{ endpoint: 'rumpel/locations' }], limit: 100 } }

const asked = {
  purpose: 'To plan bus routes',
  start: '2027-02-15T03:52:37.000Z',
  period: 2_592_000_000,
  cancelAtPeriodEnd: true,
  termsUrl: 'https://acme.example/terms',
  bundle: { name: 'survey-places', bundle },
}

const client = {
  requestClientName: 'Acme',
  requestClientUrl: 'https://acme.example',
  requestClientLogoUrl: 'https://acme.example/logo.png',
  requestApplicationId: 'acme',
  requestDescription: 'Where buses are missing',
}

export const exampleRequest: DataDebitRequest = { ...asked, ...client }

export const proposed: DataDebitPermission = {
  permission: 1,
  dateCreated: '2027-01-02T15:22:42+0000',
  ...asked,
  accepted: false,
  active: false,
  end: '2027-03-17T03:52:37.000Z',
}

export const debit = (permission: DataDebitPermission): DataDebit => ({
  dataDebitKey: 'survey',
  dateCreated: '2027-01-02T15:22:42+0000',
  permissions: [permission],
  ...client,
  active: permission.active,
  accepted: permission.accepted,
  start: permission.start,
  end: permission.end,
  permissionsActive: permission.active ? permission : null,
  permissionsLatest: permission,
})
export const example = debit(proposed)
export const enabled = debit({ ...proposed, accepted: true, active: true })
export const disabled = debit({
  ...proposed,
  accepted: true,
  canceledAt: '2027-02-20T08:00:00.000Z',
  cancelAtPeriodEnd: false,
  end: '2027-02-20T08:00:00.000Z',
})

const params = Type.Object({ dataDebit: anyDataDebitId })
export const one = {
  tags: ['data debits'] as [string],
  params,
  querystring: NoQuery,
  answers: { 200: { description: 'The data debit.', schema: DataDebit, example } },
}
export const answered = (description: string, shown: DataDebit) => ({
  200: { description, schema: DataDebit, example: shown },
})

export const requesters =
  'For the owner, applications with the role `owner`, and who proposed it, while they have the role `datadebit` or `platform`.'
