import { isNamespace } from './access/endpoint-name.ts'
import type { Role } from './access/roles.ts'

/** The most scopes one request for access names. */
export const mostScopes = 50

const verbs = { read: 'namespaceread', write: 'namespacewrite' } as const

/** The scopes that name no namespace: what the application itself says it reads, and what it says it writes. They tell nothing of an account. */
export const broadScopes: readonly string[] = Object.keys(verbs)

/** The role that an OAuth scope asks for: `read:rumpel`, `write:rumpel`. Undefined for what is no scope here. */
export function roleOfScope(scope: string): Role | undefined {
  const [, verb, namespace = ''] = /^(read|write):(.+)$/.exec(scope) ?? []
  if (verb === undefined || namespace.length > 200 || !isNamespace(namespace)) return undefined
  return { role: verbs[verb as keyof typeof verbs], detail: namespace }
}

/** The scope that asks for a role; undefined for roles that have none. */
export function scopeOfRole({ role, detail }: Role): string | undefined {
  const [verb] = Object.entries(verbs).find(([, name]) => name === role) ?? []
  return verb === undefined || !isNamespace(detail) ? undefined : `${verb}:${detail}`
}

/** The scopes a request names, each once. What is none here counts for nothing (RFC 6749, section 3.3): clients ask for `openid`, too. */
export function knownScopes(text: string): string[] {
  return [...new Set(text.split(/\s+/))].filter(
    (scope) => broadScopes.includes(scope) || roleOfScope(scope) !== undefined,
  )
}

/**
 * What a request comes to, in scopes that name a namespace.
 * @param known the scopes it names; one that names none means all there are
 * @param own those the application itself says it needs, of which `read` and `write` are made
 */
export function scopesMeant(known: readonly string[], own: readonly string[]): string[] {
  const meant = (scope: string) =>
    broadScopes.includes(scope) ? own.filter((one) => one.startsWith(`${scope}:`)) : [scope]
  return [...new Set(known.length === 0 ? own : known.flatMap(meant))]
}
