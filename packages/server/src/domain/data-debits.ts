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
