import assert from 'node:assert/strict'
import { test } from 'node:test'
import { freshFolder } from '../../../test/engines.ts'
import { readConfig } from '../../config.ts'
import { openDatabase } from '../../database/open.ts'
import { forgetOnce } from '../../jobs/expire.ts'
import { addAccount } from '../../store/access/accounts.ts'
import { findModel, keepModel } from '../../store/access/oauth.ts'
import type { SigningKey } from '../../store/access/signing-keys.ts'
import { makeSigningKey } from '../keys.ts'
import { isAccount, type ProviderDeps, holdProviders } from './provider.ts'

const key = await makeSigningKey()
const database = await openDatabase({ dataDir: freshFolder(), databaseUrl: undefined }, false)
const clock = { now: 1_800_000_000_000 }
const context = {
  config: readConfig({ HATSTAND_LOG_LEVEL: 'silent' }),
  database,
  now: () => clock.now,
}
test.after(() => database.close())

function around(pda: number, changed: { origin?: string; key?: SigningKey } = {}): ProviderDeps {
  return {
    context,
    account: { pda, domain: 'me.example.org' },
    origin: 'https://me.example.org',
    key,
    showProblem: () => undefined,
    mayFetch: async () => false,
    log: () => undefined,
    ...changed,
  }
}

test('an account has one OAuth server, made again when its origin or its signing key is another', async () => {
  const providers = holdProviders(() => clock.now)
  const first = await providers.of(around(1))
  assert.equal(await providers.of(around(1)), first)
  assert.notEqual(await providers.of(around(2)), first)
  const moved = await providers.of(around(1, { origin: 'https://you.example.org' }))
  assert.equal(moved.issuer, 'https://you.example.org')
  assert.notEqual(await providers.of(around(1, { key: await makeSigningKey() })), moved)
})

test('an account is one resource, however its address is spelt, and nothing within it or beside it is', () => {
  const origin = 'https://me.example.org'
  for (const resource of [origin, `${origin}/`, 'HTTPS://Me.Example.Org', `${origin}:443/`])
    assert.equal(isAccount(resource, origin), true, resource)
  for (const resource of [
    '',
    'me.example.org',
    'http://me.example.org',
    `${origin}:8443`,
    `${origin}/x`,
    `${origin}//`,
    `${origin}?x`,
    `${origin}\\`,
    ` ${origin}`,
    'https://me.example.org.evil.example',
    'https://me.example.org@evil.example',
    'https:me.example.org',
  ])
    assert.equal(isAccount(resource, origin), false, resource)
})

test('OAuth servers that nobody asks are let go, and there are never more than a hundred', async () => {
  const providers = holdProviders(() => clock.now)
  const first = await providers.of(around(1))
  const second = await providers.of(around(2))
  clock.now += 400_000
  assert.equal(await providers.of(around(2)), second)
  clock.now += 400_000
  providers.sweep()
  assert.equal(await providers.of(around(2)), second)
  assert.notEqual(await providers.of(around(1)), first)
  for (let pda = 3; pda < 103; pda++) await providers.of(around(pda))
  assert.notEqual(await providers.of(around(2)), second)
})

test('what has expired is forgotten', async () => {
  const pda = (await addAccount(database, 'me.example.org', key, clock.now)) as number
  const model = { model: 'Interaction', payload: '{}' }
  await database.of(pda).write(async (unit) => {
    await keepModel(unit, { ...model, modelId: 'over', expiresAt: clock.now - 1 })
    await keepModel(unit, { ...model, modelId: 'open', expiresAt: clock.now + 1 })
  })
  await forgetOnce(context)
  const find = (id: string) => database.of(pda).read((unit) => findModel(unit, 'Interaction', id))
  assert.equal(await find('over'), undefined)
  assert.equal((await find('open'))?.payload, '{}')
})
