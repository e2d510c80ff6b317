import { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { KoaContextWithOIDC, Provider } from 'oidc-provider'
import { accountOf, hostOf } from '../auth/authenticate.ts'
import { isOwnHost } from '../auth/hosts.ts'
import { isAccount, oauthPaths, type Surroundings, holdProviders } from '../auth/oauth/provider.ts'
import { limitsOf } from '../auth/passwords/login-limit.ts'
import { sessionOf } from '../auth/sessions.ts'
import { originOf } from '../config.ts'
import type { App, Context } from '../context.ts'
import { knownScopes, scopesMeant, broadScopes } from '../domain/access/roles.ts'
import { ApiError } from '../errors.ts'
import { markup, pageHeaders, plainPage, sendPage } from '../http/page.ts'
import { pages, sendOn } from '../pages/forms.ts'
import { oauthConsentRoutes } from '../pages/oauth-consent.ts'
import { signInPath } from '../pages/sign-in.ts'
import { findApplication } from '../store/access/applications.ts'
import { currentSigningKey } from '../store/access/signing-keys.ts'

/** The largest body of a request for a token, in bytes. */
const mostBytes = 16_384
const sweepMilliseconds = 60_000

/**
 * OAuth 2.1 for applications, by oidc-provider, which gets requests whole: `/oauth/authorize` for browsers, and for
 * programs `/oauth/token`, `/oauth/revoke` and `/oauth/introspect`.
 */
export function oauthRoutes(app: App, context: Context): void {
  const providers = holdProviders(context.now)
  const sweeping = setInterval(() => providers.sweep(), sweepMilliseconds).unref()
  app.addHook('onClose', async () => clearInterval(sweeping))
  /** Requests of browsers in which the owner is signed in. */
  const owners = new WeakSet<object>()

  async function providerOf(request: FastifyRequest): Promise<Provider> {
    return providers.of(await surroundingsOf(app, context, request, owners))
  }

  oauthMetadataRoutes(app, context)
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    for (const path of [oauthPaths.token, oauthPaths.revocation, oauthPaths.introspection])
      scope.post(path, { config: { public: true } }, async (request, reply) => {
        await checkProgram(context, request)
        const provider = await providerOf(request)
        const counted = (fine: true | undefined) =>
          limitsOf(context).guesses(
            `${request.account.pda} oauth`,
            request.ip,
            context.now(),
            async () => fine,
          )
        await counted(true)
        // Not as one attempt: others from the same address would wait for whoever sends the body slowly.
        const raw = path === oauthPaths.token ? await spelt(provider, request.raw) : request.raw
        await handOver(provider, raw, reply)
        if (reply.raw.statusCode >= 400) await counted(undefined).catch(() => undefined)
      })
  })
  pages(app, context, (scope) => {
    for (const path of [oauthPaths.authorization, `${oauthPaths.authorization}/:uid`] as const)
      scope.get(path, { exposeHeadRoute: false }, async (request, reply) => {
        const elsewhere = otherOrigin(context, request)
        if (elsewhere !== undefined) return sendOn(reply, elsewhere)
        // Whatever is asked for: an answer to the application would tell a stranger that it is registered.
        if (!(await sessionOf(context, request))) return sendOn(reply, signInPath(withMark(request.url)))
        owners.add(request.raw)
        if (new URLSearchParams(request.url.split('?')[1]).has(signedInMark)) return goOn(request, reply)
        onlyByQuery(request)
        const provider = await providerOf(request)
        onlyKnown(request, provider.issuer)
        return handOver(provider, request.raw, reply)
      })
    oauthConsentRoutes(scope, context, providerOf)
  })
}

/** @throws `account_unknown` (404), `host_refused` (421), `body_too_large` (413) */
async function checkProgram(context: Context, request: FastifyRequest): Promise<void> {
  request.account = await accountOf(context, request)
  if (!isOwnHost(context, hostOf(request), request.account))
    throw new ApiError('host_refused', 'OAuth is given under the own host name of an account only')
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding !== undefined || Number(length ?? 0) > mostBytes)
    throw new ApiError(
      'body_too_large',
      `A request for a token has at most ${mostBytes} bytes, and says how many`,
    )
}

/** This page at the account's own origin, where its cookies are, for a local server that was reached by another name. */
function otherOrigin(context: Context, request: FastifyRequest): string | undefined {
  const { domain } = request.account
  return hostOf(request) === domain ? undefined : `${originOf(domain, context.config)}${request.url}`
}

/** Marks the address to which the browser comes from signing in. */
const signedInMark = 'signed_in'

function withMark(url: string): string {
  const mark = `${signedInMark}=1`
  return url.includes(mark) ? url : `${url}${url.includes('?') ? '&' : '?'}${mark}`
}

/**
 * A step of its own between signing in and what follows. Browsers take all redirects after a form for where the form leads, and the
 * form to sign in leads to no application.
 */
function goOn(request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const url = request.url.replace(new RegExp(`[?&]${signedInMark}=1`), '')
  const link = markup`<a href="${url}">Go on</a> if nothing happens.`
  return sendPage(reply.header('refresh', `0; url=${url}`), 200, plainPage('You are signed in', link))
}

/** Answers come in the query. The library would give even the refusal of another way by that way, as a page with a script. */
function onlyByQuery({ raw }: FastifyRequest): void {
  const parameters = parametersIn(raw)
  if (parameters.getAll('response_mode').every((mode) => mode === 'query')) return
  parameters.set('response_mode', 'unsupported')
  raw.url = `${pathOf(raw)}?${parameters.toString()}`
}

/** What counts with `openid` alone, which there is not. The library would refuse it without. */
const ofOpenId = ['acr_values', 'claims', 'claims_locales', 'id_token_hint', 'max_age', 'nonce']

/** Takes out what is no scope here, and stray spaces: the library would refuse all of the request for them. The resource is spelt one way. */
function onlyKnown({ raw }: FastifyRequest, origin: string): void {
  const parameters = parametersIn(raw)
  for (const name of ofOpenId) parameters.delete(name)
  const [scope, another] = parameters.getAll('scope')
  if (scope !== undefined && another === undefined) {
    const known = knownScopes(scope).join(' ')
    if (known === '') parameters.delete('scope')
    else parameters.set('scope', known)
  }
  spellResource(parameters, origin)
  raw.url = `${pathOf(raw)}?${parameters.toString()}`
}

/** The library compares to the letter what was asked for first and what is asked for with a code. */
function spellResource(parameters: URLSearchParams, origin: string): void {
  const named = parameters.getAll('resource')
  if (named.length > 0 && named.every((resource) => isAccount(resource, origin)))
    parameters.set('resource', origin)
}

function pathOf({ url = '' }: IncomingMessage): string {
  return url.split('?', 1)[0] as string
}

function parametersIn(raw: IncomingMessage): URLSearchParams {
  return new URLSearchParams(raw.url?.slice(pathOf(raw).length))
}

async function surroundingsOf(
  app: App,
  context: Context,
  request: FastifyRequest,
  owners: WeakSet<object>,
): Promise<Surroundings> {
  const { account } = request
  const { config, database } = context
  return {
    context,
    account,
    origin: originOf(account.domain, config),
    key: await database.of(account.pda).read((unit) => currentSigningKey(unit)),
    showProblem,
    async mayFetch(ctx, clientId) {
      // Outside of a request of the library it is the consent page that asks.
      if (ctx === undefined || owners.has(ctx.req)) return true
      return (
        (await database.of(account.pda).read((unit) => findApplication(unit, clientId)))?.enabled ?? false
      )
    },
    log: (level, error, words) => app.log[level]({ reqId: request.id, err: described(error) }, words),
  }
}

function showProblem(ctx: KoaContextWithOIDC, words: string, back: string | undefined): void {
  ctx.set(pageHeaders())
  ctx.type = 'text/html; charset=utf-8'
  ctx.body = plainPage(
    'This application asks in a way that cannot be answered',
    'It was given nothing. Whoever makes it can correct that:',
    `${words}.`,
    ...(back === undefined ? [] : [markup`<a href="${back}">Back to the application</a>`]),
  )
}

/** An error's kind and place; what an engine adds to it may hold data. */
function described(error: unknown) {
  const { name, message, stack } = error as Error
  return { type: name, message, stack }
}

/**
 * A request for tokens, read whole, with the scopes and the resource it means: what is no scope here is taken out, `read` is what the
 * refresh token reads.
 */
async function spelt(provider: Provider, raw: IncomingMessage): Promise<IncomingMessage> {
  // Whoever left before the end is answered as one who sent nothing.
  const body = await buffer(raw).catch(() => Buffer.alloc(0))
  if (!/^application\/x-www-form-urlencoded\b/i.test(raw.headers['content-type'] ?? ''))
    return withBody(raw, body)
  const parameters = new URLSearchParams(body.toString())
  spellResource(parameters, provider.issuer)
  const [scope, another] = parameters.getAll('scope')
  if (scope !== undefined && another === undefined) {
    const known = knownScopes(scope)
    const granted = await provider.RefreshToken.find(parameters.get('refresh_token') ?? '')
    const meant = scopesMeant(known, [...(granted?.scopes ?? [])])
    if (known.length === 0) parameters.delete('scope')
    else parameters.set('scope', (meant.length > 0 ? meant : known).join(' '))
  }
  return withBody(raw, Buffer.from(parameters.toString()))
}

/** The same request once more, with another body. */
function withBody(raw: IncomingMessage, body: Buffer): IncomingMessage {
  const { method, url, httpVersion, httpVersionMajor, httpVersionMinor, headers } = raw
  const again = new IncomingMessage(raw.socket)
  Object.assign(again, { method, url, httpVersion, httpVersionMajor, httpVersionMinor, complete: true })
  again.headers =
    headers['content-length'] === undefined ? headers : { ...headers, 'content-length': String(body.length) }
  again.push(body)
  again.push(null)
  return again
}

/** Lets oidc-provider answer. It gets the body, the headers that are decided already, and the scheme the browser uses. */
async function handOver(provider: Provider, raw: IncomingMessage, reply: FastifyReply): Promise<void> {
  reply.hijack()
  for (const [name, value] of Object.entries(reply.getHeaders()))
    if (value !== undefined) reply.raw.setHeader(name, value)
  const { headers } = raw
  delete headers['x-forwarded-host']
  headers['x-forwarded-proto'] = new URL(provider.issuer).protocol.slice(0, -1)
  await provider.callback()(raw, reply.raw)
}

/**
 * What an account says of its OAuth server (RFC 8414) and of itself as a resource (RFC 9728). Written here and not by the library,
 * which is loaded by the first request for access only, and would tell of OpenID Connect, which is switched off.
 */
function oauthMetadataRoutes(app: App, context: Context): void {
  const open = { config: { public: true } } as const
  app.get('/.well-known/oauth-authorization-server', open, async (request) => {
    const { domain } = await accountOf(context, request)
    return authorizationServer(originOf(domain, context.config))
  })
  app.get(protectedResourcePath, open, async (request) => {
    const { domain } = await accountOf(context, request)
    return protectedResource(originOf(domain, context.config))
  })
}

/** Named by every 401 of the API. */
const protectedResourcePath = '/.well-known/oauth-protected-resource'

function authorizationServer(origin: string) {
  return {
    issuer: origin,
    authorization_endpoint: origin + oauthPaths.authorization,
    token_endpoint: origin + oauthPaths.token,
    revocation_endpoint: origin + oauthPaths.revocation,
    introspection_endpoint: origin + oauthPaths.introspection,
    scopes_supported: broadScopes,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: ['authorization_code', 'refresh_token'],
    code_challenge_methods_supported: ['S256'],
    token_endpoint_auth_methods_supported: ['none'],
    revocation_endpoint_auth_methods_supported: ['none'],
    introspection_endpoint_auth_methods_supported: ['none'],
    authorization_response_iss_parameter_supported: true,
    client_id_metadata_document_supported: true,
    protected_resources: [origin],
  }
}

function protectedResource(origin: string) {
  return {
    resource: origin,
    authorization_servers: [origin],
    scopes_supported: broadScopes,
    bearer_methods_supported: ['header'],
    resource_name: 'personal data account',
  }
}
