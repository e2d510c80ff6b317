import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { grant } from '../../../test/applications.ts'
import { engines } from '../../../test/engines.ts'
import { makeSigningKey } from '../../auth/keys.ts'
import { openDatabase } from '../../database/open.ts'
import { removeGrant } from './access-tokens.ts'
import { addAccount } from './accounts.ts'
import {
  consumeModel,
  findModel,
  findOAuthToken,
  keepModel,
  keepOAuthToken,
  maxUnused,
  maxUsed,
} from './oauth.ts'

const now = 1_800_000_000_000

for (const engine of engines) {
  test(`nothing is kept of a consent that ends in the same moment, in another process (${engine.name})`, async () => {
    const place = await engine.place()
    const [here, there] = [await openDatabase(place, false), await openDatabase(place, false)]
    const pda = (await addAccount(here, 'me.example.org', await makeSigningKey(), now)) as number
    await here.of(pda).write((unit) => grant(unit, { id: 'notes', version: '1.0.0' }, now))
    const base = { holder: 'notes', subject: 'owner', about: 'OAuth', createdAt: now, expiresAt: now + 1000 }
    for (let round = 0; round < 40; round++) {
      const grantId = `grant ${round}`
      const consent = { ...base, tokenId: grantId, kind: 'grant', grantId } as const
      const token = { ...base, tokenId: `token ${round}`, kind: 'oauth', grantId } as const
      assert.equal(await here.of(pda).write((unit) => keepOAuthToken(unit, consent)), true)
      await Promise.all([
        here.of(pda).write((unit) => keepOAuthToken(unit, token)),
        there.of(pda).write((unit) => removeGrant(unit, grantId)),
      ])
      const left = await here.one(sql`select token_id from access_token where grant_id = ${grantId}`)
      assert.deepEqual(left, [], `round ${round}`)
    }
    await Promise.all([here.close(), there.close()])
  })

  test(`what counts once is used by one of many, in whatever process (${engine.name})`, async () => {
    const place = await engine.place()
    const databases = [await openDatabase(place, false), await openDatabase(place, false)]
    const [here] = databases as [(typeof databases)[0]]
    const pda = (await addAccount(here, 'me.example.org', await makeSigningKey(), now)) as number
    const kept = { model: 'AuthorizationCode', payload: '{}', expiresAt: now + 1000 }
    for (let round = 0; round < 10; round++) {
      const modelId = `token ${round}`
      await here.of(pda).write((unit) => keepModel(unit, { ...kept, modelId }))
      const used = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          databases[index % 2]!.of(pda).write((unit) => consumeModel(unit, kept.model, modelId, now)),
        ),
      )
      assert.equal(used.filter(Boolean).length, 1)
    }
    for (const database of databases) await database.close()
  })

  test(`of what a consent used up only the newest are remembered, and the others count no more (${engine.name})`, async () => {
    const database = await openDatabase(await engine.place(), false)
    const pda = (await addAccount(database, 'me.example.org', await makeSigningKey(), now)) as number
    await database.of(pda).write((unit) => grant(unit, { id: 'notes', version: '1.0.0' }, now))
    const model = 'RefreshToken'
    const base = { holder: 'notes', subject: 'owner', about: 'OAuth', createdAt: now, expiresAt: now + 1000 }
    for (const grantId of ['busy', 'idle'])
      await database
        .of(pda)
        .write((unit) =>
          keepOAuthToken(unit, { ...base, tokenId: grantId, kind: 'grant', grantId, payload: '{}' }),
        )
    const keep = (modelId: string, grantId: string) =>
      database
        .of(pda)
        .write((unit) => keepModel(unit, { model, modelId, grantId, payload: '{}', expiresAt: now + 1000 }))
    const use = (modelId: string, at: number) =>
      database.of(pda).write((unit) => consumeModel(unit, model, modelId, at))
    await keep('of another consent', 'idle')
    await use('of another consent', now)
    for (let number = 0; number <= maxUsed + 5; number++) {
      await keep(`token ${number}`, 'busy')
      assert.equal(await use(`token ${number}`, now + number), true)
    }
    await keep('unused', 'busy')
    const left = await database.one<{ model_id: string }>(sql`select model_id from oauth_model`)
    assert.equal(left.length, maxUsed + 2)
    const find = (modelId: string) => database.of(pda).read((unit) => findModel(unit, model, modelId))
    const consent = (id: string) => database.of(pda).read((unit) => findOAuthToken(unit, 'grant', id))
    assert.deepEqual([await find('token 5'), (await find('token 6'))?.consumedAt], [undefined, now + 6])
    assert.equal(await use('token 5', now), false)
    assert.equal(await consent('busy'), '{}')
    // For a minute it could be a second tab.
    assert.equal(await use('token 6', now + 6 + 59_999), true)
    assert.equal(await consent('busy'), '{}')
    assert.equal(await use('token 6', now + 6 + 60_000), false)
    assert.deepEqual([await consent('busy'), await consent('idle')], [undefined, '{}'])
    await database.close()
  })

  test(`however often one refresh token comes within its minute, the newest of what it gave count and no more are kept (${engine.name})`, async () => {
    const database = await openDatabase(await engine.place(), false)
    const pda = (await addAccount(database, 'me.example.org', await makeSigningKey(), now)) as number
    await database.of(pda).write((unit) => grant(unit, { id: 'notes', version: '1.0.0' }, now))
    const base = { holder: 'notes', subject: 'owner', about: 'OAuth', createdAt: now, expiresAt: now + 1000 }
    const consent = { ...base, tokenId: 'one', kind: 'grant', grantId: 'one', payload: '{}' } as const
    await database.of(pda).write((unit) => keepOAuthToken(unit, consent))
    const model = 'RefreshToken'
    const keep = (modelId: string, iat: number) =>
      database
        .of(pda)
        .write((unit) => keepModel(unit, { ...consent, model, modelId, payload: JSON.stringify({ iat }) }))
    await keep('first', 0)
    for (let number = 1; number <= maxUnused + 10; number++) {
      assert.equal(await database.of(pda).write((unit) => consumeModel(unit, model, 'first', now)), true)
      await keep(`token ${number}`, number)
    }
    const left = await database.one<{ model_id: string }>(
      sql`select model_id from oauth_model where consumed_at is null`,
    )
    assert.equal(left.length, maxUnused)
    const ids = left.map(({ model_id: id }) => id)
    assert.deepEqual([ids.includes('token 10'), ids.includes('token 11')], [false, true])
    await database.close()
  })
}
