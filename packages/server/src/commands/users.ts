import { randomUUID } from 'node:crypto'
import { passwordProblem } from '../auth/password-strength.ts'
import { hashPassword } from '../auth/passwords.ts'
import type { Unit } from '../database/port.ts'
import type { Role } from '../domain/roles.ts'
import { type GivenRole, keptRoles } from '../domain/user-roles.ts'
import { addUser, findUserNamed, listUsers, putUser, removeUser, type User } from '../store/users.ts'
import { CommandError, withAccount } from './account.ts'
import { readSecret } from './terminal.ts'

type Options = { account?: string }

/** `hatstand user add NAME --role ROLE[:DETAIL]...` */
export async function userAdd(
  name: string,
  options: Options & { role?: GivenRole[]; show?: string },
): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    const password = await readSecret(`Password for ${name}: `)
    const problem = await passwordProblem(password, [name, domain])
    if (problem) throw new CommandError(problem)
    const user: User = {
      userId: randomUUID(),
      name,
      displayName: options.show ?? name,
      passwordHash: await hashPassword(password),
      enabled: true,
      roles: keptRoles(options.role ?? []),
    }
    const added = await database.write(pda, (unit) => addUser(unit, pda, user, now))
    if (added === 'known') throw new CommandError(`Somebody signs in to ${domain} as ${name} already.`)
    console.log(`Added the user ${name} to ${domain}, with ${inWords(user.roles)}.`)
  })
}

/** `hatstand user list` */
export async function userList(options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const users = await database.read((unit) => listUsers(unit, pda))
    if (users.length === 0) console.log(`Nobody but its owner signs in to ${domain}.`)
    for (const { name, enabled, roles } of users)
      console.log(`${name}: ${enabled ? '' : 'disabled, '}${inWords(roles)}.`)
  })
}

/** `hatstand user remove NAME` */
export async function userRemove(name: string, options: Options): Promise<void> {
  await change(name, options, (unit, pda, { userId }) => removeUser(unit, pda, userId))
  console.log(`Removed the user ${name}. Access tokens it had no longer count; what it wrote stays.`)
}

/** `hatstand user enable NAME` and `hatstand user disable NAME` */
export async function userEnable(name: string, enabled: boolean, options: Options): Promise<void> {
  await change(name, options, (unit, pda, user) => putUser(unit, pda, { ...user, enabled }, user))
  console.log(
    enabled
      ? `The user ${name} may sign in again.`
      : `Disabled the user ${name}. Access tokens it had no longer count.`,
  )
}

async function change(
  name: string,
  options: Options,
  act: (unit: Unit, pda: number, user: User) => Promise<unknown>,
): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const known = await database.write(pda, async (unit) => {
      await unit.count(0)
      const user = await findUserNamed(unit, pda, name)
      if (user) await act(unit, pda, user)
      return user !== undefined
    })
    if (!known) throw new CommandError(`The account ${domain} has no user ${name}.`)
  })
}

function inWords(roles: readonly Role[]): string {
  const named = roles.map(({ role, detail }) => (detail === '' ? role : `${role}:${detail}`))
  return named.length === 0 ? 'no roles' : `the roles ${named.join(', ')}`
}
