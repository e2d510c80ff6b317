import { randomUUID } from 'node:crypto'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { passwordProblem } from '../auth/passwords/strength.ts'
import type { Unit } from '../database/port.ts'
import { type GivenRole, keptRoles } from '../domain/access/rights.ts'
import type { Role } from '../domain/access/roles.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import { addUser, findUserNamed, listUsers, putUser, removeUser, type User } from '../store/access/users.ts'
import { noteEntry } from '../store/ledger/entries.ts'
import { readSecret, CommandError, withAccount } from './open.ts'

type Options = { account?: string }

/** `hatstand user add NAME --role ROLE[:DETAIL]...` */
export async function userAdd(
  name: string,
  options: Options & { role?: GivenRole[]; show?: string },
): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
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
    const entry = entryOfCommand(tools, 'user', { detail: { user: user.userId, change: 'added' } })
    const added = await database.of(pda).write(async (unit) => {
      const result = await addUser(unit, user, now)
      if (result !== 'known') await noteEntry(unit, entry)
      return result
    })
    if (added === 'known') throw new CommandError(`Somebody signs in to ${domain} as ${name} already.`)
    console.log(`Added the user ${name} to ${domain}, with ${inWords(user.roles)}.`)
  })
}

/** `hatstand user password NAME` */
export async function userPassword(name: string, options: Options): Promise<void> {
  const password = await readSecret(`New password for ${name}: `)
  const problem = await passwordProblem(password, [name])
  if (problem) throw new CommandError(problem)
  const passwordHash = await hashPassword(password)
  await change(name, options, 'password', (unit, user) => putUser(unit, { ...user, passwordHash }, user))
  console.log(`The user ${name} has the new password. Access tokens it had no longer count.`)
}

/** `hatstand user list` */
export async function userList(options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const users = await database.of(pda).read((unit) => listUsers(unit))
    if (users.length === 0) console.log(`Nobody but its owner signs in to ${domain}.`)
    for (const { name, enabled, roles } of users)
      console.log(`${name}: ${enabled ? '' : 'disabled, '}${inWords(roles)}.`)
  })
}

/** `hatstand user remove NAME` */
export async function userRemove(name: string, options: Options): Promise<void> {
  await change(name, options, 'removed', (unit, { userId }, now) => removeUser(unit, userId, now))
  console.log(`Removed the user ${name}. Access tokens it had no longer count; what it wrote stays.`)
}

/** `hatstand user enable NAME` and `hatstand user disable NAME` */
export async function userEnable(name: string, enabled: boolean, options: Options): Promise<void> {
  await change(name, options, enabled ? 'enabled' : 'disabled', (unit, user) =>
    putUser(unit, { ...user, enabled }, user),
  )
  console.log(
    enabled
      ? `The user ${name} may sign in again.`
      : `Disabled the user ${name}. Access tokens it had no longer count.`,
  )
}

async function change(
  name: string,
  options: Options,
  done: string,
  act: (unit: Unit, user: User, now: number) => Promise<unknown>,
): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const known = await tools.database.of(pda).write(async (unit) => {
      await unit.lock()
      const user = await findUserNamed(unit, name)
      if (user === undefined) return false
      await act(unit, user, tools.now)
      const detail = { user: user.userId, change: done }
      await noteEntry(unit, entryOfCommand(tools, 'user', { detail }))
      return true
    })
    if (!known) throw new CommandError(`The account ${domain} has no user ${name}.`)
  })
}

function inWords(roles: readonly Role[]): string {
  const named = roles.map(({ role, detail }) => (detail === '' ? role : `${role}:${detail}`))
  return named.length === 0 ? 'no roles' : `the roles ${named.join(', ')}`
}
