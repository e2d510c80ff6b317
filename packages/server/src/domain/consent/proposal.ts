import type { ContractRequest, DataDebitRequest } from '@hatstand/api/data-debit-request.ts'
import { stringValue } from '@hatstand/api/json.ts'
import { readBundle } from '../queries/query.ts'
import {
  membersOf,
  optional,
  type Piece,
  required,
  sourceOf,
  wholePiece,
  QueryError,
} from '../queries/text.ts'
import { readMoment, readPeriod, type Client, type FrozenBundle, type Permission } from './data-debit.ts'

/** What is asked for, without what the account adds: a number, a time, decisions. */
export type Request = Pick<
  Permission,
  | 'purpose'
  | 'start'
  | 'period'
  | 'cancelAtPeriodEnd'
  | 'termsUrl'
  | 'bundle'
  | 'conditions'
  | 'readLimit'
  | 'once'
>

export interface Proposal {
  form: '2.6' | '2.0'
  client: Client
  request: Request
}

/** What a data debit in the old form says of who asks: it has no place for it. */
const namelessClient: Client = {
  name: 'Data Exchange',
  url: '',
  logoUrl: '',
  callbackUrl: undefined,
  application: undefined,
  description: undefined,
}

export const isContract = (value: unknown): value is ContractRequest =>
  typeof value === 'object' && value !== null && 'startDate' in value

/**
 * What a body asks for whose form is right (`DataDebitRequestForm` or `ContractRequestForm` of the api).
 * @param text the body's JSON, of which the bundles are kept as they are
 * @throws QueryError with the path of what is wrong with it
 */
export function readProposal(value: DataDebitRequest | ContractRequest, text: string): Proposal {
  const members = membersOf(wholePiece(text))
  const bundles = { bundle: frozen(members, 'bundle')!, conditions: frozen(members, 'conditions') }
  if (bundles.conditions?.name === bundles.bundle.name)
    throw new QueryError('conditions.name', 'must not be the name of the bundle')
  if (isContract(value))
    return { form: '2.0', client: namelessClient, request: { ...bundles, ...contractTerms(value) } }
  return { form: '2.6', client: clientOf(value), request: { ...bundles, ...termsOf(value) } }
}

function frozen(members: Map<string, Piece>, key: 'bundle' | 'conditions'): FrozenBundle | undefined {
  const piece = optional(members, key)
  if (piece === undefined) return undefined
  const parts = membersOf(piece)
  const bundle = required(parts, 'bundle', piece)
  const text = sourceOf(bundle)
  within(bundle.path, () => readBundle(text))
  return { name: stringValue(sourceOf(required(parts, 'name', piece))), text }
}

function termsOf(value: DataDebitRequest) {
  const { purpose, cancelAtPeriodEnd, termsUrl, readsPerPeriod, once = false } = value
  return {
    purpose,
    start: momentOf('start', value.start),
    period: periodOf(value.period),
    cancelAtPeriodEnd,
    termsUrl,
    readLimit: readsPerPeriod,
    once,
  }
}

function contractTerms({ startDate, endDate, rolling }: ContractRequest) {
  const start = momentOf('startDate', startDate)
  const period = momentOf('endDate', endDate) - start
  if (period <= 0) throw new QueryError('endDate', 'must be later than startDate')
  const nothing = { purpose: '', termsUrl: '', readLimit: undefined, once: false }
  return { ...nothing, start, period, cancelAtPeriodEnd: !rolling }
}

/** Reads a part of a body: names its faults by their path in the whole. */
export function within<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof QueryError)) throw error
    throw new QueryError(error.path === '' ? path : `${path}.${error.path}`, error.reason)
  }
}

/** @throws QueryError */
export function momentOf(path: string, value: string | number): number {
  const moment = readMoment(value)
  if (moment === undefined)
    throw new QueryError(
      path,
      'must be a date and time (ISO 8601), or milliseconds, between the years 1900 and 3000',
    )
  return moment
}

function periodOf(value: string | number): number {
  const period = readPeriod(value)
  if (period === undefined)
    throw new QueryError(
      'period',
      'must be more than no time, and at most a thousand years: milliseconds, or an ISO 8601 duration without months and years',
    )
  return period
}

/** What would reorder or hide what stands around it; joiners and line ends are part of writing. */
const hasControls = (text: string) => /[\p{Cc}\p{Cf}]/u.test(text.replace(/[\n\r\t]|\u200c|\u200d/g, ''))

function clientOf(value: DataDebitRequest): Client {
  const texts = ['requestClientName', 'purpose', 'requestDescription', 'requestApplicationId'] as const
  for (const key of texts)
    if (hasControls(value[key] ?? '')) throw new QueryError(key, 'must have no control characters')
  return {
    name: value.requestClientName.trim(),
    url: value.requestClientUrl,
    logoUrl: value.requestClientLogoUrl,
    callbackUrl: value.requestClientCallbackUrl,
    application: value.requestApplicationId,
    description: value.requestDescription,
  }
}

/** A permission as it is proposed: nothing is decided. */
export function proposedPermission(request: Request, number: number, now: number): Permission {
  return { ...request, number, createdAt: now, rejectedAt: undefined, ...undecided }
}

/** What a permission says of a decision before there is one. */
const undecided = {
  acceptedAt: undefined,
  narrowing: undefined,
  until: undefined,
  takenLimit: undefined,
  takenOnce: false,
  canceledAt: undefined,
  canceledAtPeriodEnd: false,
  usedUpAt: undefined,
}
