import { isNamespace } from './access/endpoint-name.ts'
import { type Caller, mayGrant } from './access/rights.ts'
import type { Role, RoleName } from './access/roles.ts'

/** A role as it travels: `detail` left out, or empty, where it needs none. */
export interface GivenRole {
  role: string
  detail?: string
}

/** Roles no request gives, and whose holders no request changes. */
const privileged: readonly string[] = ['owner', 'platform']
/** The first of these that a user has stands for all of them in what a token says (`accessScope`). */
const inOrder = ['owner', 'platform', 'datacredit', 'datadebit', 'validate'] as const
const alone: readonly string[] = ['platform', 'validate']
const inNamespace: readonly string[] = ['namespaceread', 'namespacewrite']

export function isPrivileged(roles: readonly GivenRole[]): boolean {
  return roles.some(({ role }) => privileged.includes(role))
}

/**
 * The title of a user's primary role: owner, platform, datacredit or datadebit without a detail, or else `validate`, which gives
 * nothing but the proof of who it is.
 */
export function primaryRole(roles: readonly Role[]): (typeof inOrder)[number] {
  return (
    inOrder.find((title) => roles.some(({ role, detail }) => role === title && detail === '')) ?? 'validate'
  )
}

/** The roles a user is to have, each once, in the form they are kept in. */
export function keptRoles(given: readonly GivenRole[]): Role[] {
  const kept = given.map(({ role, detail = '' }) => ({ role: role as RoleName, detail }))
  return [...new Map(kept.map((role) => [`${role.role} ${role.detail}`, role])).values()]
}

/** Whether a caller who may change users may give one this role: what may be passed on, and what reads and writes no data. */
export function mayGive(caller: Caller, given: Role): boolean {
  const { role, detail } = given
  const harmless = role === 'validate' || role === 'datacredit' || (role === 'datadebit' && detail === '')
  return harmless || mayGrant(caller, given)
}

/** What is wrong with the roles a user is to have, as a sentence; undefined when they will do. */
export function userRolesProblem(given: readonly GivenRole[]): string | undefined {
  return given
    .map(({ role, detail = '' }) => roleProblem(role, detail))
    .find((problem) => problem !== undefined)
}

function roleProblem(role: string, detail: string): string | undefined {
  if (alone.includes(role)) return detail === '' ? undefined : `The role ${role} takes no detail.`
  if (inNamespace.includes(role))
    return isNamespace(detail)
      ? undefined
      : `The role ${role} needs a namespace as its detail: lower-case letters, digits and hyphens.`
  if (role === 'datadebit' || role === 'datacredit')
    return /^[0-9A-Za-z-]{0,100}$/.test(detail)
      ? undefined
      : `The detail of the role ${role} is made of letters, digits and hyphens.`
  return `A user cannot have the role ${role}.`
}
