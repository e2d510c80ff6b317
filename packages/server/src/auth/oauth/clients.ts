import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { AllClientMetadata } from 'oidc-provider'
import type { Context } from '../../context.ts'
import {
  isClientAddress,
  rolesOf,
  parseDefinition,
  redirectUriProblem,
} from '../../domain/access/definition.ts'
import { knownScopes, scopeOfRole } from '../../domain/access/roles.ts'
import { findApplication } from '../../store/access/applications.ts'

/**
 * A registered application as an OAuth client: public, by code only, with the redirect addresses of its definition. Read at each
 * request, since a definition may be taken back. One that introduces itself is known by its document instead.
 */
export async function clientOf(
  context: Context,
  pda: number,
  clientId: string,
): Promise<AllClientMetadata | undefined> {
  if (isClientAddress(clientId)) return undefined
  const definition = await definitionOf(context, pda, clientId)
  const redirects = definition?.setup.validRedirectUris?.filter(isSafeRedirect) ?? []
  if (definition === undefined || redirects.length === 0) return undefined
  return publicClient(clientId, redirects, definition.info.name)
}

/**
 * A client in the place of one there is not: it has no code and no token. Undefined for one that introduces itself and was accepted,
 * whose document is asked for.
 */
export async function nobodyFor(
  { database }: Context,
  pda: number,
  clientId: string,
): Promise<AllClientMetadata | undefined> {
  if (clientId.includes('\0')) return undefined
  const accepted =
    isClientAddress(clientId) &&
    (await database.of(pda).read((unit) => findApplication(unit, clientId)))?.enabled
  return accepted ? undefined : publicClient(clientId, ['https://nobody.invalid/'])
}

function publicClient(clientId: string, redirects: string[], name?: string): AllClientMetadata {
  return {
    client_id: clientId,
    ...(name !== undefined && { client_name: name }),
    redirect_uris: redirects,
    application_type: kindOf(redirects),
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    response_modes: ['query'],
    token_endpoint_auth_method: 'none',
  }
}

function kindOf(redirects: readonly string[]): 'web' | 'native' {
  return redirects.every((uri) => /^https?:/i.test(uri)) ? 'web' : 'native'
}

/** What counts of a document. Whatever else servers may be told (logos, keys, algorithms) concerns none of this kind. */
const members = [
  'client_id',
  'client_name',
  'client_uri',
  'tos_uri',
  'policy_uri',
  'redirect_uris',
  'grant_types',
  'response_types',
  'token_endpoint_auth_method',
  // Refused by the library, as a secret that everybody can read is none.
  'client_secret',
  'client_secret_expires_at',
]

/** The scopes of a document, as what is known of its client. */
export const ownScope = 'own_scope'

/**
 * The document of an application as the library takes it. One that lists `none` among its ways of authentication is a public client,
 * whatever else it can do elsewhere; its `scope` is what it asks for when it names none, and may hold scopes of other servers.
 */
export function documentTaken(text: string): string {
  let document: unknown
  try {
    document = JSON.parse(text)
  } catch {
    return text
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) return text
  const told = document as Record<string, unknown>
  const taken = Object.fromEntries(
    members.flatMap((name) => (told[name] == null ? [] : [[name, told[name]]])),
  )
  const { token_endpoint_auth_method: one, token_endpoint_auth_methods_supported: several, scope } = told
  if ([one, several].flat().includes('none')) taken['token_endpoint_auth_method'] = 'none'
  const { redirect_uris: redirects } = told
  if (Array.isArray(redirects)) taken['application_type'] = kindOf(redirects.map(String))
  if (typeof scope === 'string') taken[ownScope] = knownScopes(scope).join(' ')
  return JSON.stringify(taken)
}

/**
 * Whether an address is one of an application: to the letter, but for the port where it is http within this machine. A program takes the
 * port that is free (RFC 8252, section 7.3).
 */
export function isRedirectOf(registered: readonly string[], uri: string): boolean {
  if (registered.includes(uri)) return true
  const asked = withoutPort(uri)
  return asked !== undefined && registered.some((one) => withoutPort(one) === asked)
}

/** An address within this machine, without its port; undefined for others. */
function withoutPort(uri: string): string | undefined {
  const [, host, path] = /^(http:\/\/(?:localhost|127\.0\.0\.1|\[::1\]))(?::\d{1,5})?(\/.*)?$/.exec(uri) ?? []
  return host !== undefined && URL.canParse(uri) ? `${host}${path ?? ''}` : undefined
}

/** The scopes a registered application may ask for: those of its definition. Undefined when there is no such application. */
export async function scopesOf(context: Context, pda: number, id: string): Promise<string[] | undefined> {
  const definition = await definitionOf(context, pda, id)
  return definition && rolesOf(definition).flatMap((role) => scopeOfRole(role) ?? [])
}

async function definitionOf({ database }: Context, pda: number, id: string): Promise<Definition | undefined> {
  if (id.includes('\0')) return undefined
  const application = await database.of(pda).read((unit) => findApplication(unit, id))
  return application && parseDefinition(application.definition)
}

/** Codes travel over https, within this machine, or to a program of this device: OAuth 2.1, 2.3.1. */
export function isSafeRedirect(uri: string): boolean {
  const url = URL.parse(uri)
  if (url === null || redirectUriProblem(uri) !== undefined) return false
  return url.protocol !== 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}
