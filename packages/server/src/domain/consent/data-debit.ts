import { type Caller, hasRole, holderOf } from '../access/rights.ts'
import { readDate } from '../json/dates.ts'

/** The times of one permission of a data debit, in milliseconds. All of them are checked against the server's clock. */
export interface Times {
  start: number
  /** The length of one period. */
  period: number
  /** Whether one period is all. */
  cancelAtPeriodEnd: boolean
  /** The owner's own end, no matter which period. */
  until: number | undefined
  acceptedAt: number | undefined
  /** When it was disabled, and whether it goes on to the end of that period. */
  canceledAt: number | undefined
  canceledAtPeriodEnd: boolean
  /** When it was read, if once was all. */
  usedUpAt: number | undefined
}

/**
 * When a permission ends: whichever of its ends is first.
 * @returns undefined when it goes on until it is disabled
 */
export function endOf(times: Times): number | undefined {
  const ends = [
    times.cancelAtPeriodEnd ? times.start + times.period : undefined,
    times.until,
    times.canceledAt === undefined
      ? undefined
      : cancelEnd(times, times.canceledAt, times.canceledAtPeriodEnd),
    times.usedUpAt,
  ].filter((end) => end !== undefined)
  return ends.length === 0 ? undefined : Math.min(...ends)
}

function cancelEnd({ start, period }: Times, canceledAt: number, atPeriodEnd: boolean): number {
  if (!atPeriodEnd) return canceledAt
  return start + Math.max(0, Math.ceil((canceledAt - start) / period)) * period
}

/** Whether data may leave at this moment: accepted, begun and not ended. */
export function isActive(times: Times, now: number): boolean {
  return times.acceptedAt !== undefined && times.start <= now && (endOf(times) ?? Infinity) > now
}

/** What a permission is at this moment. */
export type Status = 'proposed' | 'declined' | 'accepted' | 'active' | 'ended'

/** `accepted` is one that has not begun yet. */
export function statusOf(times: Times & { rejectedAt: number | undefined }, now: number): Status {
  if (times.acceptedAt === undefined) return times.rejectedAt === undefined ? 'proposed' : 'declined'
  if ((endOf(times) ?? Infinity) <= now) return 'ended'
  return times.start <= now ? 'active' : 'accepted'
}

/** A permission that is disabled now or at the end of its period. It never ends later than it would have. */
export function disabled<T extends Times>(times: T, now: number, atPeriodEnd: boolean): T {
  const canceled = { ...times, canceledAt: now, canceledAtPeriodEnd: atPeriodEnd }
  if (times.canceledAt === undefined) return canceled
  return (endOf(canceled) ?? Infinity) < (endOf(times) ?? Infinity) ? canceled : times
}

/** Which of its periods a permission is in, from 0. */
export const periodAt = ({ start, period }: Pick<Times, 'start' | 'period'>, now: number): number =>
  Math.floor((now - start) / period)

/** When the period after this moment's begins. */
export const nextPeriod = (times: Pick<Times, 'start' | 'period'>, now: number): number =>
  times.start + (periodAt(times, now) + 1) * times.period

/** A bundle as it was proposed: its name, and its JSON to the letter. */
export interface FrozenBundle {
  name: string
  text: string
}

/** One version of what a data debit asks for, and what the owner decided on it. */
export interface Permission extends Times {
  number: number
  purpose: string
  termsUrl: string
  bundle: FrozenBundle
  conditions: FrozenBundle | undefined
  /** How often it may be read in a period, and whether once is all: as it was proposed. */
  readLimit: number | undefined
  once: boolean
  createdAt: number
  rejectedAt: number | undefined
  /** What the owner took away: of the bundle, as JSON; of the reads. */
  narrowing: string | undefined
  takenLimit: number | undefined
  takenOnce: boolean
}

/** Who asks, as they say themselves. */
export interface Client {
  name: string
  url: string
  logoUrl: string
  callbackUrl: string | undefined
  application: string | undefined
  description: string | undefined
}

export interface DataDebit {
  id: string
  /** Who proposed it, and may read its values: `owner`, an application's id, or `user:` and an id. */
  holder: string
  /** The form of the API it was proposed in. */
  form: '2.6' | '2.0'
  /** 32 random bytes in base64url: what names of records and pages are hidden with. */
  secret: string
  client: Client
  /** The number of the newest permission the owner has read; 0 before. */
  seen: number
  createdAt: number
  deletedAt: number | undefined
  /** By number. */
  permissions: Permission[]
}

/** The permission in force: at most one is. */
export const activePermission = ({ permissions }: DataDebit, now: number): Permission | undefined =>
  permissions.findLast((permission) => isActive(permission, now))

/** The one that accepting is about: the newest, unless the owner declined it and there is another. */
export const openPermission = ({ permissions }: DataDebit): Permission =>
  (permissions.findLast(({ rejectedAt }) => rejectedAt === undefined) ?? permissions.at(-1)) as Permission

/** How often a permission may be read in a period: as it was proposed, or less. */
export function readLimitOf({ readLimit = Infinity, takenLimit = Infinity }: Permission): number {
  return Math.min(readLimit, takenLimit)
}

/** Whether a permission may be read once. */
export const isOnce = ({ once, takenOnce }: Permission): boolean => once || takenOnce

/** Whether a caller may ask for data: it has the role `datadebit`, `platform` or `owner`. */
export const mayPropose = (caller: Caller): boolean =>
  ['owner', 'platform', 'datadebit'].some((role) => hasRole(caller, role))

/** Whether a caller decides on data debits, and sees all of them: the owner, and applications with that role. */
export const decides = (caller: Caller): boolean => hasRole(caller, 'owner')

/**
 * Whether a caller asked for this data itself, and may still ask. Having once proposed is not enough: an OAuth token of the same
 * application has none of these roles, and whoever has lost them has lost this, too.
 */
export function isRequester(caller: Caller, { id, holder }: Pick<DataDebit, 'id' | 'holder'>): boolean {
  return (
    holderOf(caller) === holder &&
    (hasRole(caller, 'datadebit') || hasRole(caller, 'platform') || hasRole(caller, 'datadebit', id))
  )
}

/** Whether a caller may read a data debit, change what it asks for, and read its values. */
export const mayUse = (caller: Caller, debit: Pick<DataDebit, 'id' | 'holder'>): boolean =>
  decides(caller) || isRequester(caller, debit)

/** The earliest and the first no longer possible moment a data debit may begin, and its longest period: so that all its dates are years of four digits. */
const earliest = Date.UTC(1900, 0, 1)
const latest = Date.UTC(3000, 0, 1)
const maxPeriod = 366_000 * 86_400_000

/**
 * A moment as clients send it: a text in any spelling of date-spellings.ts, or milliseconds since 1970.
 * @returns milliseconds since 1970; undefined when it is none, or not between the years 1900 and 3000
 */
export function readMoment(value: unknown): number | undefined {
  const time = typeof value === 'string' ? readDate(value.trim()) : value
  if (typeof time !== 'number' || Number.isNaN(time)) return undefined
  const moment = Math.floor(time)
  return moment >= earliest && moment < latest ? moment : undefined
}

const units = { w: 604_800_000, d: 86_400_000, h: 3_600_000, min: 60_000, s: 1000 } as const
const number = String.raw`(\d{1,15}(?:[.,]\d{1,9})?)`
const duration = new RegExp(
  `^P(?:${number}W)?(?:${number}D)?(?:T(?=\\d)(?:${number}H)?(?:${number}M)?(?:${number}S)?)?$`,
  'i',
)

/**
 * A length of time as clients send it: milliseconds, or an ISO 8601 duration. Years and months are of no certain length, and none.
 * @returns whole milliseconds; undefined when it is none, less than one, or more than a thousand years
 */
export function readPeriod(value: unknown): number | undefined {
  const length = typeof value === 'string' ? readDuration(value.trim()) : value
  if (typeof length !== 'number' || !(length >= 1) || length > maxPeriod) return undefined
  return Math.floor(length)
}

function readDuration(text: string): number | undefined {
  const written = duration.exec(text)?.slice(1)
  if (!written) return undefined
  const lengths = Object.values(units).map((unit, index) =>
    Math.round(Number((written[index] ?? '0').replace(',', '.')) * unit),
  )
  return lengths.reduce((sum, one) => sum + one, 0)
}

/** A moment as most dates of a data debit are written: `2018-02-15T03:52:37.000Z`. */
export const writtenMoment = (moment: number): string => new Date(moment).toISOString()

/** A moment as the dates of creation are written: `2018-01-02T15:22:42+0000`, without what is less than a second. */
export const writtenCreation = (moment: number): string => writtenMoment(moment).replace(/\.\d+Z$/, '+0000')
