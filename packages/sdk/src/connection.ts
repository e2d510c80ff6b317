import { errorOf } from './error.ts'

export interface Options {
  /** Called with each renewed access token, so that it can be kept for the next start. */
  onToken?: (token: string) => void
}

export interface Request {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  /** Undefined ones are left out, arrays repeat the parameter. */
  query?: Record<string, string | number | boolean | readonly string[] | undefined>
  /** JSON text. */
  body?: string
  headers?: Record<string, string>
}

/** How every method asks: resolves with a 2xx answer, rejects with a `PdaError`. */
export interface Connection {
  token: string | undefined
  send: (path: string, request?: Request) => Promise<Response>
}

/** A connection to the server at `url` (`http://localhost:8080`). Renewed tokens are adopted as they come. */
export function connection(url: string, token: string | undefined, options: Options): Connection {
  const base = url.replace(/\/+$/, '')
  const own: Connection = { token, send }
  async function send(path: string, request: Request = {}): Promise<Response> {
    const headers = { ...request.headers }
    if (own.token) headers['X-Auth-Token'] ??= own.token
    if (request.body !== undefined) headers['Content-Type'] = 'application/json'
    const init = {
      method: request.method ?? 'GET',
      headers,
      ...(request.body !== undefined && { body: request.body }),
    }
    const response = await fetch(base + path + queryString(request.query ?? {}), init)
    const renewed = response.headers.get('X-Auth-Token')
    if (renewed && renewed !== own.token) {
      own.token = renewed
      options.onToken?.(renewed)
    }
    if (!response.ok) throw await errorOf(response)
    return response
  }
  return own
}

function queryString(query: NonNullable<Request['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value ?? []].flat().map((one) => `${name}=${encodeURIComponent(String(one))}`),
  )
  return pairs.length > 0 ? `?${pairs.join('&')}` : ''
}
