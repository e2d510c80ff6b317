import { isNamespace } from './endpoint-name.ts'
import type { Role } from './roles.ts'

/** The most scopes one request for access names. */
export const mostScopes = 50

const verbs = { read: 'namespaceread', write: 'namespacewrite' } as const

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
