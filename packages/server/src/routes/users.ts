import { randomUUID } from 'node:crypto'
import * as api from '@hatstand/api/users.ts'
import type { FastifyRequest } from 'fastify'
import { addUser, changeUser, enableUser, hashChosen, removeUser } from '../actions/users.ts'
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
import { entryOf, appendRead } from '../ledger/entries.ts'
import { findOwner } from '../store/access/owners.ts'
import { findUser, listUsers, type User } from '../store/access/users.ts'
import { countDebits } from '../store/consent/data-debits.ts'

/** The people and programs that may sign in beside the owner: only the owner, and who has the role `platform`, may see or change them. */
export function userRoutes(app: App, context: Context): void {
  const { database, now } = context

  app.get(api.listUsers.path, { schema: api.listUsers }, async (request) => {
    requireRight(request)
    const { pda } = request.account
    await appendRead(request, context, { detail: { what: 'users' } })
    return database
      .of(pda)
      .read(async (unit) => [...ownerAsUser(await findOwner(unit)), ...(await listUsers(unit)).map(shown)])
  })

  app.post(api.createUser.path, { schema: api.createUser }, async (request, reply) => {
    requireRight(request)
    const given = await readSmall<api.NewUser>(request, api.NewUser)
    const roles = givenRoles(request, given, [])
    const name = given.email
    const displayName = given.name ?? name
    const user: User = {
      userId: given.userId?.toLowerCase() ?? randomUUID(),
      name,
      displayName,
      enabled: given.enabled ?? true,
      roles,
      passwordHash: await hashChosen(given.password, [name, displayName, request.account.domain]),
    }
    const how = { entry: entryIn(request, context), now: now() }
    if (!(await addUser(database.of(request.account.pda), user, how))) throw taken(name)
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
    act: (request: FastifyRequest, which: (unit: Unit) => Promise<User>) => Promise<unknown>,
  ) =>
    app.put(operation.path, { schema: operation }, async (request) => {
      requireRight(request)
      const userId = request.params.userId.toLowerCase()
      await act(request, (unit) => changeable(unit, userId))
      return { message }
    })
  const enabling = (enabled: boolean) => (request: FastifyRequest, which: (unit: Unit) => Promise<User>) =>
    enableUser(context.database.of(request.account.pda), which, {
      enabled,
      entry: entryIn(request, context),
    })
  change(api.deleteUser, 'Account deleted', (request, which) =>
    removeUser(context.database.of(request.account.pda), which, {
      entry: entryIn(request, context),
      now: context.now(),
    }),
  )
  change(api.enableUser, 'Enabled', enabling(true))
  change(api.disableUser, 'Disabled', enabling(false))
}

const entryIn = (request: FastifyRequest, context: Context) => (detail: { user: string; change: string }) =>
  entryOf(request, context, 'user', { detail })

async function update(context: Context, request: FastifyRequest, userId: string): Promise<User> {
  requireRight(request)
  const database = context.database.of(request.account.pda)
  const given = await readSmall<api.UserChange>(request, api.UserChange)
  if (given.userId !== undefined && given.userId.toLowerCase() !== userId) throw unknown(userId)
  const known = await database.read((unit) => changeable(unit, userId))
  const { email: name = known.name, name: displayName = known.displayName } = given
  const passwordHash =
    given.password === undefined
      ? undefined
      : await hashChosen(given.password, [name, displayName, request.account.domain])
  const changed = await changeUser(database, (unit) => changeable(unit, userId), {
    change: 'changed',
    entry: entryIn(request, context),
    to: async (before, unit) => {
      // With its password goes what the owner lets it read.
      if (!hasRole(request.caller, 'owner') && (await countDebits(unit, userHolder(userId))) > 0)
        throw new ApiError(
          'forbidden',
          'A user who asked for data by a data debit is changed by the owner only',
        )
      return {
        userId,
        name: given.email ?? before.name,
        displayName: given.name ?? before.displayName,
        enabled: given.enabled ?? before.enabled,
        roles: givenRoles(request, given, before.roles),
        passwordHash: passwordHash ?? before.passwordHash,
      }
    },
  })
  if (changed === undefined) throw unknown(userId)
  if (changed === 'known') throw taken(name)
  return changed
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
