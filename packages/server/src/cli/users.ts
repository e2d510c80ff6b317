import { randomUUID } from 'node:crypto'
import { addUser, changeUser, enableUser, hashChosen, removeUser } from '../actions/users.ts'
import type { AccountDatabase, Unit } from '../database/port.ts'
import { type GivenRole, keptRoles } from '../domain/access/rights.ts'
import type { Role } from '../domain/access/roles.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import { findUserNamed, listUsers, type User } from '../store/access/users.ts'
import { CommandError, readSecret, type Tools, withAccount } from './open.ts'

type Options = { account?: string }

/** `hatstand user add NAME --role ROLE[:DETAIL]...` */
export async function userAdd(
  name: string,
  options: Options & { role?: GivenRole[]; show?: string },
): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const displayName = options.show ?? name
    const passwordHash = await hashChosen(await readSecret(`Password for ${name}: `), [
      name,
      displayName,
      domain,
    ])
    const roles = keptRoles(options.role ?? [])
    const user = { userId: randomUUID(), name, displayName, passwordHash, enabled: true, roles }
    if (!(await addUser(database.of(pda), user, { entry: entryIn(tools), now })))
      throw new CommandError(`Somebody signs in to ${domain} as ${name} already.`)
    console.log(`Added the user ${name} to ${domain}, with ${inWords(roles)}.`)
  })
}

/** `hatstand user password NAME` */
export async function userPassword(name: string, options: Options): Promise<void> {
  const passwordHash = await hashChosen(await readSecret(`New password for ${name}: `), [name])
  await act(name, options, async (database, which, tools) =>
    changeUser(database, which, {
      change: 'password',
      to: (user) => ({ ...user, passwordHash }),
      entry: entryIn(tools),
    }),
  )
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
  await act(name, options, (database, which, tools) =>
    removeUser(database, which, { entry: entryIn(tools), now: tools.now }),
  )
  console.log(`Removed the user ${name}. Access tokens it had no longer count; what it wrote stays.`)
}

/** `hatstand user enable NAME` and `hatstand user disable NAME` */
export async function userEnable(name: string, enabled: boolean, options: Options): Promise<void> {
  await act(name, options, (database, which, tools) =>
    enableUser(database, which, { enabled, entry: entryIn(tools) }),
  )
  console.log(
    enabled
      ? `The user ${name} may sign in again.`
      : `Disabled the user ${name}. Access tokens it had no longer count.`,
  )
}

const entryIn = (tools: Tools) => (detail: { user: string; change: string }) =>
  entryOfCommand(tools, 'user', { detail })

/** Acts on the user who signs in by a name. @throws CommandError when there is none */
async function act(
  name: string,
  options: Options,
  work: (
    database: AccountDatabase,
    which: (unit: Unit) => Promise<User | undefined>,
    tools: Tools,
  ) => Promise<unknown>,
): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    if (!(await work(tools.database.of(pda), (unit) => findUserNamed(unit, name), tools)))
      throw new CommandError(`The account ${domain} has no user ${name}.`)
  })
}

function inWords(roles: readonly Role[]): string {
  const named = roles.map(({ role, detail }) => (detail === '' ? role : `${role}:${detail}`))
  return named.length === 0 ? 'no roles' : `the roles ${named.join(', ')}`
}
