import { randomUUID } from 'node:crypto'
import * as api from '@hatstand/api/users.ts'
import type { FastifyRequest } from 'fastify'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { insistOnStrength } from '../auth/passwords/strength.ts'
import type { App, Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import {
  hasRole,
  userHolder,
  type GivenRole,
  isPrivileged,
  keptRoles,
  mayGive,
  primaryRole,
  userRolesProblem,
} from '../domain/access/rights.ts'
import type { Role } from '../domain/access/roles.ts'
import { ApiError } from '../errors.ts'
import { readSmall } from '../http/small-body.ts'
import { entryOf, noteRead } from '../ledger/entries.ts'
import { findOwner } from '../store/access/owners.ts'
import { addUser, findUser, listUsers, putUser, removeUser, type User } from '../store/access/users.ts'
import { countDebits } from '../store/consent/data-debits.ts'
import { noteEntry, writeNoted } from '../store/ledger/entries.ts'

/** The people and programs that may sign in beside the owner: only the owner, and who has the role `platform`, may see or change them. */
export function userRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.get(api.listUsers.path, { schema: api.listUsers }, async (request) => {
    requireRight(request)
    const { pda } = request.account
    await noteRead(request, context, { detail: { what: 'users' } })
    return database
      .of(pda)
      .read(async (unit) => [...ownerAsUser(await findOwner(unit)), ...(await listUsers(unit)).map(shown)])
  })

  app.post(api.createUser.path, { schema: api.createUser }, async (request, reply) => {
    requireRight(request)
    const given = await readSmall<api.NewUser>(request, api.NewUser)
    const roles = givenRoles(request, given, [])
    const user: User = {
      userId: given.userId?.toLowerCase() ?? randomUUID(),
      name: given.email,
      displayName: given.name ?? given.email,
      enabled: given.enabled ?? true,
      roles,
      passwordHash: await passwordHashOf(given.password, [given.email, given.name ?? '']),
    }
    const { pda } = request.account
    const entry = entryOf(request, context, 'user', { detail: { user: user.userId, change: 'added' } })
    const added = await database.of(pda).write(async (unit) => {
      const result = await addUser(unit, user, now())
      if (result !== 'known') await noteEntry(unit, entry)
      return result
    })
    if (added === 'known') throw taken(user.name)
    return reply.code(201).send(shown(user))
  })

  app.put(api.updateUser.path, { schema: api.updateUser }, async (request, reply) =>
    reply.code(201).send(shown(await update(context, request, request.params.userId.toLowerCase()))),
  )
  changeRoutes(app, context)
}

/** The changes without a body. */
function changeRoutes(app: App, context: Context): void {
  const change = (
    operation: typeof api.deleteUser,
    message: string,
    act: (unit: Unit, user: User) => Promise<unknown>,
  ) =>
    app.put(operation.path, { schema: operation }, async (request) => {
      requireRight(request)
      const { pda } = request.account
      const user = request.params.userId.toLowerCase()
      const entry = entryOf(request, context, 'user', { detail: { user, change: message } })
      await context.database.of(pda).write(async (unit) => {
        await unit.lock()
        await act(unit, await changeable(unit, user))
        await noteEntry(unit, entry)
      })
      return { message }
    })
  change(api.deleteUser, 'Account deleted', (unit, { userId }) => removeUser(unit, userId, context.now()))
  change(api.enableUser, 'Enabled', enabling(true))
  change(api.disableUser, 'Disabled', enabling(false))
}

const enabling = (value: boolean) => (unit: Unit, user: User) =>
  putUser(unit, { ...user, enabled: value }, user)

async function update(context: Context, request: FastifyRequest, userId: string): Promise<User> {
  const { database } = context
  requireRight(request)
  const { pda } = request.account
  const given = await readSmall<api.UserChange>(request, api.UserChange)
  if (given.userId !== undefined && given.userId.toLowerCase() !== userId) throw unknown(userId)
  const known = await database.of(pda).read((unit) => changeable(unit, userId))
  const passwordHash =
    given.password === undefined
      ? undefined
      : await passwordHashOf(given.password, [given.email ?? known.name, given.name ?? known.displayName])
  const entry = entryOf(request, context, 'user', { detail: { user: userId, change: 'changed' } })
  return writeNoted(database.of(pda), entry, async (unit) => {
    await unit.lock()
    const before = await changeable(unit, userId)
    // With its password goes what the owner lets it read.
    if (!hasRole(request.caller, 'owner') && (await countDebits(unit, userHolder(userId))) > 0)
      throw new ApiError(
        'forbidden',
        'A user who asked for data by a data debit is changed by the owner only',
      )
    const after: User = {
      userId,
      name: given.email ?? before.name,
      displayName: given.name ?? before.displayName,
      enabled: given.enabled ?? before.enabled,
      roles: givenRoles(request, given, before.roles),
      passwordHash: passwordHash ?? before.passwordHash,
    }
    if ((await putUser(unit, after, before)) === 'known') throw taken(after.name)
    return after
  })
}

function requireRight({ caller }: FastifyRequest): void {
  if (!hasRole(caller, 'platform') && !hasRole(caller, 'owner'))
    throw new ApiError('forbidden', 'Only the owner, and who has the role platform, may see or change users')
}

/** @throws `user_unknown`, `user_privileged` */
async function changeable(unit: Unit, userId: string): Promise<User> {
  const user = await findUser(unit, userId)
  if (user && !isPrivileged(user.roles)) return user
  if (user === undefined && (await findOwner(unit))?.subject !== userId) throw unknown(userId)
  throw new ApiError('user_privileged', 'Privileged account can not be enabled or disabled')
}

/**
 * The roles a user is to have: those of the body, with `role` among them; without any, those it has. Nobody takes over a user
 * with a role he could not give himself.
 */
function givenRoles(
  { caller }: FastifyRequest,
  { role, roles }: { role?: string; roles?: readonly GivenRole[] },
  before: readonly Role[],
): Role[] {
  const wanted = [...(roles ?? before), ...(role === undefined ? [] : [{ role }])]
  if (isPrivileged(wanted))
    throw new ApiError('user_invalid', 'Users with privileged roles may not be created')
  const problem = userRolesProblem(wanted)
  if (problem) throw new ApiError('user_invalid', problem)
  const kept = keptRoles(wanted)
  const foreign = [...before, ...kept].find((one) => !mayGive(caller, one))
  if (foreign)
    throw new ApiError('forbidden', `You may not give the role ${foreign.role} ${foreign.detail}`.trimEnd())
  return kept
}

async function passwordHashOf(password: string, personal: string[]): Promise<string> {
  await insistOnStrength(password, personal)
  return hashPassword(password)
}

const unknown = (userId: string) => new ApiError('user_unknown', `User ${userId} does not exist`)
const taken = (name: string) => new ApiError('user_exists', `User ${name} already exists`)

/** A user as it travels: no password, and no hash of one. */
function shown({ userId, name, displayName, roles, enabled }: User): api.User {
  return {
    userId,
    email: name,
    name: displayName,
    role: primaryRole(roles),
    roles: roles
      .map(({ role, detail }) => ({ role, ...(detail && { detail }) }) as api.UserRole)
      .toSorted((one, other) => (roleKey(one) < roleKey(other) ? -1 : 1)),
    enabled,
  }
}

const roleKey = ({ role, detail = '' }: api.UserRole) => `${role} ${detail}`

function ownerAsUser(owner: { subject: string; name: string } | undefined): api.User[] {
  if (owner === undefined) return []
  const { subject, name } = owner
  return [{ userId: subject, email: name, name, role: 'owner', roles: [{ role: 'owner' }], enabled: true }]
}
