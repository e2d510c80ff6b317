import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose'
import { sql } from 'kysely'
import { routeEngines } from '../../test/engines.ts'
import { ownerName, ownerPassword, startServer, type TestServer } from '../../test/harness.ts'
import { ask, domain, refuses, withScene } from '../../test/scene.ts'
import { issueToken } from '../auth/access-tokens.ts'
import { makeSigningKey } from '../auth/keys.ts'
import { forgetOnce } from '../jobs/expire.ts'
import { addAccount } from '../store/access/accounts.ts'
import { rotateSigningKey } from '../store/access/signing-keys.ts'

const day = 86_400_000

/** Rotates the key as the command line does, and gives the id of the new one. */
async function rotate({ context: { database, now } }: TestServer, overlap: number): Promise<string> {
  const key = await makeSigningKey()
  await database.of(1).write((unit) => rotateSigningKey(unit, key, now(), now() + overlap))
  return key.keyId
}

async function signIn(server: TestServer): Promise<string> {
  const pda = server.as(undefined)
  return (await pda.accessTokens.login(ownerName, ownerPassword)).accessToken
}

for (const engine of routeEngines) {
  test(`${engine.name}: a new key signs at once, what the old one signed counts until its end and not a moment longer`, async (t) => {
    const clock = { now: Date.now() }
    const server = await startServer(t, engine, { now: () => clock.now })
    const pda = server.as(server.token)
    const first = decodeProtectedHeader(server.token).kid!
    const pem = await pda.publicKey()
    assert.deepEqual(
      (await pda.publicKeys()).keys.map(({ kid }) => kid),
      [first],
    )
    const second = await rotate(server, 10 * day)
    assert.notEqual(await pda.publicKey(), pem)
    const { keys } = await pda.publicKeys()
    assert.deepEqual(
      keys.map(({ kid, alg, use, kty }) => [kid, alg, use, kty]),
      [second, first].map((kid) => [kid, 'RS256', 'sig', 'RSA']),
    )
    const token = await signIn(server)
    assert.equal(decodeProtectedHeader(token).kid, second)
    for (const each of [server.token, token]) {
      await jwtVerify(each, createLocalJWKSet({ keys }), { currentDate: new Date(clock.now) })
      await server.as(each).accessTokens.validate()
    }
    await jwtVerify(token, createPublicKey(await pda.publicKey()), { currentDate: new Date(clock.now) })
    clock.now += 10 * day - 1
    await server.as(server.token).accessTokens.validate()
    clock.now += 1
    await assert.rejects(server.as(server.token).accessTokens.validate(), { status: 401 })
    await server.as(token).accessTokens.validate()
    assert.equal((await pda.publicKeys()).keys.length, 1)
    await forgetOnce(server.context)
    const kept = await server.context.database.read((unit) =>
      unit.all<{ key_id: string }>(sql`select key_id from signing_key where private_pem <> ''`),
    )
    assert.deepEqual(
      kept.map(({ key_id: keyId }) => keyId),
      [second],
      'nothing can be signed any more with a key whose time is over, not even with the database in hand',
    )
  })

  test(`${engine.name}: whoever uses a token before the old key ends gets one of the new key and goes on`, async (t) => {
    const clock = { now: Date.now() }
    const server = await startServer(t, engine, { now: () => clock.now })
    const pda = server.as(server.token)
    const second = await rotate(server, day)
    clock.now += 2 * 3_600_000
    await pda.accessTokens.validate()
    assert.equal(decodeProtectedHeader(pda.token!).kid, second)
    clock.now += 2 * day
    await pda.accessTokens.validate()
    await assert.rejects(server.as(server.token).accessTokens.validate(), { status: 401 })
  })

  test(`${engine.name}: without an overlap everything that was signed before ends, and only the account's own keys are shown`, () =>
    withScene(engine, async ({ app, database, pda, key, clock, ownerToken }) => {
      assert.equal((await ask(app, ownerToken)).statusCode, 200)
      const other = await makeSigningKey()
      await addAccount(database, 'you.example.org', other, clock.now)
      const next = await makeSigningKey()
      await database.of(pda).write((unit) => rotateSigningKey(unit, next, clock.now, clock.now))
      await refuses(app, ownerToken)
      const owner = { kind: 'owner', subject: 'f1e2' } as const
      const token = await issueToken({ database, now: () => clock.now }, { pda, domain }, owner, 'a test')
      assert.equal((await ask(app, token)).statusCode, 200)
      const keysOf = async (host: string) => {
        const answer = await app.inject({ url: '/.well-known/jwks.json', headers: { host } })
        assert.equal(answer.headers['cache-control'], 'public, max-age=300')
        const { keys } = answer.json<{ keys: Record<string, string>[] }>()
        for (const each of keys)
          assert.deepEqual(Object.keys(each).toSorted(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
        return keys.map(({ kid }) => kid)
      }
      assert.deepEqual(await keysOf(domain), [next.keyId])
      assert.deepEqual(await keysOf('you.example.org'), [other.keyId])
      assert.notEqual(next.keyId, key.keyId)
      const unknown = await app.inject({ url: '/.well-known/jwks.json', headers: { host: 'x.example.org' } })
      assert.equal(unknown.json().code, 'account_unknown')
    }))
}
