import type { Application } from '@hatstand/api/application-definition.ts'
import { exampleDefinition } from '@hatstand/api/application-definition.ts'
import { exact } from '@hatstand/sdk'

/** What a test's definition says; the rest is as in the documentation. */
export interface Said {
  id?: string
  version?: string
  published?: boolean
  /** `namespaceread notes`, `applicationlist`. */
  roles?: readonly string[]
  status?: Partial<Application['status']>
  setup?: Partial<Application['setup']>
  dependencies?: Application['dependencies']
  dataRetrieved?: Application['permissions']['dataRetrieved']
}

/** A definition for a test. */
export function definition(said: Said = {}): Application {
  const { id = 'notes', version = '1.0.0', published = true } = said
  const { info, status, setup, permissions, ...rest } = exampleDefinition as Application
  return {
    ...rest,
    id,
    info: { ...info, version, published },
    permissions: {
      ...(said.roles === undefined ? permissions : { rolesGranted: said.roles.map(role) }),
      ...(said.dataRetrieved && { dataRetrieved: said.dataRetrieved }),
    },
    setup: { ...setup, ...said.setup },
    status: { ...status, ...said.status },
    ...(said.dependencies && { dependencies: said.dependencies }),
  }
}

function role(text: string) {
  const [name = '', detail] = text.split(' ')
  return detail === undefined ? { role: name } : { role: name, detail }
}

/** A definition spelt as nobody's JSON.stringify would, to see whether it comes back to the letter. */
export const oddlySpelt = exact(
  JSON.stringify(definition(), null, 3).replace(
    '{',
    '{ "b": 1.0, "1": 12345678901234567890, "later": "\\u00e9",',
  ),
)
