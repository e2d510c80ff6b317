import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { grant } from '../../test/applications.ts'
import { engines } from '../../test/engines.ts'
import { makeSigningKey } from '../auth/signing-keys.ts'
import { openDatabase } from '../database/open.ts'
import { removeGrant } from './access-tokens.ts'
import { addAccount } from './accounts.ts'
import { consumeModel, keepModel, keepOAuthToken } from './oauth.ts'

const now = 1_800_000_000_000

for (const engine of engines) {
  test(`nothing is kept of a consent that ends in the same moment, in another process (${engine.name})`, async () => {
    const place = await engine.place()
    const [here, there] = [await openDatabase(place, false), await openDatabase(place, false)]
    const pda = (await addAccount(here, 'me.example.org', await makeSigningKey(), now)) as number
    await here.write(pda, (unit) => grant(unit, pda, { id: 'notes', version: '1.0.0' }, now))
    const base = { holder: 'notes', subject: 'owner', about: 'OAuth', createdAt: now, expiresAt: now + 1000 }
    for (let round = 0; round < 40; round++) {
      const grantId = `grant ${round}`
      const consent = { ...base, tokenId: grantId, kind: 'grant', grantId } as const
      const token = { ...base, tokenId: `token ${round}`, kind: 'oauth', grantId } as const
      assert.equal(await here.write(pda, (unit) => keepOAuthToken(unit, pda, consent)), true)
      await Promise.all([
        here.write(pda, (unit) => keepOAuthToken(unit, pda, token)),
        there.write(pda, (unit) => removeGrant(unit, pda, grantId)),
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
    const kept = { model: 'RefreshToken', payload: '{}', expiresAt: now + 1000 }
    for (let round = 0; round < 10; round++) {
      const modelId = `token ${round}`
      await here.write(pda, (unit) => keepModel(unit, pda, { ...kept, modelId }))
      const used = await Promise.all(
        Array.from({ length: 10 }, (_, index) =>
          databases[index % 2]!.write(pda, (unit) => consumeModel(unit, pda, kept.model, modelId, now)),
        ),
      )
      assert.equal(used.filter(Boolean).length, 1)
    }
    for (const database of databases) await database.close()
  })
}
