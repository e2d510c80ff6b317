import assert from 'node:assert/strict'
import { createPrivateKey } from 'node:crypto'
import { SignJWT } from 'jose'
import { createApp } from '../src/app.ts'
import { issueToken } from '../src/auth/access-tokens.ts'
import { readConfig } from '../src/config.ts'
import type { App } from '../src/context.ts'
import { openDatabase } from '../src/database/open.ts'
import type { Database } from '../src/database/port.ts'
import { addAccount } from '../src/store/access/accounts.ts'
import { addOwner } from '../src/store/access/owners.ts'
import { currentSigningKey, type SigningKey } from '../src/store/access/signing-keys.ts'
import { grant } from './applications.ts'
import type { Engine } from './engines.ts'
import { signingKey } from './shared.ts'

export const domain = 'me.example.org'
export const owner = { name: 'alice', passwordHash: 'none', subject: 'f1e2' }
export const tracker = {
  id: 'tracker',
  version: '1.2.0',
  reads: ['rumpel', 'shared'],
  writes: ['shared', 'tracker'],
}

/** An account with an owner and an application, an app for it that tells who is asking, and a clock to turn. */
export interface Scene {
  app: App
  database: Database
  pda: number
  key: SigningKey
  clock: { now: number }
  ownerToken: string
  trackerToken: string
}

/** Plays a scene on an engine, with nothing left of it afterwards. */
export async function withScene(engine: Engine, play: (scene: Scene) => Promise<void>): Promise<void> {
  const database = await openDatabase(await engine.place(), false)
  const clock = { now: 1_800_000_000_000 }
  const pda = (await addAccount(database, domain, await signingKey(), clock.now)) as number
  await database.of(pda).write((unit) => addOwner(unit, owner, clock.now))
  await database.of(pda).write((unit) => grant(unit, tracker, clock.now))
  const key = await database.of(pda).read((unit) => currentSigningKey(unit))
  const config = readConfig({ HATSTAND_LOG_LEVEL: 'silent' })
  const app = await createApp({ config, database, now: () => clock.now })
  app.get('/whoami', (request) => ({ caller: described(request.caller), account: request.account }))
  const context = { database, now: () => clock.now }
  const account = { pda, domain }
  const ownerToken = await issueToken(context, account, { kind: 'owner', subject: owner.subject }, 'a test')
  const bearer = { kind: 'application', subject: 'f1e2', application: 'tracker', version: '1.2.0' } as const
  const trackerToken = await issueToken(context, account, bearer, 'a test')
  try {
    await play({ app, database, pda, key, clock, ownerToken, trackerToken })
  } finally {
    await app.close()
    await database.close()
  }
}

export function ask(app: App, token: string, host = domain) {
  return app.inject({ url: '/whoami', headers: { host, 'x-auth-token': token } })
}

export async function refuses(app: App, token: string, what = token, host = domain) {
  const answer = await ask(app, token, host)
  assert.equal(answer.statusCode, 401, what)
  assert.equal(answer.json().code, 'not_authenticated', what)
  return answer
}

export function signedWith(key: SigningKey, claims: object): Promise<string> {
  return new SignJWT({ ...claims })
    .setProtectedHeader({ alg: 'RS256', kid: key.keyId })
    .sign(createPrivateKey(key.privatePem))
}

/** Sets become sorted lists, so that a caller can be compared. */
function described(caller: object): unknown {
  return JSON.parse(
    JSON.stringify(caller, (_key, value: unknown) => (value instanceof Set ? sorted(value) : value)),
  )
}

function sorted(set: Set<string>): string[] {
  return [...set].toSorted((one, other) => (one < other ? -1 : 1))
}
