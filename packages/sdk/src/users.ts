import type { Message } from '@hatstand/api/message.ts'
import type { NewUser, User, UserChange } from '@hatstand/api/users.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'

/** For the owner, and whoever has the role `platform`. */
export function users({ send }: Connection) {
  const change = async (userId: string, verb: string, body?: UserChange): Promise<unknown> => {
    const request = { method: 'PUT' as const, ...(body && { body: textOf(body) }) }
    return (await send(`/users/user/${encodeURIComponent(userId)}/${verb}`, request)).json()
  }

  return {
    /** The owner first. */
    list: async () => (await send('/users/user')).json() as Promise<User[]>,
    create: async (user: NewUser) =>
      (await send('/users/user', { method: 'POST', body: textOf(user) })).json() as Promise<User>,
    /** What is left out stays as it is; a new password ends what the user is signed in with. */
    update: (userId: string, user: UserChange) => change(userId, 'update', user) as Promise<User>,
    delete: (userId: string) => change(userId, 'delete') as Promise<Message>,
    enable: (userId: string) => change(userId, 'enable') as Promise<Message>,
    /** From that moment the user can do nothing. */
    disable: (userId: string) => change(userId, 'disable') as Promise<Message>,
  }
}
