import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import type { NewUser } from '@hatstand/api/users.ts'
import { connect, type Pda } from '@hatstand/sdk'
import { decodeJwt } from 'jose'
import { ask } from '../../test/asking.ts'
import { routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { type GivenRole, keptRoles } from '../domain/access/rights.ts'
import { addUser } from '../store/access/users.ts'

const password = 'a lantern under 7 quiet bridges'
const bob: NewUser = {
  email: 'bob@example.org',
  name: 'Bob',
  password,
  role: 'datacredit',
  roles: [
    { role: 'namespacewrite', detail: 'mine' },
    { role: 'namespaceread', detail: 'shared' },
  ],
}

async function signedIn({ url }: TestServer, name: string, secret = password): Promise<Pda> {
  const pda = connect(url)
  await pda.accessTokens.login(name, secret)
  return pda
}

/** Hashing and estimating a password take their time on purpose: where adding a user is not the subject, once is enough. */
const passwordHash = hashPassword(password)

/** Adds a user as the command line does. @returns its id */
async function added({ context }: TestServer, name: string, roles: readonly GivenRole[]): Promise<string> {
  const user = { userId: randomUUID(), name, displayName: 'Bob', enabled: true, roles: keptRoles(roles) }
  const hash = await passwordHash
  await context.database.of(1).write((unit) => addUser(unit, { ...user, passwordHash: hash }, context.now()))
  return user.userId
}

const bobAdded = (server: TestServer) => added(server, bob.email, [{ role: 'datacredit' }, ...bob.roles!])

/** A user with the role platform, whom only the command line can make. */
async function platformUser(server: TestServer): Promise<Pda> {
  await added(server, 'ops', [{ role: 'platform' }])
  return signedIn(server, 'ops')
}

for (const engine of routeEngines) {
  test(`${engine.name}: a user signs in and gets exactly its roles; its records carry its id`, async (t) => {
    const server = await startServer(t, engine)
    const { userId, ...others } = await server.owner.users.create(bob)
    assert.deepEqual(others, {
      email: 'bob@example.org',
      name: 'Bob',
      role: 'datacredit',
      roles: [
        { role: 'datacredit' },
        { role: 'namespaceread', detail: 'shared' },
        { role: 'namespacewrite', detail: 'mine' },
      ],
      enabled: true,
    })
    const pda = await signedIn(server, 'bob@example.org')
    const { accessScope, resource, application, sub } = decodeJwt(pda.token!)
    assert.deepEqual([accessScope, application, sub], ['datacredit', undefined, userId])
    assert.equal(resource, server.context.config.domain)
    const { recordId } = await pda.records.create('mine/notes', { text: 'of Bob' })
    const { writer } = await server.owner.records.get(recordId, { meta: true })
    assert.equal(writer, `user:${userId}`)
    assert.equal((await refused(pda.records.list('mine/notes'))).status, 403, 'writing is not reading')
    assert.deepEqual(await pda.records.list('shared/notes'), [])
    assert.equal((await refused(pda.records.create('shared/notes', {}))).status, 403)
    assert.equal((await refused(pda.users.list())).code, 'forbidden')
    assert.equal((await refused(pda.accessTokens.list())).code, 'forbidden')
    assert.deepEqual(await pda.accessTokens.validate(), { message: 'Authenticated' })
  })

  test(`${engine.name}: the list begins with the owner, and no password or hash is anywhere in it`, async (t) => {
    const server = await startServer(t, engine)
    const userId = await bobAdded(server)
    const list = await server.owner.users.list()
    assert.deepEqual(
      list.map((user) => [user.email, user.role, user.enabled]),
      [
        [ownerName, 'owner', true],
        ['bob@example.org', 'datacredit', true],
      ],
    )
    assert.equal(list[1]?.userId, userId)
    const everything = JSON.stringify([list, await server.owner.users.update(userId, { name: 'Robert' })])
    assert.doesNotMatch(everything, /argon2|pass|hash/i)
  })

  test(`${engine.name}: what an update leaves out stays, and a new password ends what the user is signed in with`, async (t) => {
    const server = await startServer(t, engine)
    const { userId, ...before } = await server.owner.users.create({ ...bob, userId: randomUUID() })
    const pda = await signedIn(server, bob.email)
    const renamed = await server.owner.users.update(userId, { name: 'Robert' })
    assert.deepEqual(renamed, { ...before, userId, name: 'Robert' })
    await pda.records.create('mine/notes', { still: 'signed in' })
    const narrowed = await server.owner.users.update(userId, {
      roles: [{ role: 'namespaceread', detail: 'mine' }],
    })
    assert.deepEqual(narrowed.roles, [{ role: 'namespaceread', detail: 'mine' }])
    assert.equal(narrowed.role, 'validate')
    assert.equal((await refused(pda.records.create('mine/notes', { now: 'no' }))).code, 'forbidden')
    assert.equal((await pda.records.list('mine/notes')).length, 1)
    const other = 'seven crows on a copper roof'
    await server.owner.users.update(userId, { password: other })
    assert.equal((await refused(pda.accessTokens.validate())).status, 401)
    assert.equal((await refused(signedIn(server, bob.email))).code, 'credentials_wrong')
    await (await signedIn(server, bob.email, other)).accessTokens.validate()
  })

  test(`${engine.name}: a disabled user can do nothing from that instant, and its old tokens do not come back`, async (t) => {
    const server = await startServer(t, engine)
    const userId = await bobAdded(server)
    const pda = await signedIn(server, bob.email)
    assert.deepEqual(await server.owner.users.disable(userId), { message: 'Disabled' })
    assert.equal((await refused(pda.accessTokens.validate())).status, 401)
    const disabled = await refused(signedIn(server, bob.email))
    const wrong = await refused(signedIn(server, bob.email, 'wrong'))
    const nobody = await refused(signedIn(server, 'nobody'))
    assert.deepEqual([disabled.code, disabled.cause], [wrong.code, wrong.cause])
    assert.deepEqual([nobody.code, nobody.cause], [wrong.code, wrong.cause])
    assert.deepEqual(await server.owner.users.enable(userId), { message: 'Enabled' })
    assert.equal((await refused(pda.accessTokens.validate())).status, 401)
    const again = await signedIn(server, bob.email)
    assert.deepEqual(await server.owner.users.delete(userId), { message: 'Account deleted' })
    assert.equal((await refused(again.accessTokens.validate())).status, 401)
    assert.equal((await refused(server.owner.users.delete(userId))).code, 'user_unknown')
    assert.equal((await refused(signedIn(server, bob.email))).code, 'credentials_wrong')
  })

  test(`${engine.name}: privileged users are neither made nor changed by requests`, async (t) => {
    const server = await startServer(t, engine)
    await platformUser(server)
    const { users } = server.owner
    for (const role of ['owner', 'platform'] as const)
      for (const user of [
        { ...bob, role },
        { ...bob, roles: [{ role }] },
      ]) {
        const { status, code, details, message } = await refused(users.create(user))
        assert.deepEqual([status, code, details.message], [400, 'user_invalid', 'Invalid User'])
        assert.equal(message, 'Users with privileged roles may not be created')
      }
    const mine = await bobAdded(server)
    assert.equal((await refused(users.update(mine, { role: 'platform' }))).code, 'user_invalid')
    const ops = (await users.list()).find(({ email }) => email === 'ops')!.userId
    const changes = [
      () => users.update(ops, { name: 'x' }),
      () => users.delete(ops),
      () => users.enable(ops),
      () => users.disable(ops),
    ]
    for (const change of changes) {
      const { status, details, message } = await refused(change())
      assert.deepEqual([status, details.message], [403, 'Forbidden'])
      assert.equal(message, 'Privileged account can not be enabled or disabled')
    }
  })

  test(`${engine.name}: who has the role platform manages users, but gives none what he may not do himself`, async (t) => {
    const server = await startServer(t, engine)
    const ops = await platformUser(server)
    assert.equal(decodeJwt(ops.token!)['accessScope'], 'platform')
    const credit = await ops.users.create({ email: 'credit', password, role: 'datacredit' })
    assert.equal((await ops.users.list()).length, 3)
    assert.equal((await refused(ops.users.create({ ...bob }))).code, 'forbidden')
    const userId = await bobAdded(server)
    assert.equal((await refused(ops.users.update(userId, { password }))).code, 'forbidden', 'no taking over')
    assert.equal((await refused(ops.users.update(userId, { roles: [] }))).code, 'forbidden')
    const wider = { roles: [{ role: 'namespaceread' as const, detail: 'mine' }] }
    assert.equal((await refused(ops.users.update(credit.userId, wider))).code, 'forbidden')
    await ops.users.update(credit.userId, { name: 'Credit' })
    await ops.users.disable(userId)
    assert.equal(
      (await refused(ops.records.list('mine/notes'))).code,
      'forbidden',
      'platform is no namespace',
    )
    const program = server.as(await server.application('program', { reads: ['mine'] }))
    assert.equal((await refused(program.users.list())).code, 'forbidden')
  })
}

test('names are taken once, the owner is not displaced, and a hash is refused by name', async (t) => {
  const server = await startServer(t)
  const { users } = server.owner
  const userId = await bobAdded(server)
  const { details, message } = await refused(users.create({ ...bob }))
  assert.deepEqual([details.message, message], ['Error creating user', 'User bob@example.org already exists'])
  assert.equal((await refused(users.create({ ...bob, email: 'x', userId }))).code, 'user_exists')
  assert.equal((await refused(users.create({ ...bob, email: ownerName }))).code, 'user_exists')
  assert.equal((await refused(users.update(userId, { email: ownerName }))).code, 'user_exists')
  assert.equal((await users.update(userId, { email: bob.email })).email, bob.email)
  const hashed = { email: 'carl', pass: '$2a$10$abcdefghijklmnopqrstuv', password }
  const { code, message: why } = await refused(users.create(hashed))
  assert.equal(code, 'invalid_body')
  assert.match(why, /^The member pass must be left out: send the password itself/)
  await server.as(server.token).accessTokens.validate()
  await signedIn(server, ownerName, ownerPassword)
})

test('what a user must look like is said by name', async (t) => {
  const server = await startServer(t)
  const wrong: [body: object, code: string, cause: RegExp][] = [
    [{ password }, 'invalid_body', /email is missing/],
    [{ email: 'carl' }, 'invalid_body', /password is missing/],
    [{ email: 'two words', password }, 'invalid_body', /email must be 1 to 64 letters/],
    [{ email: 'carl', password, name: 'a\u202eb' }, 'invalid_body', /name must be a text .+ without control/],
    [{ email: 'carl', password, name: 'a\u0085b' }, 'invalid_body', /name must be a text/],
    [{ email: 'carl', password, userId: 'x' }, 'invalid_body', /userId must be a UUID/],
    [
      { email: 'carl', password, roles: [{ role: 'king' }] },
      'invalid_body',
      /roles\[0\]\.role must be one of/,
    ],
    [{ email: 'carl', password, roles: [{ role: 'namespaceread' }] }, 'user_invalid', /needs a namespace/],
    [{ email: 'carl', password, roles: [{ role: 'validate', detail: 'x' }] }, 'user_invalid', /no detail/],
    [{ email: 'carl', password, roles: [{ role: 'datadebit', detail: 'a b' }] }, 'user_invalid', /letters/],
    [{ email: 'carl', password: 'password12' }, 'password_weak', /too easy to guess/],
    [{ email: 'carl', password: 'short' }, 'password_weak', /at least 10/],
  ]
  for (const [body, code, cause] of wrong) {
    const error = await refused(server.owner.users.create(body as NewUser))
    assert.deepEqual([error.status, error.code], [400, code], JSON.stringify(body))
    assert.match(error.message, cause)
  }
  const headers = { 'x-auth-token': server.token, 'content-type': 'application/json' }
  const other = await ask(server.url, {
    method: 'PUT',
    path: `/users/user/${randomUUID()}/update`,
    headers,
    body: JSON.stringify({ userId: randomUUID() }),
  })
  assert.equal(other.status, 404)
  assert.equal(JSON.parse(other.text).message, 'No such User')
  const malformed = await ask(server.url, { method: 'PUT', path: '/users/user/x/enable', headers })
  assert.equal(malformed.status, 400)
  const empty = await ask(server.url, {
    method: 'PUT',
    path: `/users/user/${randomUUID()}/disable`,
    headers,
    body: '',
  })
  assert.equal(empty.status, 404, 'a JSON content type without a body is fine')
})
