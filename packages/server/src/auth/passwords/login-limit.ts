import { createHash } from 'node:crypto'
import { isIPv6 } from 'node:net'
import type { Context } from '../../context.ts'
import { ApiError } from '../../errors.ts'

/** At most so many in that time; `what` goes on from a number: "10 failed attempts in a minute for this name". */
export interface Limit {
  most: number
  milliseconds: number
  what: string
}

const minute = 60_000
const signIn: Limit = { most: 10, milliseconds: minute, what: 'failed attempts in a minute for this name' }
const requests: Limit = { most: 10, milliseconds: minute, what: 'requests in a minute' }
const failures: Limit = { most: 20, milliseconds: minute, what: 'failed attempts in a minute' }
const maxRemembered = 10_000
/** How many attempts of one address wait for each other. */
const maxWaiting = 100

type Counted = { times: number[] }

/** Runs one attempt; counts it when it gives undefined. */
export type Attempt = <T>(
  name: string,
  address: string,
  now: number,
  run: () => Promise<T | undefined>,
) => Promise<T | undefined>

/**
 * Limits what fails for each name from each address: a stranger elsewhere never locks the owner out, and what succeeds counts
 * nothing. Attempts from one address take turns: many at once try no more than the limit, and who tries a thousand names waits
 * for himself, not the owner elsewhere for him. An IPv6 address stands for its /64, which one person may have alone.
 * @returns a function that throws `too_many_attempts` with Retry-After (whole seconds) instead of running the attempt
 */
export function limitAttempts(limit: Limit): Attempt {
  const remembered = new Map<string, Counted>()
  /** The last attempt from each address that has one under way, and how many there are. */
  const turns = new Map<string, { last: Promise<unknown>; waiting: number }>()

  function countedOf(key: string): Counted {
    const counted = remembered.get(key) ?? { times: [] }
    // Set again, it counts as the youngest: the one used least recently is dropped first.
    remembered.delete(key)
    remembered.set(key, counted)
    if (remembered.size > maxRemembered) remembered.delete(remembered.keys().next().value as string)
    return counted
  }

  return async (name, address, now, run) => {
    const from = network(address)
    // A digest, so that names as long as headers can be take no more memory than others.
    const key = createHash('sha256')
      .update(JSON.stringify([name, from]))
      .digest('base64')
    const counted = countedOf(key)
    const turn = turns.get(from) ?? { last: Promise.resolve(), waiting: 0 }
    if (turn.waiting >= maxWaiting) throw tooMany(5000, `${maxWaiting} attempts at once from one address`)
    turns.set(from, turn)
    turn.waiting++
    const mine = turn.last.then(() => attempt(limit, counted, now, run))
    turn.last = mine.catch(() => undefined)
    try {
      return await mine
    } finally {
      if (--turn.waiting === 0) turns.delete(from)
    }
  }
}

export interface Limits {
  /** By account and name: of every place where a name and a password are asked, together. */
  signIn: Attempt
  /** By account: requests for a link to a new password. Each counts, since it may send a mail. */
  passwordReset: Attempt
  /** By account and what is tried: one-time links, tokens, consents. */
  guesses: Attempt
}

const kept = new WeakMap<Context, Limits>()

/** The limits of a server: the same for all its routes. */
export function limitsOf(context: Context): Limits {
  const limits = kept.get(context) ?? {
    signIn: limitAttempts(signIn),
    passwordReset: limitAttempts(requests),
    guesses: limitAttempts(failures),
  }
  kept.set(context, limits)
  return limits
}

/**
 * @param wait milliseconds until it may be tried again
 * @param over what there were too many of
 */
export function tooMany(wait: number, over: string): ApiError {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  return new ApiError('too_many_attempts', `More than ${over}; try again in ${seconds} seconds`, {
    headers: { 'retry-after': String(seconds) },
  })
}

async function attempt<T>(limit: Limit, counted: Counted, now: number, run: () => Promise<T | undefined>) {
  const { most, milliseconds, what } = limit
  counted.times = counted.times.filter((time) => time > now - milliseconds)
  const [oldest] = counted.times
  if (oldest !== undefined && counted.times.length >= most)
    throw tooMany(oldest + milliseconds - now, `${most} ${what}`)
  const result = await run()
  if (result === undefined) counted.times.push(now)
  return result
}

/** The first half of an IPv6 address, any other address whole. */
function network(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [front = '', back] = address.split('%', 1)[0]!.split('::')
  const groups = front.split(':').filter(Boolean)
  const after = back?.split(':').filter(Boolean) ?? []
  const missing = Array.from({ length: 8 - groups.length - after.length }, () => '0')
  return [...groups, ...missing, ...after]
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16))
    .join(':')
}
