import type { AccessToken } from '@hatstand/api/access-tokens.ts'
import type { Message } from '@hatstand/api/message.ts'
import type { Connection } from './connection.ts'

export function accessTokens(connection: Connection) {
  return {
    /** Signs the owner in; the connection uses the token from then on. */
    async login(name: string, password: string): Promise<AccessToken> {
      const headers = { username: encodeURIComponent(name), password: encodeURIComponent(password) }
      connection.token = undefined
      const answer = (await (await connection.send('/users/access_token', { headers })).json()) as AccessToken
      connection.token = answer.accessToken
      return answer
    },
    /** Rejects with a `PdaError` of status 401 when the token does not count. */
    validate: async () => (await connection.send('/users/access_token/validate')).json() as Promise<Message>,
  }
}
