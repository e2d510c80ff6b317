import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { createApp } from '../src/app.ts'
import { issueToken } from '../src/auth/access-tokens.ts'
import { makeSigningKey } from '../src/auth/keys.ts'
import { openDatabase } from '../src/database/open.ts'
import { addAccount, moveAccount } from '../src/store/access/accounts.ts'
import { addOwner } from '../src/store/access/owners.ts'
import { ask } from './asking.ts'
import { engines } from './engines.ts'
import { startServer } from './harness.ts'

const [mine, yours, free] = ['me.example.org', 'you.example.org', 'free.example.org']
const subject = 'owner-of-the-test'

for (const engine of engines)
  test(`${engine.name}: which account a host is holds with the next request of every server, whoever adds, moves or removes one`, async (t) => {
    const server = await startServer(t, engine, { settings: { HATSTAND_DOMAIN: mine } })
    const { context } = server
    const elsewhere = await openDatabase(context.config, false)
    const second = await createApp({ ...context, database: elsewhere })
    const urls = [server.url, await second.listen({ port: 0, host: '127.0.0.1' })]
    t.after(async () => {
      await second.close()
      await elsewhere.close()
    })

    /** What both servers say to a token under a host, three times: 200, 401 not the account's, 404 no account. */
    async function says(status: number, host: string, token: string) {
      for (let times = 0; times < 3; times += 1)
        for (const url of urls) {
          const headers = { host, 'x-auth-token': token }
          const answer = await ask(url, { method: 'GET', path: '/users/access_token/validate', headers })
          assert.equal(answer.status, status, `${host} at ${url}, time ${times}`)
        }
    }
    const tokenOf = (pda: number, domain: string) =>
      issueToken(context, { pda, domain }, { kind: 'owner', subject }, 'a test')
    const move = (pda: number, domain: string) => elsewhere.of(pda).write((unit) => moveAccount(unit, domain))

    for (const host of [mine, yours, free]) await says(200, host, server.token)

    const added = (await addAccount(elsewhere, yours, await makeSigningKey(), Date.now())) as number
    await says(404, free, server.token)
    await says(401, yours, server.token)
    await says(200, mine, server.token)
    await elsewhere
      .of(added)
      .write((unit) => addOwner(unit, { name: 'ann', passwordHash: 'none', subject }, Date.now()))
    const other = await tokenOf(added, yours)
    await says(200, yours, other)

    await move(1, free)
    await says(404, mine, server.token)
    await says(200, free, await tokenOf(1, free))
    await move(added, mine)
    await says(200, mine, await tokenOf(added, mine))
    await says(401, mine, server.token)
    await says(404, yours, other)

    await elsewhere.of(added).write((unit) => unit.all(sql`delete from domain where pda_id = ${added}`))
    for (const host of [mine, yours, free]) await says(200, host, await tokenOf(1, free))
  })
