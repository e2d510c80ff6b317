import { isNamespace } from '@hatstand/api/endpoint-name.ts'
import type { Role, Roles, RoleName } from './roles.ts'

/** Who is asking in one request, with the rights that hold at this moment. `tokenId` names the access token they came with. */
export type Caller =
  | { kind: 'owner'; subject: string; tokenId: string }
  | { kind: 'user'; subject: string; roles: Roles; tokenId: string }
  | { kind: 'application'; application: string; version: string; roles: Roles; tokenId: string }

/** The holder of the owner's tokens, and the writer of the owner's records; no application may have it as its id. */
export const ownerHolder = 'owner'

/** The holder of a user's tokens and roles. */
export const userHolder = (userId: string) => `user:${userId}`

/** The id of the user a holder is; undefined for the owner and for applications, whose ids have no such beginning. */
export const userIn = (holder: string) => (holder.startsWith('user:') ? holder.slice(5) : undefined)

/** Whose tokens and roles the caller has, and the name of the writer in its records: `owner`, an application's id, or `user:` and an id. */
export function holderOf(caller: Caller): string {
  if (caller.kind === 'owner') return ownerHolder
  return caller.kind === 'user' ? userHolder(caller.subject) : caller.application
}

/** Whether the owner asks in person. An application with the role `owner` is not. */
export function isOwner(caller: Caller): boolean {
  return caller.kind === 'owner'
}

/** Whether the caller was given a role, in this place where the role needs one. The owner has them all. */
export function hasRole(caller: Caller, role: string, detail = ''): boolean {
  if (caller.kind === 'owner') return true
  return caller.roles.others.has(detail === '' ? role : `${role} ${detail}`)
}

/** Whether the caller may read what is kept in a namespace: the owner all of it, others where they were granted reading. */
export function mayRead(caller: Caller, namespace: string): boolean {
  return hasRole(caller, 'owner') || (caller.kind !== 'owner' && caller.roles.reads.has(namespace))
}

/** Whether the caller may write into a namespace. Writing does not include reading, nor reading writing. */
export function mayWrite(caller: Caller, namespace: string): boolean {
  return hasRole(caller, 'owner') || (caller.kind !== 'owner' && caller.roles.writes.has(namespace))
}

/** Whether the caller has a role, and so may pass it on: the owner any, others what they were granted themselves. */
export function mayGrant(caller: Caller, { role, detail }: Role): boolean {
  if (role === 'namespaceread') return mayRead(caller, detail)
  if (role === 'namespacewrite') return mayWrite(caller, detail)
  return hasRole(caller, 'owner') || hasRole(caller, role, detail)
}

/** Whether there is any namespace the caller may write into. */
export function mayWriteSomewhere(caller: Caller): boolean {
  return hasRole(caller, 'owner') || (caller.kind !== 'owner' && caller.roles.writes.size > 0)
}

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
