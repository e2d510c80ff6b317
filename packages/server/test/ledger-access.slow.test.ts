import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect } from '@hatstand/sdk'
import { at, ends, password, serving } from './command-line.ts'
import { definition } from './definitions.ts'
import { engines, routeEngines } from './engines.ts'
import { ownerName, ownerPassword, startServer } from './harness.ts'

for (const engine of routeEngines)
  test(`who is let in, and what of it is taken back, is in the ledger, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const owner = server.as(undefined)
    await owner.accessTokens.login(ownerName, ownerPassword)
    await owner.applications.register(definition({ id: 'notes' }))
    await owner.applications.setUp('notes')
    const { accessToken } = await owner.applications.accessToken('notes')
    await server.as(accessToken).accessTokens.logout()
    const { userId } = await owner.users.create({ email: 'bob', password: 'a password of bob himself' })
    await owner.users.disable(userId)
    await owner.applications.disable('notes')
    await owner.applications.remove('notes')
    const [kept] = await owner.accessTokens.list()
    await owner.accessTokens.changePassword(ownerPassword, 'another password only for tests')
    const { entries } = await owner.ledger.page()
    const told = entries.toReversed().map(({ action, holder, address }) => [action, holder, address])
    const here = '127.0.0.1'
    assert.deepEqual(told.slice(-11), [
      ['sign_in', 'owner', here],
      ['register', 'owner', here],
      ['set_up', 'owner', here],
      ['token', 'notes', undefined],
      ['sign_out', 'notes', here],
      ['user', 'owner', here],
      ['user', 'owner', here],
      ['disable', 'owner', here],
      ['remove', 'owner', here],
      ['password', 'owner', here],
      ['token', 'owner', undefined],
    ])
    const signedIn = entries.find(({ action }) => action === 'sign_in')
    assert.equal(signedIn!.tokenId, kept!.tokenId)
    const whole = JSON.stringify(entries)
    for (const secret of [ownerPassword, accessToken, 'a password of bob himself'])
      assert.ok(!whole.includes(secret))
  })

test('what the command line changes is in the ledger, sealed when the command ends', async () => {
  const place = await engines[0]!.place()
  const { start, run } = at(place.dataDir, { HATSTAND_OWNER: 'phil', HATSTAND_OWNER_PASSWORD: password })
  const server = start('serve')
  const { url } = await serving(server)
  await run('application', 'add', 'tracker', '--write', 'notes')
  await run('token', 'tracker')
  await run('keys', 'rotate')
  await run('application', 'disable', 'tracker')
  await run('tokens', 'revoke', '--holder', 'tracker')
  const owner = connect(url)
  await owner.accessTokens.login('phil', password)
  const entries = (await owner.ledger.list()).toReversed()
  assert.deepEqual(
    entries.map(({ action, holder }) => [action, holder]),
    [
      ['set_up', 'command line'],
      ['token', 'tracker'],
      ['keys', 'command line'],
      ['disable', 'command line'],
      ['revoke', 'command line'],
      ['sign_in', 'owner'],
    ],
  )
  assert.ok(entries.slice(0, -1).every(({ seal }) => seal !== undefined))
  assert.equal(await ends(server, 'SIGTERM'), 0)
})
