import { type Answer, attempt, jsonOf } from './attempt.ts'
import { errorOf, HatstandError } from './error.ts'
import { persist } from './retry.ts'

/**
 * Gives the access token for a request. When the server did not take the last one it is asked again, once, with that one.
 * @param refused the token that the server did not take
 */
export type TokenSource = (refused?: string) => string | undefined | Promise<string | undefined>

/** How long to try. */
export interface CallOptions {
  /** Ends what is under way; it rejects with the signal's reason. */
  signal?: AbortSignal
  /** For how long the server may be silent, in milliseconds: 60,000. 0 waits for ever. */
  timeout?: number
  /** How often to send again what can be sent again without doing more: 2. Those are reads and updates of records. */
  retries?: number
}

export interface Options extends CallOptions {
  /** Called with each renewed access token, so that it can be kept for the next start. */
  onToken?: (token: string) => void
  /** Used in place of the global `fetch`. */
  fetch?: typeof fetch
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Undefined ones are left out, arrays repeat the parameter. */
  query?: Record<string, string | number | boolean | readonly string[] | undefined>
  /** JSON text. */
  body?: string
  headers?: Record<string, string>
  /** Whether sending it twice does what sending it once does: if not said, only what is asked by GET. */
  repeatable?: boolean
}

/** How every method asks: resolves with a 2xx answer, rejects with a `HatstandError`. */
export interface Connection {
  token: string | undefined
  send: (path: string, request?: Request) => Promise<Answer>
  /** Like `send`, for answers that are JSON and hold no records. */
  ask: <T>(path: string, request?: Request) => Promise<T>
  /** The same connection with other patience. */
  with: (options: CallOptions) => Connection
}

/** The token in use, and where tokens come from. All connections made `with` other options share it. */
interface Access {
  token: string | undefined
  source: TokenSource | undefined
}

/** A connection to the server at `url` (`http://localhost:8080`). Renewed tokens are adopted as they come. */
export function connection(
  url: string,
  token: string | TokenSource | undefined,
  options: Options,
): Connection {
  if (!URL.canParse(url) || !/^https?:/i.test(url))
    throw new TypeError(`The address of a server begins with https:// or http://, and this is ${url}`)
  const access =
    typeof token === 'function' ? { token: undefined, source: token } : { token, source: undefined }
  return connectionOf(url.replace(/\/+$/, ''), access, options)
}

function connectionOf(base: string, access: Access, options: Options): Connection {
  const { fetch: own = fetch, signal, timeout = 60_000, retries = 2 } = options

  async function send(path: string, request: Request = {}): Promise<Answer> {
    const url = base + path + queryString(request.query ?? {})
    if (access.source) access.token = await access.source()
    const sent = access.token
    try {
      return await sendWith(sent, url, request)
    } catch (error) {
      const fresh = isRefused(error) && sent !== undefined ? await access.source?.(sent) : undefined
      if (fresh === undefined || fresh === sent) throw error
      access.token = fresh
      return sendWith(fresh, url, request)
    }
  }

  function sendWith(token: string | undefined, url: string, request: Request): Promise<Answer> {
    const { method = 'GET', repeatable = method === 'GET' } = request
    const once = async () => {
      const answer = await attempt(url, initOf(request, token), { fetch: own, signal, timeout })
      adopt(answer.headers.get('X-Auth-Token'), token)
      if (answer.status < 200 || answer.status > 299) throw errorOf(answer)
      return answer
    }
    return persist(once, { repeatable, retries, signal })
  }

  function adopt(renewed: string | null, sent: string | undefined): void {
    if (!renewed || renewed === sent || renewed === access.token) return
    if (!access.source) access.token = renewed
    options.onToken?.(renewed)
  }

  return {
    get token() {
      return access.token
    },
    set token(token) {
      access.token = token
      access.source = undefined
    },
    send,
    ask: async <T>(path: string, request?: Request) => jsonOf(await send(path, request)) as T,
    with: (more) => connectionOf(base, access, { ...options, ...more }),
  }
}

const isRefused = (error: unknown) => error instanceof HatstandError && error.status === 401

function initOf({ method = 'GET', body, headers }: Request, token: string | undefined): RequestInit {
  return {
    method,
    headers: {
      ...(token && { 'X-Auth-Token': token }),
      ...(body !== undefined && { 'Content-Type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body }),
  }
}

function queryString(query: NonNullable<Request['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}=${encodeURIComponent(String(one))}`),
  )
  return pairs.length > 0 ? `?${pairs.join('&')}` : ''
}
