import type { Application } from '@hatstand/api/application-definition.ts'
import type { Role } from './access/roles.ts'

/** A grey square: official dashboards hide what has no logo, or fail. */
export const noLogo =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='64' height='64'%3E%3Crect width='64' height='64' rx='8' fill='%23777'/%3E%3C/svg%3E"

/**
 * The definition of a program of the owner's own, of which no more is known than its roles: with everything that clients of the
 * HAT API take for granted, and not published.
 * @param since when it was first registered, ISO 8601
 */
export function minimalDefinition(
  id: string,
  version: string,
  roles: readonly Role[],
  since: string,
): Application {
  return {
    id,
    kind: { kind: 'App', url: '' },
    info: {
      version,
      published: false,
      name: id,
      headline: 'A program of your own',
      description: { text: 'Registered by the command line, without a description.' },
      termsUrl: '',
      dataUsePurpose: 'Not described.',
      supportContact: '',
      rating: { score: '', points: 0 },
      dataPreview: [],
      graphics: { banner: { normal: '' }, logo: { normal: noLogo }, screenshots: [] },
    },
    developer: { id: 'owner', name: '', url: '' },
    permissions: {
      rolesGranted: roles.map(({ role, detail }) => (detail === '' ? { role } : { role, detail })),
    },
    setup: { kind: 'External', validRedirectUris: [] },
    status: { kind: 'Internal', compatibility: version, versionReleaseDate: since },
  }
}

/** Whether a definition, as it was registered, is one that `minimalDefinition` made. */
export function isMinimal(text: string): boolean {
  const { id, info, permissions, status } = JSON.parse(text) as Application
  const roles = permissions.rolesGranted.map(({ role, detail = '' }) => ({ role, detail }) as Role)
  return text === JSON.stringify(minimalDefinition(id, info.version, roles, status.versionReleaseDate))
}
