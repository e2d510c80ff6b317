import type { AccessToken } from '@hatstand/api/access-tokens.ts'
import type { IssuedToken, Revoked, TokenKind } from '@hatstand/api/issued-tokens.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'
import { api } from './paths.ts'

/** Which access tokens and sessions to end; without any, all of them. */
export interface RevokeOptions {
  /** Leave the token this connection uses. */
  keepMine?: boolean
  kind?: TokenKind
  /** `owner`, the id of an application, or `user:` and the id of a user. */
  holder?: string
}

export function accessTokens(connection: Connection) {
  const path = `${api}/access-tokens`
  const { ask } = connection
  return {
    /**
     * Signs the owner or a user in; the connection uses the token from then on.
     * @param oneTimeCode where the owner has a second factor: of the authenticator program, or a recovery code
     */
    async login(name: string, password: string, oneTimeCode?: string): Promise<AccessToken> {
      const headers = {
        username: encodeURIComponent(name),
        password: encodeURIComponent(password),
        ...(oneTimeCode !== undefined && { 'one-time-code': oneTimeCode }),
      }
      connection.token = undefined
      const answer = await ask<AccessToken>('/users/access_token', { headers, repeatable: false })
      connection.token = answer.accessToken
      return answer
    },
    /** Ends the token this connection uses, everywhere and at once. */
    async logout(): Promise<Message> {
      const answer = await ask<Message>('/users/access_token', { method: 'DELETE' })
      connection.token = undefined
      return answer
    },
    /** Changes the owner's password. All other tokens of the owner end; the connection uses a new one from then on. */
    changePassword: (password: string, newPassword: string) =>
      ask<Message>('/control/v2/auth/password', {
        method: 'POST',
        body: textOf({ password, newPassword }),
      }),
    /** Rejects with a `HatstandError` of status 401 when the token does not count. */
    validate: () => ask<Message>('/users/access_token/validate'),
    /** All access tokens and sessions that count, the youngest first; for the owner only. */
    list: () => ask<IssuedToken[]>(path),
    /** Ends one of them; for the owner only. */
    revoke: (tokenId: string) => ask<Revoked>(`${path}/${encodeURIComponent(tokenId)}`, { method: 'DELETE' }),
    /** Ends all of them, or those the options choose; for the owner only. */
    revokeAll: (options: RevokeOptions = {}) =>
      ask<Revoked>(path, { method: 'DELETE', query: { ...options } }),
  }
}
