import type { Role, Roles } from './roles.ts'

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
