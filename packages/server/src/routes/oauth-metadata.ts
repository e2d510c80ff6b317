import { accountOf } from '../auth/authenticate.ts'
import { oauthPaths } from '../auth/oauth/provider.ts'
import { originOf } from '../config.ts'
import type { App, Context } from '../context.ts'
import { broadScopes } from '../domain/access/roles.ts'

/**
 * What an account says of its OAuth server (RFC 8414) and of itself as a resource (RFC 9728). Written here and not by the library,
 * which is loaded by the first request for access only, and would tell of OpenID Connect, which is switched off.
 */
export function oauthMetadataRoutes(app: App, context: Context): void {
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
