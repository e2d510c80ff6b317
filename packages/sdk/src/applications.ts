import type { AccessToken } from '@hatstand/api/access-tokens.ts'
import type { Application } from '@hatstand/api/application-definition.ts'
import type { HatApplication } from '@hatstand/api/applications.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Connection, Request } from './connection.ts'
import { type Exact, textOf } from './exact.ts'
import { api } from './paths.ts'

const at = (id: string, does = '') => `/${encodeURIComponent(id)}${does}`

/** The registry of applications. Ids are as their definitions have them. */
export function applications(connection: Connection) {
  const all = `${api}/applications`
  const ask = <T>(path: string, request?: Request) => connection.ask<T>(all + path, request)
  return {
    /** Those the caller may see, with their status. */
    list: () => ask<HatApplication[]>(''),
    get: (id: string) => ask<HatApplication>(at(id)),
    /** The definition of a published application; needs no access token. */
    definition: (id: string) => ask<Application>(at(id, '/hmi')),
    /** Registers an application, or gives it another definition, kept byte for byte; for the owner only. */
    register: (definition: Application | Exact) =>
      ask<HatApplication>('', { method: 'POST', body: textOf(definition) }),
    /** Grants what its definition asks for at this moment, and nothing that it asks for later. */
    setUp: (id: string) => ask<HatApplication>(at(id, '/setup'), { method: 'POST' }),
    /** Takes all it was granted, and its access tokens. */
    disable: (id: string) => ask<HatApplication>(at(id, '/disable'), { method: 'POST' }),
    /** Forgets it; for the owner only. */
    remove: (id: string) => ask<Message>(at(id), { method: 'DELETE' }),
    /** An access token of an enabled application. */
    accessToken: (id: string) => ask<AccessToken>(at(id, '/access-token'), { repeatable: false }),
    /** The same for who knows where it is: an address it registered, or the origin of one; for the owner only. */
    accessTokenFor: (id: string, resource: string) =>
      connection.ask<AccessToken>('/users/application_token', {
        query: { name: id, resource },
        repeatable: false,
      }),
    /** The address to go on to, with a new access token in its query; for the owner only, and not from pages of other origins. */
    hatLogin: async (id: string, redirect: string) => {
      const query = { name: id, redirect }
      return (await connection.ask<Message>('/control/v2/auth/hatlogin', { query, repeatable: false }))
        .message
    },
  }
}
