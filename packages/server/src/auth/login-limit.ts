import { createHash } from 'node:crypto'
import { ApiError } from '../errors.ts'

const limit = 10
const perMilliseconds = 60_000
const mostRemembered = 10_000

type Failures = { times: number[] }

/** Runs one attempt to sign in; counts it when it gives undefined. */
export type Attempt = <T>(
  name: string,
  address: string,
  now: number,
  run: () => Promise<T | undefined>,
) => Promise<T | undefined>

/**
 * Limits failed attempts to 10 a minute for each name from each address: a stranger elsewhere never locks the owner out, and
 * what succeeds counts nothing. Attempts from one address take turns: many at once try no more than the limit, and who tries a
 * thousand names waits for himself, not the owner elsewhere for him.
 * @returns a function that throws `too_many_attempts` with Retry-After (whole seconds) instead of running the attempt
 */
export function limitLogins(): Attempt {
  const remembered = new Map<string, Failures>()
  /** The last attempt from each address that has one under way. */
  const turns = new Map<string, Promise<unknown>>()

  function failuresOf(key: string): Failures {
    const failures = remembered.get(key) ?? { times: [] }
    // Set again, it counts as the youngest: the one used least recently is dropped first.
    remembered.delete(key)
    remembered.set(key, failures)
    if (remembered.size > mostRemembered) remembered.delete(remembered.keys().next().value as string)
    return failures
  }

  return async (name, address, now, run) => {
    // A digest, so that names as long as headers can be take no more memory than others.
    const key = createHash('sha256')
      .update(JSON.stringify([name, address]))
      .digest('base64')
    const failures = failuresOf(key)
    const mine = (turns.get(address) ?? Promise.resolve()).then(() => attempt(failures, now, run))
    const turn = mine.catch(() => undefined)
    turns.set(address, turn)
    try {
      return await mine
    } finally {
      if (turns.get(address) === turn) turns.delete(address)
    }
  }
}

async function attempt<T>(failures: Failures, now: number, run: () => Promise<T | undefined>) {
  failures.times = failures.times.filter((time) => time > now - perMilliseconds)
  const [oldest] = failures.times
  if (oldest !== undefined && failures.times.length >= limit) throw tooMany(oldest + perMilliseconds - now)
  const result = await run()
  if (result === undefined) failures.times.push(now)
  return result
}

function tooMany(wait: number): ApiError {
  const seconds = Math.max(1, Math.ceil(wait / 1000))
  return new ApiError(
    'too_many_attempts',
    `More than ${limit} failed attempts in a minute for this name; try again in ${seconds} seconds`,
    { headers: { 'retry-after': String(seconds) } },
  )
}
