import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'
import { makeOpaqueToken, opaqueId } from '../auth/opaque-tokens.ts'
import { forgetOnce } from '../jobs/expire.ts'
import { addAccessToken, listAccessTokens, type NewToken } from '../store/access/access-tokens.ts'

const day = 86_400_000

/** Keeps something opaque that counts for a day. */
async function keep({ context: { database, now } }: TestServer, token: Partial<NewToken>): Promise<string> {
  const text = makeOpaqueToken()
  const { tokenId } = opaqueId(text)
  const kept = { holder: 'owner', subject: 'owner-of-the-test', about: 'Firefox on Linux', createdAt: now() }
  await database
    .of(1)
    .write((unit) =>
      addAccessToken(unit, { kind: 'session', tokenId, expiresAt: now() + day, ...kept, ...token }),
    )
  return text
}

const counts = (server: TestServer, token: string) =>
  server
    .as(token)
    .accessTokens.validate()
    .then(
      () => true,
      ({ status }: { status: number }) => (assert.equal(status, 401), false),
    )

for (const engine of routeEngines) {
  test(`${engine.name}: the owner sees what can be used in the account, and which of it is the one he came with`, async (t) => {
    const clock = { now: Date.now() }
    const server = await startServer(t, engine, { now: () => clock.now })
    clock.now += 1000
    const program = await server.application('program', { reads: ['mine'] })
    clock.now += 1000
    const session = await keep(server, { expiresAt: clock.now + 30 * day })
    clock.now += 120_000
    await counts(server, program)
    const list = await server.owner.accessTokens.list()
    assert.deepEqual(
      list.map(({ kind, holder, about, mine }) => [kind, holder, about, mine]),
      [
        ['session', 'owner', 'Firefox on Linux', false],
        ['access-token', 'program', 'a test', false],
        ['access-token', 'owner', 'a test', true],
      ],
    )
    const mine = list.find((one) => one.mine)!
    assert.equal(mine.tokenId, decodeJwt(server.token).jti)
    assert.equal(Date.parse(mine.expiresAt) - Math.floor(Date.parse(mine.createdAt) / 1000) * 1000, 30 * day)
    const text = JSON.stringify(list)
    for (const secret of [server.token, program, session]) assert.ok(!text.includes(secret))
    // Nobody waits for it to be kept.
    for (let tries = 0, used; used === undefined; tries += 1) {
      assert.ok(tries < 100, 'when it was last used is kept')
      used = (await server.owner.accessTokens.list()).find(({ holder }) => holder === 'program')?.lastUsedAt
      if (used !== undefined) assert.equal(used, new Date(clock.now).toISOString())
    }
    const { database, now } = server.context
    clock.now += 7 * day
    const left = await database.of(1).read((unit) => listAccessTokens(unit, now()))
    assert.ok(
      !left.some(({ kind }) => kind === 'session'),
      'a browser that was not used for a week is signed out',
    )
    clock.now += 24 * day
    assert.deepEqual(await database.of(1).read((unit) => listAccessTokens(unit, now())), [])
  })

  test(`${engine.name}: one that is revoked counts for nothing with the next request, and the others go on`, async (t) => {
    const server = await startServer(t, engine)
    const [one, other] = [await server.application('program', {}), await server.application('program', {})]
    assert.ok((await counts(server, one)) && (await counts(server, other)))
    const tokenId = decodeJwt(one).jti!
    assert.deepEqual(await server.owner.accessTokens.revoke(tokenId), { message: 'Revoked', accessTokens: 1 })
    assert.equal(await counts(server, one), false)
    assert.equal(await counts(server, other), true)
    const { status, code } = await refused(server.owner.accessTokens.revoke(tokenId))
    assert.deepEqual([status, code], [404, 'access_token_unknown'])
    assert.equal((await refused(server.owner.accessTokens.revoke('no such id'))).status, 400)
    assert.equal((await refused(server.as(other).accessTokens.revoke(tokenId))).code, 'forbidden')
  })

  test(`${engine.name}: of a consent by OAuth everything ends, whichever of its tokens is named`, async (t) => {
    const server = await startServer(t, engine)
    await server.application('client', { reads: ['mine'] })
    const consent = { holder: 'client', grantId: 'consent-1', scope: 'read:mine' }
    await keep(server, { kind: 'grant', ...consent })
    const [one, other] = [
      await keep(server, { kind: 'oauth', ...consent }),
      await keep(server, { kind: 'oauth', ...consent }),
    ]
    const another = await keep(server, { kind: 'oauth', ...consent, grantId: 'consent-2' })
    const listed = (await server.owner.accessTokens.list()).filter(({ kind }) => kind === 'oauth-token')
    assert.deepEqual(
      listed.map(({ scope, holder }) => [scope, holder]),
      [['read:mine', 'client']],
      'all tokens of a consent are listed as one',
    )
    await server.owner.accessTokens.revoke(listed[0]!.tokenId)
    assert.deepEqual([await counts(server, one), await counts(server, other)], [false, false])
    assert.equal(await counts(server, another), true)
    assert.equal((await server.as(another).accessTokens.logout()).message, 'Signed out')
    assert.equal(await counts(server, another), false)
  })

  test(`${engine.name}: all of them end, or those of a holder or a kind, and the one that asks only if it does not say otherwise`, async (t) => {
    const server = await startServer(t, engine)
    const { accessTokens } = server.owner
    const program = await server.application('program', {})
    const other = await server.application('other', {})
    await keep(server, {})
    await keep(server, {})
    assert.equal((await accessTokens.revokeAll({ kind: 'session' })).accessTokens, 2)
    assert.equal((await accessTokens.revokeAll({ holder: 'program' })).accessTokens, 1)
    assert.deepEqual([await counts(server, program), await counts(server, other)], [false, true])
    await keep(server, {})
    assert.equal((await accessTokens.revokeAll({ keepMine: true, holder: 'owner' })).accessTokens, 1)
    assert.deepEqual([await counts(server, server.token), await counts(server, other)], [true, true])
    const misspelt = await fetch(`${server.url}/api/v2.6/access-tokens?keepmine=true`, {
      method: 'DELETE',
      headers: { 'x-auth-token': server.token },
    })
    assert.equal(misspelt.status, 400, 'a parameter that is not known ends nothing')
    assert.equal((await accessTokens.revokeAll()).accessTokens, 2)
    assert.deepEqual([await counts(server, server.token), await counts(server, other)], [false, false])
  })

  test(`${engine.name}: signing out ends the token it came with alone, of whatever kind, and gives no new one`, async (t) => {
    const clock = { now: Date.now() }
    const server = await startServer(t, engine, { now: () => clock.now })
    const pda = server.as(undefined)
    await pda.accessTokens.login(ownerName, ownerPassword)
    const token = pda.token!
    clock.now += 2 * 3_600_000
    const answer = await fetch(`${server.url}/users/access_token`, {
      method: 'DELETE',
      headers: { 'x-auth-token': token },
    })
    assert.deepEqual([answer.status, answer.headers.get('x-auth-token')], [200, null])
    assert.equal(await counts(server, token), false)
    assert.equal(await counts(server, server.token), true)
    const program = server.as(await server.application('program', {}))
    await program.accessTokens.logout()
    assert.equal(program.token, undefined)
    assert.equal((await server.owner.accessTokens.list()).length, 1)
  })

  test(`${engine.name}: what has ended by itself is forgotten`, async (t) => {
    const clock = { now: Date.now() }
    const server = await startServer(t, engine, { now: () => clock.now })
    await keep(server, {})
    await keep(server, { expiresAt: clock.now + 3 * day })
    clock.now += 2 * day
    await forgetOnce(server.context)
    const kept = await server.context.database.of(1).read((unit) => listAccessTokens(unit, 0))
    assert.equal(kept.length, 2, 'the one with an end to come, and the token of the test')
    assert.equal(await counts(server, server.token), true)
  })
}
