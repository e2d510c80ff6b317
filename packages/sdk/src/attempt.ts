import { HatstandError, unreachable } from './error.ts'

/** An answer, read to its end. */
export interface Answer {
  status: number
  headers: Headers
  /** Where it came from. */
  url: string
  text: string
}

/** The value of an answer that holds no records, or whose text is kept beside it. */
export function jsonOf({ text }: Answer): unknown {
  return JSON.parse(text)
}

export interface Attempt {
  fetch: typeof fetch
  signal: AbortSignal | undefined
  /** For how long the server may be silent, in milliseconds; 0 is for ever. */
  timeout: number
}

/**
 * Sends a request once and reads its answer, whatever the status.
 * @throws the signal's reason when that ended it, otherwise a `HatstandError`: `timeout` or `unreachable`
 */
export async function attempt(
  url: string,
  init: RequestInit,
  { fetch, signal, timeout }: Attempt,
): Promise<Answer> {
  signal?.throwIfAborted()
  const ending = new AbortController()
  const end = () => ending.abort(signal?.reason)
  signal?.addEventListener('abort', end, { once: true })
  const silence = watchFor(timeout, () => {
    ending.abort(
      new HatstandError(`${new URL(url).origin} was silent for ${timeout} ms`, { code: 'timeout' }),
    )
  })
  try {
    const response = await fetch(url, { ...init, signal: ending.signal })
    const { status, headers } = response
    return { status, headers, url: response.url || url, text: await textOf(response, silence.heard) }
  } catch (error) {
    throw ending.signal.aborted ? ending.signal.reason : unreachable(url, error)
  } finally {
    silence.stop()
    signal?.removeEventListener('abort', end)
  }
}

/** Calls `silent` once nothing was heard for so long. */
function watchFor(timeout: number, silent: () => void) {
  const start = () => (timeout > 0 ? setTimeout(silent, timeout) : undefined)
  let timer = start()
  const stop = () => clearTimeout(timer)
  function heard(): void {
    stop()
    timer = start()
  }
  return { heard, stop }
}

async function textOf(response: Response, heard: () => void): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return response.text()
  const decoder = new TextDecoder()
  let text = ''
  for (;;) {
    heard()
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    text += decoder.decode(value, { stream: true })
  }
}
