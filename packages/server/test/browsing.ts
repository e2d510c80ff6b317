import type { LightMyRequestResponse } from 'fastify'
import type { App } from '../src/context.ts'

type Fields = Record<string, string>

/** What a browser does without script: opens pages, keeps cookies, sends the form of the page it shows with its hidden fields. */
export interface Browsing {
  cookies: Map<string, string>
  /** The hidden fields of the page that was opened last. */
  hidden: Fields
  open(url: string, headers?: Record<string, string>): Promise<LightMyRequestResponse>
  /** Sends the form of the last page; `fields` go over its hidden ones. */
  submit(url: string, fields: Fields, headers?: Record<string, string>): Promise<LightMyRequestResponse>
}

/** @param host the address bar's, `localhost` unless given */
export function browse(app: App, host = 'localhost'): Browsing {
  const browsing: Browsing = { cookies: new Map(), hidden: {}, open, submit }

  async function send(url: string, headers: Record<string, string>, payload?: string) {
    const cookie = [...browsing.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await app.inject({
      method: payload === undefined ? 'GET' : 'POST',
      url,
      headers: { host, accept: 'text/html,*/*', ...(cookie && { cookie }), ...headers },
      ...(payload !== undefined && { payload }),
    })
    keepCookies(browsing.cookies, answer.headers['set-cookie'])
    if (answer.body.includes('<form')) browsing.hidden = hiddenIn(answer.body)
    return answer
  }

  function open(url: string, headers: Record<string, string> = {}) {
    return send(url, headers)
  }

  function submit(url: string, fields: Fields, headers: Record<string, string> = {}) {
    const form = new URLSearchParams({ ...browsing.hidden, ...fields })
    return send(url, { 'content-type': 'application/x-www-form-urlencoded', ...headers }, form.toString())
  }

  return browsing
}

function keepCookies(cookies: Map<string, string>, set: string | string[] | undefined): void {
  for (const line of [set ?? []].flat()) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
    if (/Max-Age=0\b/.test(line)) cookies.delete(name)
    else cookies.set(name, value)
  }
}

/** The hidden fields of every form in a page. */
export function hiddenIn(page: string): Fields {
  const found = page.matchAll(/<input type="hidden" name="([^"]*)" value="([^"]*)">/g)
  return Object.fromEntries([...found].map(([, name = '', value = '']) => [name, unescaped(value)]))
}

function unescaped(text: string): string {
  const signs: Fields = { '&amp;': '&', '&lt;': '<', '&gt;': '>', '&quot;': '"', '&#39;': "'" }
  return text.replaceAll(/&\w+;|&#39;/g, (name) => signs[name] ?? name)
}
