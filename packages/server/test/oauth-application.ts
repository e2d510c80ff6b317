import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import * as oauth from 'oauth4webapi'
import { minimalDefinition } from '../src/domain/access/definition.ts'
import { registerApplication } from '../src/store/access/applications.ts'
import { rolesOfRights } from './applications.ts'
import { hiddenIn } from './browsing.ts'
import { engines } from './engines.ts'
import { type Options, ownerName, ownerPassword, startServer, type TestServer } from './harness.ts'

/** The owner's browser, over the wire and without script: it keeps cookies, and stops where it is sent to another place. */
export interface Browser {
  open(url: string): Promise<Shown>
  /** Sends the form of the page that is shown, with what was entered. */
  send(shown: Shown, entered: Record<string, string>): Promise<Shown>
  /** Signs the owner in. */
  signIn(): Promise<void>
  cookies: Map<string, string>
}

/** A page, or the address of another place the browser is sent to. */
export interface Shown {
  url: string
  status: number
  text: string
  headers: Headers
  /** Where it was sent to; undefined for a page. */
  sentTo?: URL
}

export function openBrowser(origin: string): Browser {
  const cookies = new Map<string, string>()

  async function go(url: string, init: RequestInit = {}): Promise<Shown> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await fetch(url, {
      ...init,
      redirect: 'manual',
      headers: { accept: 'text/html', cookie, origin },
    })
    for (const line of answer.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '' || /Max-Age=0\b|expires=Thu, 01 Jan 1970/i.test(line)) cookies.delete(name)
      else cookies.set(name, value)
    }
    const text = await answer.text()
    const location = answer.headers.get('location')
    const onwards = /^0; url=(.*)$/.exec(answer.headers.get('refresh') ?? '')?.[1]
    if (onwards !== undefined) return go(new URL(onwards, url).href)
    if (location === null) return { url, status: answer.status, text, headers: answer.headers }
    const sentTo = new URL(location, url)
    return sentTo.origin === origin
      ? go(sentTo.href)
      : { url, status: answer.status, text, headers: answer.headers, sentTo }
  }

  async function send({ url, text }: Shown, entered: Record<string, string>): Promise<Shown> {
    const action = /<form method="post" action="([^"]+)"/.exec(text)?.[1] ?? ''
    const body = new URLSearchParams({ ...hiddenIn(text), ...entered })
    return go(new URL(action, url).href, { method: 'POST', body })
  }

  async function signIn(): Promise<void> {
    const shown = await go(`${origin}/sign-in`)
    await send(shown, { name: ownerName, password: ownerPassword })
    assert.ok(cookies.has('hatstand_session'), 'signed in')
  }

  return { open: (url) => go(url), send, signIn, cookies }
}

/** A third-party application: a public client that knows nothing of hatstand but its origin. */
export interface Application {
  server: oauth.AuthorizationServer
  client: oauth.Client
  redirect: string
}

/** What an application remembers between sending the browser away and getting it back. */
export interface Asked {
  url: string
  verifier: string
  state: string
}

const insecure = { [oauth.allowInsecureRequests]: true }

export async function discover(origin: string, clientId: string, redirect: string): Promise<Application> {
  const issuer = new URL(origin)
  const answer = await oauth.discoveryRequest(issuer, { algorithm: 'oauth2', ...insecure })
  const server = await oauth.processDiscoveryResponse(issuer, answer)
  return { server, client: { client_id: clientId }, redirect }
}

/** An address to send the browser to. `changed` replaces parameters; an empty one leaves its parameter out. */
export async function askFor(
  { server, client, redirect }: Application,
  scope: string,
  changed: Record<string, string | string[]> = {},
): Promise<Asked> {
  const verifier = oauth.generateRandomCodeVerifier()
  const state = oauth.generateRandomState()
  const url = new URL(server.authorization_endpoint!)
  const parameters = {
    response_type: 'code',
    client_id: client.client_id,
    redirect_uri: redirect,
    scope,
    state,
    code_challenge: await oauth.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    ...changed,
  }
  for (const [name, values] of Object.entries(parameters))
    for (const value of [values].flat()) if (value) url.searchParams.append(name, value)
  return { url: url.href, verifier, state }
}

/** Changes the code the browser came back with for tokens. @throws what oauth4webapi throws */
export async function exchange(
  { server, client, redirect }: Application,
  { verifier, state }: Asked,
  cameTo: URL,
): Promise<oauth.TokenEndpointResponse> {
  const parameters = oauth.validateAuthResponse(server, client, cameTo, state)
  const none = oauth.None()
  const answer = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    none,
    parameters,
    redirect,
    verifier,
    insecure,
  )
  return oauth.processAuthorizationCodeResponse(server, client, answer)
}

export async function refresh({ server, client }: Application, token: string, scope?: string) {
  const more = scope === undefined ? {} : { additionalParameters: { scope } }
  const none = oauth.None()
  const answer = await oauth.refreshTokenGrantRequest(server, client, none, token, { ...insecure, ...more })
  return oauth.processRefreshTokenResponse(server, client, answer)
}

export async function revoke({ server, client }: Application, token: string) {
  const answer = await oauth.revocationRequest(server, client, oauth.None(), token, insecure)
  return oauth.processRevocationResponse(answer)
}

export async function introspect({ server, client }: Application, token: string) {
  const answer = await oauth.introspectionRequest(server, client, oauth.None(), token, insecure)
  return oauth.processIntrospectionResponse(server, client, answer)
}

/** Registers an application that reads `notes` and `shared` and writes `notes`; the owner has not accepted anything yet. */
export async function register({ context }: TestServer, id: string, redirects: string[], version = '1.0.0') {
  const roles = rolesOfRights({ reads: ['notes', 'shared'], writes: ['notes'] })
  const definition = minimalDefinition(id, version, roles, '2026-11-20T00:00:00.000Z')
  definition.setup = { kind: 'External', validRedirectUris: redirects }
  const application = { id, version, definition: JSON.stringify(definition) }
  await context.database.of(1).write((unit) => registerApplication(unit, application, context.now()))
}

/** A server, its signed-in owner, and one application with what it asked for and got. */
export interface Play {
  server: TestServer
  origin: string
  browser: Browser
  application: Application
  /** Asks, has the owner accept, and exchanges the code. */
  getTokens(scope: string): Promise<Tokens>
}

export interface Tokens {
  access: string
  refresh: string
  scope: string
}

export const redirect = 'https://notes.example.org/back'

export async function play(t: TestContext, engine = engines[0]!, options: Options = {}): Promise<Play> {
  const server = await startServer(t, engine, options)
  await register(server, 'notes', [redirect])
  const origin = server.url.replace('127.0.0.1', 'localhost')
  const browser = openBrowser(origin)
  await browser.signIn()
  const application = await discover(origin, 'notes', redirect)
  return {
    server,
    origin,
    browser,
    application,
    getTokens: (scope) => getTokens(browser, application, scope),
  }
}

export async function getTokens(browser: Browser, application: Application, scope: string): Promise<Tokens> {
  const asked = await askFor(application, scope)
  const shown = await browser.open(asked.url)
  const { sentTo } = await browser.send(shown, { decision: 'accept' })
  return tokensIn(await exchange(application, asked, sentTo!))
}

export function tokensIn(answer: oauth.TokenEndpointResponse): Tokens {
  return { access: answer.access_token, refresh: answer.refresh_token ?? '', scope: answer.scope ?? '' }
}

/** The error the token endpoint answers with. */
export async function refusedWith(request: Promise<unknown>, error: string): Promise<void> {
  await assert.rejects(request, (thrown: unknown) => {
    assert.equal((thrown as { error?: string }).error, error, String(thrown))
    return true
  })
}
