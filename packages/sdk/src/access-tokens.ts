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
  const { send } = connection
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
      const answer = (await (await send('/users/access_token', { headers })).json()) as AccessToken
      connection.token = answer.accessToken
      return answer
    },
    /** Ends the token this connection uses, everywhere and at once. */
    async logout(): Promise<Message> {
      const answer = (await (await send('/users/access_token', { method: 'DELETE' })).json()) as Message
      connection.token = undefined
      return answer
    },
    /** Changes the owner's password. All other tokens of the owner end; the connection uses a new one from then on. */
    changePassword: async (password: string, newPassword: string) =>
      (
        await send('/control/v2/auth/password', {
          method: 'POST',
          body: textOf({ password, newPassword }),
        })
      ).json() as Promise<Message>,
    /** Rejects with a `PdaError` of status 401 when the token does not count. */
    validate: async () => (await send('/users/access_token/validate')).json() as Promise<Message>,
    /** All access tokens and sessions that count, the youngest first; for the owner only. */
    list: async () => (await send(path)).json() as Promise<IssuedToken[]>,
    /** Ends one of them; for the owner only. */
    revoke: async (tokenId: string) =>
      (await send(`${path}/${encodeURIComponent(tokenId)}`, { method: 'DELETE' })).json() as Promise<Revoked>,
    /** Ends all of them, or those the options choose; for the owner only. */
    revokeAll: async (options: RevokeOptions = {}) =>
      (await send(path, { method: 'DELETE', query: { ...options } })).json() as Promise<Revoked>,
  }
}
