import { isNamespace } from '@hatstand/api/endpoint-name.ts'

/** A named right. `detail` says where it holds, and is '' for a role that needs none. */
export interface Role {
  role: RoleName
  detail: string
}

/** Roles that stand alone. */
const plainRoles = ['owner', 'platform', 'validate', 'datadebit', 'datacredit', 'applicationlist'] as const

/** Roles that say where they hold: a namespace, an application's id, a data debit's id, a file's source. */
const detailedRoles = [
  'namespaceread',
  'namespacewrite',
  'datadebit',
  'datacredit',
  'applicationmanage',
  'applicationstatusread',
  'retrieveapplicationtoken',
  'managefiles',
] as const

export type RoleName = (typeof plainRoles)[number] | (typeof detailedRoles)[number]

/** What somebody other than the owner may do: the namespaces to read and write, and every other role as `role` or `role detail`. */
export interface Roles {
  reads: ReadonlySet<string>
  writes: ReadonlySet<string>
  others: ReadonlySet<string>
}

/** Which of the lists of roles a name is on; undefined for a name that is no role's. */
export function isRole(role: string, detail: string): role is RoleName {
  const known: readonly string[] = detail === '' ? plainRoles : detailedRoles
  return known.includes(role)
}

/** The roles of one holder, as what they allow. */
export function rolesFrom(granted: Iterable<{ role: string; detail: string }>): Roles {
  const roles = { reads: new Set<string>(), writes: new Set<string>(), others: new Set<string>() }
  for (const { role, detail } of granted)
    if (role === 'namespaceread') roles.reads.add(detail)
    else if (role === 'namespacewrite') roles.writes.add(detail)
    else roles.others.add(detail === '' ? role : `${role} ${detail}`)
  return roles
}

/**
 * What is left of roles for an OAuth access token: the namespaces its scope names, of those that were granted, and no other role.
 * @param scope `read:NAMESPACE` and `write:NAMESPACE`, separated by spaces
 */
export function confinedTo(roles: Roles, scope: string): Roles {
  const named = new Set(scope.split(' '))
  const everything = roles.others.has('owner')
  const kept = (verb: string, granted: ReadonlySet<string>) =>
    new Set(
      [...named]
        .filter((word) => word.startsWith(verb))
        .map((word) => word.slice(verb.length))
        .filter((namespace) => everything || granted.has(namespace)),
    )
  return { reads: kept('read:', roles.reads), writes: kept('write:', roles.writes), others: new Set() }
}

/** The most scopes one request for access names. */
export const maxScopes = 50

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
