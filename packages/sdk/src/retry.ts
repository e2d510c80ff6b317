import { HatstandError, neverArrived } from './error.ts'

/** Longer than this nobody is kept waiting, in milliseconds. */
const maxPause = 10_000
const firstPause = 250

/** Too many requests, or a server or the proxy before it that is not there just now. */
const passing = new Set([429, 502, 503, 504])

/** What `once` resolves with, after as many goes as may be made. */
export async function persist<T>(
  once: () => Promise<T>,
  { repeatable, retries, signal }: { repeatable: boolean; retries: number; signal: AbortSignal | undefined },
): Promise<T> {
  for (let again = 0; ; again += 1) {
    try {
      return await once()
    } catch (error) {
      const failed = error instanceof HatstandError && again < retries
      const pause = failed ? pauseBefore(error, repeatable, again) : undefined
      if (pause === undefined) throw error
      await pauseFor(pause, signal)
    }
  }
}

/**
 * How long to wait, in milliseconds, before a request that failed is sent again; undefined when it must not be.
 * @param repeatable sending it twice does what sending it once does; what is not is sent again only if it certainly never arrived
 * @param again how often it was sent again already
 */
function pauseBefore(error: HatstandError, repeatable: boolean, again: number): number | undefined {
  if (!repeatable && !neverArrived(error)) return undefined
  if (error.code !== 'unreachable' && !passing.has(error.status ?? 0)) return undefined
  // Programs that failed together do not come back together.
  const pause = firstPause * 2 ** again * (0.5 + Math.random())
  const wanted = Math.max(pause, (error.retryAfter ?? 0) * 1000)
  return wanted <= maxPause ? wanted : undefined
}

/** @throws the signal's reason, as soon as it is aborted */
async function pauseFor(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  signal?.throwIfAborted()
  await new Promise<void>((resolve, reject) => {
    const end = () => {
      clearTimeout(timer)
      reject(signal?.reason as Error)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end)
      resolve()
    }, milliseconds)
    signal?.addEventListener('abort', end, { once: true })
  })
}
