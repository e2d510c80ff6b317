import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { userHolder, userIn } from '../../domain/access/rights.ts'
import type { Role, RoleName } from '../../domain/access/roles.ts'
import { inOrder } from '../../domain/json/comparing.ts'
import { deleteDebitsOf } from '../consent/decisions.ts'
import { removeTokensOf } from './access-tokens.ts'
import { findRoles, removeRoles, replaceRoles, roleText } from './granted-roles.ts'

/** A person or a program other than the owner that may sign in. */
export interface User {
  userId: string
  /** What it signs in with. */
  name: string
  displayName: string
  passwordHash: string
  enabled: boolean
  roles: Role[]
}

type Row = Omit<Tables['account_user'], 'pda_id' | 'created_at'>

/** All users of the account, the oldest first. */
export async function listUsers(unit: Unit): Promise<User[]> {
  const rows = await unit.all<Row>(sql`
    select user_id, name, display_name, password_hash, enabled from account_user
    where pda_id = ${unit.pda} order by created_at, user_id`)
  const granted = await unit.all<{ holder: string; role: RoleName; detail: string }>(sql`
    select holder, role, detail from granted_role where pda_id = ${unit.pda}`)
  const byUser = Map.groupBy(inOrder(granted, roleText), ({ holder }) => userIn(holder))
  return rows.map((row) => userOf(row, byUser.get(row.user_id) ?? []))
}

export async function findUser(unit: Unit, userId: string): Promise<User | undefined> {
  const [row] = await unit.all<Row>(sql`
    select user_id, name, display_name, password_hash, enabled from account_user
    where pda_id = ${unit.pda} and user_id = ${userId}`)
  return row && userOf(row, await findRoles(unit, userHolder(userId)))
}

/** The user who signs in with this name. */
export async function findUserNamed(unit: Unit, name: string): Promise<User | undefined> {
  const [row] = await unit.all<{ user_id: string }>(sql`
    select user_id from account_user where pda_id = ${unit.pda} and name = ${name}`)
  return row && findUser(unit, row.user_id)
}

/** Who signs in with these names and is enabled, in one statement, so that it takes as long when nobody does. */
export async function findSigningIn(
  unit: Unit,
  names: readonly string[],
): Promise<Pick<User, 'userId' | 'name' | 'passwordHash' | 'roles'>[]> {
  const rows = await unit.all<Row & { role: RoleName | null; detail: string }>(sql`
    select user_id, name, password_hash, role, detail from account_user left join granted_role
      on granted_role.pda_id = account_user.pda_id and granted_role.holder = ${userHolder('')} || account_user.user_id
    where account_user.pda_id = ${unit.pda} and enabled = 1 and ${unit.dialect.among('name', names, 'text')}`)
  return Map.groupBy(rows, (row) => row.user_id)
    .values()
    .map((several) => ({
      userId: several[0]!.user_id,
      name: several[0]!.name,
      passwordHash: several[0]!.password_hash,
      roles: several.flatMap(({ role, detail }) => (role === null ? [] : [{ role, detail }])),
    }))
    .toArray()
}

function userOf(row: Row, roles: { role: RoleName; detail: string }[]): User {
  return {
    userId: row.user_id,
    name: row.name,
    displayName: row.display_name,
    passwordHash: row.password_hash,
    enabled: row.enabled === 1,
    roles: roles.map(({ role, detail }) => ({ role, detail })),
  }
}

/** Adds a user with its roles. Whoever has the name or the id already, the owner among them, keeps them. */
export async function addUser(unit: Unit, user: User, now: number): Promise<'added' | 'known'> {
  await unit.lock()
  if (await isTaken(unit, user)) return 'known'
  await unit.all(sql`
    insert into account_user (pda_id, user_id, name, display_name, password_hash, enabled, created_at)
    values (${unit.pda}, ${user.userId}, ${user.name}, ${user.displayName}, ${user.passwordHash}, ${Number(user.enabled)}, ${now})`)
  await replaceRoles(unit, userHolder(user.userId), user.roles)
  return 'added'
}

/**
 * Puts a user in the place of the one with its id. Its tokens end when it is disabled or has another password.
 * @returns `known` when somebody else has the name
 */
export async function putUser(unit: Unit, user: User, before: User): Promise<'put' | 'known'> {
  if (user.name !== before.name && (await isTaken(unit, { ...user, userId: '' }))) return 'known'
  await unit.all(sql`
    update account_user set name = ${user.name}, display_name = ${user.displayName}, password_hash = ${user.passwordHash},
      enabled = ${Number(user.enabled)}
    where pda_id = ${unit.pda} and user_id = ${user.userId}`)
  const holder = userHolder(user.userId)
  await replaceRoles(unit, holder, user.roles)
  if (!user.enabled || user.passwordHash !== before.passwordHash) await removeTokensOf(unit, holder)
  return 'put'
}

/** Forgets a user, with its roles and tokens; its data debits end. What it wrote stays. */
export async function removeUser(unit: Unit, userId: string, now: number): Promise<void> {
  await deleteDebitsOf(unit, userHolder(userId), now)
  await unit.all(sql`delete from account_user where pda_id = ${unit.pda} and user_id = ${userId}`)
  await removeRoles(unit, userHolder(userId))
  await removeTokensOf(unit, userHolder(userId))
}

/** Whether this is the hash of the password the owner or a user has at this moment. */
export async function hasPassword(unit: Unit, subject: string, hash: string): Promise<boolean> {
  const found = await unit.all(sql`
    select 1 from owner where pda_id = ${unit.pda} and subject = ${subject} and password_hash = ${hash}
    union all
    select 1 from account_user where pda_id = ${unit.pda} and user_id = ${subject} and password_hash = ${hash} and enabled = 1`)
  return found.length > 0
}

async function isTaken(unit: Unit, { userId, name }: Pick<User, 'userId' | 'name'>): Promise<boolean> {
  const known = await unit.all(sql`
    select 1 from account_user where pda_id = ${unit.pda} and (user_id = ${userId} or name = ${name})
    union all
    select 1 from owner where pda_id = ${unit.pda} and (subject = ${userId} or name = ${name})`)
  return known.length > 0
}
