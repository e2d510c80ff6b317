import { IncomingMessage } from 'node:http'
import { buffer } from 'node:stream/consumers'
import type { FastifyRequest } from 'fastify'
import type { Provider } from 'oidc-provider'
import { accountOf, hostOf } from '../auth/authenticate.ts'
import { isOwnHost } from '../auth/hosts.ts'
import { oauthPaths } from '../auth/oauth/provider.ts'
import { limitsOf } from '../auth/passwords/login-limit.ts'
import { originOf } from '../config.ts'
import type { App, Context } from '../context.ts'
import { knownScopes, scopesMeant, broadScopes } from '../domain/access/roles.ts'
import { ApiError } from '../errors.ts'
import { handOver, type OAuthServers, spellResource } from '../http/oauth.ts'

/** The largest body of a request for a token, in bytes. */
const maxBytes = 16_384

/**
 * OAuth 2.1 for programs: `/oauth/token`, `/oauth/revoke` and `/oauth/introspect`, by oidc-provider, which gets requests whole, and the
 * documents that describe it. Browsers come to `pages/oauth.ts`.
 */
export function oauthRoutes(app: App, context: Context, servers: OAuthServers): void {
  oauthMetadataRoutes(app, context)
  void app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, _body, done) => done(null))
    for (const path of [oauthPaths.token, oauthPaths.revocation, oauthPaths.introspection])
      scope.post(path, { config: { public: true } }, async (request, reply) => {
        await checkProgram(context, request)
        const provider = await servers.of(request)
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
}

/** @throws `account_unknown` (404), `host_refused` (421), `body_too_large` (413) */
async function checkProgram(context: Context, request: FastifyRequest): Promise<void> {
  request.account = await accountOf(context, request)
  if (!isOwnHost(context, hostOf(request), request.account))
    throw new ApiError('host_refused', 'OAuth is given under the own host name of an account only')
  const { 'content-length': length, 'transfer-encoding': coding } = request.headers
  if (coding !== undefined || Number(length ?? 0) > maxBytes)
    throw new ApiError(
      'body_too_large',
      `A request for a token has at most ${maxBytes} bytes, and says how many`,
    )
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
