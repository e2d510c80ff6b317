import { newRoles, rolesOf, parseDefinition } from '../domain/access/definition.ts'
import type { Role } from '../domain/access/roles.ts'
import type { Application } from '../store/access/applications.ts'

/** Roles in words that go on from the application's name: `reads rumpel and writes tracker`. */
export function rolesInWords(roles: readonly Role[]): string {
  const named = (wanted: string) => roles.filter(({ role }) => role === wanted).map(({ detail }) => detail)
  const reads = named('namespaceread')
  const writes = named('namespacewrite')
  const others = roles
    .filter(({ role }) => role !== 'namespaceread' && role !== 'namespacewrite')
    .map(({ role, detail }) => `${role} ${detail}`.trim())
  const parts = [
    reads.length > 0 && `reads ${reads.join(', ')}`,
    writes.length > 0 && `writes ${writes.join(', ')}`,
    others.length > 0 && `has ${others.length === 1 ? 'the role' : 'the roles'} ${others.join(', ')}`,
  ]
  return parts.filter(Boolean).join(' and ') || 'may neither read nor write anything'
}

/** An application in a sentence or two, for a list. */
export function applicationInWords({
  id,
  version,
  definition,
  enabled,
  setupVersion,
  roles,
}: Application): string {
  const asked = rolesOf(parseDefinition(definition))
  if (setupVersion === undefined) return `${id} ${version} is not set up. Set up, it ${rolesInWords(asked)}.`
  if (!enabled) return `${id} ${version} is disabled. Set up again, it ${rolesInWords(asked)}.`
  const more = newRoles(asked, roles)
  const does = `${id} ${version} ${rolesInWords(roles)}.`
  return more.length === 0 ? does : `${does} ${moreInWords(more)}`
}

/** What an application asks for beyond what it was granted. */
export function moreInWords(more: readonly Role[]): string {
  return `It asks for more, which it has not got: then it ${rolesInWords(more)}, too.`
}
