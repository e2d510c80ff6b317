import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import type { AllClientMetadata } from 'oidc-provider'
import type { Context } from '../context.ts'
import { isClientAddress, rolesOf, parseDefinition } from '../domain/application-definition.ts'
import { redirectUriProblem } from '../domain/redirect-uri.ts'
import { scopeOfRole } from '../domain/scopes.ts'
import { findApplication } from '../store/applications.ts'

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
    (await database.read((unit) => findApplication(unit, pda, clientId)))?.enabled
  return accepted ? undefined : publicClient(clientId, ['https://nobody.invalid/'])
}

function publicClient(clientId: string, redirects: string[], name?: string): AllClientMetadata {
  return {
    client_id: clientId,
    ...(name !== undefined && { client_name: name }),
    redirect_uris: redirects,
    application_type: redirects.every((uri) => /^https?:/i.test(uri)) ? 'web' : 'native',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    response_modes: ['query'],
    token_endpoint_auth_method: 'none',
  }
}

/** The scopes a registered application may ask for: those of its definition. Undefined when there is no such application. */
export async function scopesOf(context: Context, pda: number, id: string): Promise<string[] | undefined> {
  const definition = await definitionOf(context, pda, id)
  return definition && rolesOf(definition).flatMap((role) => scopeOfRole(role) ?? [])
}

async function definitionOf({ database }: Context, pda: number, id: string): Promise<Definition | undefined> {
  if (id.includes('\0')) return undefined
  const application = await database.read((unit) => findApplication(unit, pda, id))
  return application && parseDefinition(application.definition)
}

/** Codes travel over https, within this machine, or to a program of this device: OAuth 2.1, 2.3.1. */
export function isSafeRedirect(uri: string): boolean {
  const url = URL.parse(uri)
  if (url === null || redirectUriProblem(uri) !== undefined) return false
  return url.protocol !== 'http:' || ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)
}
