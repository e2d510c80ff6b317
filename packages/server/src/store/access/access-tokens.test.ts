import assert from 'node:assert/strict'
import { test } from 'node:test'
import { engines } from '../../../test/engines.ts'
import { makeSigningKey } from '../../auth/keys.ts'
import { openDatabase } from '../../database/open.ts'
import { addAccessToken, listAccessTokens, maxTokens, touchAccessToken } from './access-tokens.ts'
import { addAccount } from './accounts.ts'

const now = 1_800_000_000_000

for (const engine of engines)
  test(`of a program that signs in each time it runs, the tokens it does not use end (${engine.name})`, async () => {
    const database = await openDatabase(await engine.place(), false)
    const pda = (await addAccount(database, 'me.example.org', await makeSigningKey(), now)) as number
    const token = { kind: 'jwt', holder: 'owner', subject: 'owner', about: 'a test' } as const
    const add = (tokens: { tokenId: string; createdAt: number; kind?: 'session' }[]) =>
      database.of(pda).write(async (unit) => {
        for (const one of tokens) await addAccessToken(unit, { ...token, expiresAt: now + 1e9, ...one })
      })
    await add([
      { tokenId: 'in use', createdAt: now },
      { tokenId: 'not used', createdAt: now },
      { tokenId: 'of a browser', createdAt: now, kind: 'session' },
    ])
    await database.of(pda).write((unit) => touchAccessToken(unit, 'in use', now + 1e6))
    const many = Array.from({ length: maxTokens }, (_, index) => index)
    await add(many.map((index) => ({ tokenId: `new ${index}`, createdAt: now + 1 + index })))
    const ids = (await database.of(pda).read((unit) => listAccessTokens(unit, now))).map((one) => one.tokenId)
    assert.equal(ids.length, maxTokens + 1)
    assert.deepEqual(
      ['in use', 'not used', 'of a browser', 'new 0', 'new 1'].map((id) => ids.includes(id)),
      [true, false, true, false, true],
    )
    await database.close()
  })
