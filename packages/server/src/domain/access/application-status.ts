import type { Application } from '@hatstand/api/application-definition.ts'
import type { HatApplication } from '@hatstand/api/applications.ts'
import { isEndpoint, namespaceOf } from '@hatstand/api/endpoint-name.ts'
import { asksForMore, compareVersions, rolesOf } from './definition.ts'
import { type Caller, mayRead } from './rights.ts'
import type { Role } from './roles.ts'

/** What an account keeps of an application. */
export interface Standing {
  enabled: boolean
  /** The version the owner accepted; undefined before the first set-up. */
  setupVersion: string | undefined
  /** What it was granted at the last set-up. */
  roles: readonly Role[]
}

/** What the status of an application depends on beside the application. */
export interface Surroundings {
  /** The ids of the applications that are enabled. */
  enabled: ReadonlySet<string>
  /** When its `recentDataCheckEndpoint` last changed, in milliseconds since 1970; undefined when nothing may be said of it. */
  lastChange: number | undefined
  /** How the owner's consent to the data it wants stands: see `dataConsent`. */
  consent: 'none' | 'other' | 'same'
}

export type Status = Omit<HatApplication, 'application'>

/** The status of an application, from what the account itself knows: nobody else is asked. */
export function statusOf(definition: Application, standing: Standing, surroundings: Surroundings): Status {
  const { enabled, setupVersion, roles } = standing
  if (setupVersion === undefined || !enabled)
    return { setup: setupVersion !== undefined, enabled: false, active: false }
  const needed = dependenciesOf(definition)
  const { lastChange } = surroundings
  return {
    setup: true,
    enabled: true,
    active: surroundings.consent !== 'none',
    needsUpdating:
      surroundings.consent === 'other' ||
      compareVersions(definition.status.compatibility, setupVersion) > 0 ||
      asksForMore(rolesOf(definition), roles),
    ...(needed.length > 0 && { dependenciesEnabled: needed.every((id) => surroundings.enabled.has(id)) }),
    ...(lastChange !== undefined && { mostRecentData: new Date(lastChange).toISOString() }),
  }
}

/** The ids of all applications that one needs. */
function dependenciesOf({ dependencies, setup }: Application): string[] {
  const { plugs = [], tools = [], contracts = [] } = dependencies ?? {}
  return [...plugs, ...tools, ...contracts, ...(setup.dependencies ?? [])]
}

/** The endpoint whose last change tells how recent an application's data is; some definitions spell it `/rumpel/locations`. */
export function recentEndpointOf({ status }: Application): string | undefined {
  const endpoint = status.recentDataCheckEndpoint?.replace(/^\//, '') ?? ''
  return isEndpoint(endpoint) ? endpoint : undefined
}

/** Whether a caller may learn when that endpoint last changed: whoever may read it. */
export function mayKnowRecent(caller: Caller, definition: Application): boolean {
  const endpoint = recentEndpointOf(definition)
  return endpoint !== undefined && mayRead(caller, namespaceOf(endpoint))
}
