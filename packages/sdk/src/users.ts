import type { Message } from '@hatstand/api/message.ts'
import type { NewUser, User, UserChange } from '@hatstand/api/users.ts'
import type { Connection } from './connection.ts'
import { textOf } from './exact.ts'

/** For the owner, and whoever has the role `platform`. */
export function users({ ask }: Connection) {
  const change = <T>(userId: string, verb: string, body?: UserChange) =>
    ask<T>(`/users/user/${encodeURIComponent(userId)}/${verb}`, {
      method: 'PUT',
      ...(body && { body: textOf(body) }),
    })

  return {
    /** The owner first. */
    list: () => ask<User[]>('/users/user'),
    create: (user: NewUser) => ask<User>('/users/user', { method: 'POST', body: textOf(user) }),
    /** What is left out stays as it is; a new password ends what the user is signed in with. */
    update: (userId: string, user: UserChange) => change<User>(userId, 'update', user),
    delete: (userId: string) => change<Message>(userId, 'delete'),
    enable: (userId: string) => change<Message>(userId, 'enable'),
    /** From that moment the user can do nothing. */
    disable: (userId: string) => change<Message>(userId, 'disable'),
  }
}
