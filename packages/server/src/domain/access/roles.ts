/** A named right. `detail` says where it holds, and is '' for a role that needs none. */
export interface Role {
  role: RoleName
  detail: string
}

/** Roles that stand alone. */
export const plainRoles = [
  'owner',
  'platform',
  'validate',
  'datadebit',
  'datacredit',
  'applicationlist',
] as const

/** Roles that say where they hold: a namespace, an application's id, a data debit's id, a file's source. */
export const detailedRoles = [
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
