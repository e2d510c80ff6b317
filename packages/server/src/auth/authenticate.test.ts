import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { grant } from '../../test/applications.ts'
import { routeEngines } from '../../test/engines.ts'
import { ask, domain, owner, refuses, signedWith, tracker, withScene } from '../../test/scene.ts'
import { addAccount } from '../store/access/accounts.ts'
import { removeApplication } from '../store/access/applications.ts'
import { addOwner, replaceOwner } from '../store/access/owners.ts'
import { currentSigningKey } from '../store/access/signing-keys.ts'
import { makeSigningKey } from './keys.ts'

const hour = 3_600_000

for (const engine of routeEngines) {
  test(`${engine.name}: the owner's token makes the owner of the caller`, () =>
    withScene(engine, async ({ app, pda, ownerToken }) => {
      const answer = await ask(app, ownerToken)
      assert.equal(answer.statusCode, 200)
      assert.deepEqual(answer.json(), {
        caller: { kind: 'owner', subject: 'f1e2', tokenId: decodeJwt(ownerToken).jti },
        account: { pda, domain },
      })
      assert.equal(answer.headers['cache-control'], 'no-store')
    }))

  test(`${engine.name}: a token may come as Authorization: Bearer, too`, () =>
    withScene(engine, async ({ app, ownerToken }) => {
      const headers = { host: domain, authorization: `Bearer ${ownerToken}` }
      assert.equal((await app.inject({ url: '/whoami', headers })).statusCode, 200)
    }))

  test(`${engine.name}: an application has the rights it has at this moment, however old its token`, () =>
    withScene(engine, async ({ app, database, pda, trackerToken, clock }) => {
      const { id, version, reads, writes } = tracker
      const tokenId = decodeJwt(trackerToken).jti
      assert.deepEqual((await ask(app, trackerToken)).json().caller, {
        kind: 'application',
        application: id,
        version,
        roles: { reads, writes, others: [] },
        tokenId,
      })
      const fewer = { id, version: '1.3.0', reads: [], writes: ['tracker'] }
      await database.of(pda).write((unit) => grant(unit, fewer, clock.now + 5000))
      const { caller } = (await ask(app, trackerToken)).json()
      assert.deepEqual(caller, {
        kind: 'application',
        application: id,
        version: '1.3.0',
        roles: { reads: [], writes: ['tracker'], others: [] },
        tokenId,
      })
    }))

  test(`${engine.name}: a removed application's token stops counting at once, and does not return with the application`, () =>
    withScene(engine, async ({ app, database, pda, trackerToken, clock }) => {
      assert.equal((await ask(app, trackerToken)).statusCode, 200)
      await database.of(pda).write((unit) => removeApplication(unit, 'tracker', clock.now))
      await refuses(app, trackerToken)
      await database.of(pda).write((unit) => grant(unit, tracker, clock.now + 2000))
      await refuses(app, trackerToken)
    }))

  test(`${engine.name}: a replaced owner's tokens stop counting at once`, () =>
    withScene(engine, async ({ app, database, pda, ownerToken, clock }) => {
      assert.equal((await ask(app, ownerToken)).statusCode, 200)
      await database.of(pda).write((unit) => replaceOwner(unit, { ...owner, subject: 'a9b8' }, clock.now))
      await refuses(app, ownerToken)
    }))

  test(`${engine.name}: a token that counted stops counting the moment it expires`, () =>
    withScene(engine, async ({ app, ownerToken, clock }) => {
      clock.now += 30 * 24 * hour - 1
      assert.equal((await ask(app, ownerToken)).statusCode, 200)
      clock.now += 1
      const answer = await refuses(app, ownerToken)
      assert.equal(answer.headers['x-auth-token'], undefined)
    }))

  test(`${engine.name}: while there is one account every host is that account, with two each has its own`, () =>
    withScene(engine, async ({ app, database, ownerToken, clock }) => {
      assert.equal((await ask(app, ownerToken, 'anything:1')).statusCode, 200)
      const pda = (await addAccount(database, 'you.example.org', await makeSigningKey(), clock.now)) as number
      assert.equal((await ask(app, ownerToken, 'ME.example.org')).statusCode, 200)
      assert.equal((await ask(app, ownerToken, 'anything:1')).json().code, 'account_unknown')
      await refuses(app, ownerToken, 'another account', 'you.example.org')
      await database.of(pda).write((unit) => addOwner(unit, owner, clock.now))
      await refuses(app, ownerToken, 'another account whose owner has the same id', 'you.example.org')
      const yours = await database.of(pda).read((unit) => currentSigningKey(unit))
      const forged = await signedWith(yours, decodeJwt(ownerToken))
      await refuses(app, forged, "the neighbour's key")
      await refuses(app, forged, "the neighbour's key on the neighbour's account", 'you.example.org')
    }))

  test(`${engine.name}: a token an hour old is renewed: same kind, claims, id and end, new beginning`, () =>
    withScene(engine, async ({ app, ownerToken, trackerToken, clock }) => {
      clock.now += hour - 1000
      assert.equal((await ask(app, ownerToken)).headers['x-auth-token'], undefined)
      clock.now += 1000
      for (const token of [ownerToken, trackerToken]) {
        const renewed = (await ask(app, token)).headers['x-auth-token'] as string
        assert.deepEqual(decodeJwt(renewed), { ...decodeJwt(token), iat: clock.now / 1000 })
        const answer = await ask(app, renewed)
        assert.deepEqual(answer.json(), (await ask(app, token)).json())
        assert.equal(answer.headers['x-auth-token'], undefined)
      }
    }))

  test(`${engine.name}: one token is renewed once, however often and long it is presented`, () =>
    withScene(engine, async ({ app, ownerToken, clock }) => {
      clock.now += hour
      const many = await Promise.all(Array.from({ length: 8 }, () => ask(app, ownerToken)))
      clock.now += hour
      const renewals = [...many, await ask(app, ownerToken)].map((answer) => answer.headers['x-auth-token'])
      assert.equal(new Set(renewals).size, 1)
    }))

  test(`${engine.name}: the renewed token comes with refusals, too`, () =>
    withScene(engine, async ({ app, ownerToken, clock }) => {
      app.get('/breaks', () => {
        throw new Error('unexpected')
      })
      clock.now += hour
      const headers = { host: domain, 'x-auth-token': ownerToken }
      const answer = await app.inject({ url: '/breaks', headers })
      assert.equal(answer.statusCode, 500)
      assert.equal(typeof answer.headers['x-auth-token'], 'string')
      assert.doesNotMatch(answer.body, /unexpected"/)
    }))
}
