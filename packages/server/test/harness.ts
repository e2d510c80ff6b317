import type { TestContext } from 'node:test'
import { connect, type Pda } from '@hatstand/sdk'
import { createApp } from '../src/app.ts'
import { issueToken } from '../src/auth/access-tokens.ts'
import { readConfig } from '../src/config.ts'
import type { App, Context } from '../src/context.ts'
import { openDatabase } from '../src/database/open.ts'
import { ensureFirstAccount } from '../src/first-start.ts'
import { addAccount, listAccounts } from '../src/store/access/accounts.ts'
import { addOwner } from '../src/store/access/owners.ts'
import { grant, type Rights } from './applications.ts'
import { type Engine, engines, freePort } from './engines.ts'
import { ownerName } from './owner.ts'
import { ownerHash, signingKey } from './shared.ts'

export { ownerName, ownerPassword } from './owner.ts'

/** A server on a real socket, with an owner. */
export interface TestServer {
  url: string
  /** The owner's access token. */
  token: string
  /** The SDK as the owner. */
  owner: Pda
  context: Context
  app: App
  /** Registers an application and gives its access token; registering it again changes its rights. */
  application(id: string, rights: Rights): Promise<string>
  /** Another token of the owner, issued now. */
  ownerToken(): Promise<string>
  /** The SDK with a token. */
  as(token: string | undefined): Pda
}

export interface Options {
  /** Settings as the environment gives them. */
  settings?: Record<string, string>
  now?: () => number
}

/** Starts a server on an engine, closed when the test ends. */
export async function startServer(
  t: Pick<TestContext, 'after'>,
  engine: Pick<Engine, 'place'> = engines[0]!,
  options: Options = {},
): Promise<TestServer> {
  const place = await engine.place()
  const port = await freePort()
  const config = {
    ...readConfig({
      HATSTAND_LOG_LEVEL: 'fatal',
      PORT: String(port),
      HATSTAND_DATA_DIR: place.dataDir,
      ...options.settings,
    }),
    databaseUrl: place.databaseUrl,
  }
  const database = await openDatabase(config, false)
  const context: Context = { config, database, now: options.now ?? Date.now }
  if ((await database.read(listAccounts)).length === 0)
    await addAccount(database, config.domain, await signingKey(), context.now())
  await ensureFirstAccount(database, config, true, context.now())
  const [account] = await database.read(listAccounts)
  const { pda_id: pda, domain } = account!
  const passwordHash = await ownerHash()
  await database
    .of(pda)
    .write((unit) =>
      addOwner(unit, { name: ownerName, passwordHash, subject: 'owner-of-the-test' }, context.now()),
    )
  const app = await createApp(context)
  const url = await app.listen({ port, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await database.close()
  })
  const subject = 'owner-of-the-test'
  const ownerToken = () => issueToken(context, { pda, domain }, { kind: 'owner', subject }, 'a test')
  const token = await ownerToken()
  return {
    url,
    token,
    owner: connect(url, token, firstAnswer),
    context,
    app,
    async application(id, rights) {
      const version = '1.0.0'
      await database.of(pda).write((unit) => grant(unit, { id, version, ...rights }, context.now()))
      const bearer = { kind: 'application', application: id, version, subject } as const
      return issueToken(context, { pda, domain }, bearer, 'a test')
    },
    ownerToken,
    as: (one) => connect(url, one, firstAnswer),
  }
}

/** A test is told what the server answers first. */
const firstAnswer = { retries: 0 }
