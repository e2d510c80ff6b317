import assert from 'node:assert/strict'
import { createPublicKey, verify } from 'node:crypto'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, test, type TestContext } from 'node:test'
import { sql } from 'kysely'
import { ask } from '../../test/asking.ts'
import {
  debitIn,
  debitScene,
  type DebitScene,
  iso,
  proposal,
  refusedWith,
  start,
} from '../../test/data-debits.ts'
import { type Engine, routeEngines } from '../../test/engines.ts'
import { createApp } from '../app.ts'
import { makeSigningKey } from '../auth/keys.ts'
import type { Context } from '../context.ts'
import { openDatabase } from '../database/open.ts'
import { rotateSigningKey } from '../store/access/signing-keys.ts'
import { takeNotices } from '../store/consent/notices.ts'
import { sendNotices, sendOnce } from './send-notices.ts'

const minute = 60_000
const hour = 60 * minute
const answerText = 'what only the answer says'

/** A requester's server: what it was told, and with which status it answers. */
async function receiver(t: TestContext) {
  const told: { headers: IncomingHttpHeaders; body: string }[] = []
  const answers = { status: 204 }
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => (body += text))
    request.on('end', () => {
      told.push({ headers: request.headers, body })
      response.writeHead(answers.status, { location: 'http://127.0.0.1/', 'x-more': answerText })
      response.end(answers.status === 204 ? undefined : answerText)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  return { told, answers, host, url: `http://${host}/told` }
}

type Receiver = Awaited<ReturnType<typeof receiver>>

/** A data debit that wants its requester told, and the context of a server that may ask there. */
async function asked(t: TestContext, engine: Engine) {
  const [scene, there] = [await debitScene(t, engine), await receiver(t)]
  const said = proposal({ requestClientCallbackUrl: there.url })
  debitIn(await scene.as('acme', 'POST', '/survey', said), 201)
  return { scene, there, context: allowing(scene, there) }
}

function allowing({ server }: DebitScene, { host }: Receiver): Context {
  const { context } = server
  return { ...context, config: { ...context.config, privateHosts: [host] } }
}

const enable = ({ as }: DebitScene, { host }: Receiver, more?: object) =>
  as('owner', 'POST', `/survey/enable?notify=${host}`, more)

/** Whether a notice is genuine, as a requester would check: by its headers, its body and the public key. */
async function isGenuine(
  { server }: DebitScene,
  { headers, body }: Receiver['told'][number],
): Promise<boolean> {
  const { text } = await ask(server.url, { method: 'GET', path: '/notice-key' })
  const x = Buffer.from(text.replace(/^whpk_/, ''), 'base64').toString('base64url')
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
  const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.')
  const [version, signature = ''] = String(headers['webhook-signature']).split(',')
  return version === 'v1a' && verify(null, Buffer.from(signed), key, Buffer.from(signature, 'base64'))
}

for (const engine of routeEngines)
  describe(`Notices on ${engine.name}`, () => {
    test('a requester is told of each decision once, signed, and nothing of the data or of what was taken away', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      const narrowing = { endpoints: { 'rumpel/locations': { fields: ['secret-field'] } } }
      debitIn(await enable(scene, there, { narrowing }))
      assert.deepEqual([await sendOnce(context), await sendOnce(context)], [1, 0])
      const [receipt] = (await scene.as('acme', 'GET', '/survey/receipts')).body
      const { domain } = (await context.database.one<{ domain: string }>(sql`select domain from domain`))[0]!
      const [first] = there.told
      assert.deepEqual(JSON.parse(first!.body), {
        type: 'data_debit.accepted',
        timestamp: iso(start),
        data: { pda: domain, dataDebitKey: 'survey', permission: 1, receiptId: receipt.receiptId },
      })
      assert.equal(first!.headers['webhook-timestamp'], String(start / 1000))
      assert.match(String(first!.headers['content-type']), /^application\/json/)
      assert.ok(await isGenuine(scene, first!))
      assert.ok(!(await isGenuine(scene, { ...first!, body: first!.body.replace('survey', 'others') })))

      scene.clock.now += 1000
      debitIn(await scene.as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      assert.equal(await sendOnce(context), 1, 'the host was named before')
      assert.equal(JSON.parse(there.told[1]!.body).type, 'data_debit.disabled')
      assert.notEqual(there.told[1]!.headers['webhook-id'], first!.headers['webhook-id'])
    })

    test('nobody is told before the owner has named the host, nor by a decision that fails', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      const { as } = scene
      assert.equal((await as('owner', 'GET', '/survey/enable')).status, 200)
      refusedWith(
        await as('owner', 'POST', '/survey/enable?notify=acme.example'),
        400,
        'invalid_query',
        /notify/,
      )
      refusedWith(await as('acme', 'POST', `/survey/enable?notify=${there.host}`), 403, 'forbidden')
      refusedWith(await as('owner', 'GET', `/survey/enable?notify=${there.host}`), 400, 'invalid_query')
      const failing = await as('owner', 'POST', `/survey/enable?notify=${there.host}`, { permission: 7 })
      refusedWith(failing, 400, 'data_debit_changed')
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      assert.equal(await sendOnce(context), 0)
      debitIn(
        await as('acme', 'POST', '/quiet', proposal({ bundle: { ...proposal().bundle, name: 'quiet' } })),
        201,
      )
      refusedWith(await as('owner', 'POST', `/quiet/reject?notify=${there.host}`), 400, 'invalid_query')
      assert.deepEqual(there.told, [])
    })

    test('what fails is tried again, more and more seldom, for about a day; then it is given up', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      there.answers.status = 500
      debitIn(await enable(scene, there))
      const times: number[] = []
      for (; scene.clock.now < start + 40 * hour; scene.clock.now += minute / 2)
        if ((await sendOnce(context)) > 0) times.push(scene.clock.now - start)
      assert.equal(there.told.length, 8)
      assert.equal(
        new Set(there.told.map(({ headers }) => headers['webhook-id'])).size,
        1,
        'always the same id',
      )
      const gaps = times.slice(1).map((time, index) => time - times[index]!)
      assert.deepEqual(
        gaps,
        gaps.toSorted((one, other) => one - other),
      )
      assert.ok(times.at(-1)! > 20 * hour && times.at(-1)! < 30 * hour, `${times.at(-1)! / hour} hours`)
      assert.ok(await isGenuine(scene, there.told.at(-1)!), 'signed anew, at its own time')
    })

    test('one that succeeds later is not sent again; a redirect is not followed; Gone is the last word', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      there.answers.status = 302
      debitIn(await enable(scene, there))
      await sendOnce(context)
      there.answers.status = 200
      scene.clock.now += minute
      assert.deepEqual([await sendOnce(context), there.told.length], [1, 2])
      there.answers.status = 410
      debitIn(await scene.as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      await sendOnce(context)
      scene.clock.now += 24 * hour
      assert.deepEqual([await sendOnce(context), there.told.length], [0, 3])
      const kept = JSON.stringify(await context.database.one(sql`select * from notice`))
      assert.doesNotMatch(kept, new RegExp(answerText), 'of an answer only its status is kept')
    })

    test('two processes do not send the same notice; one that died is made up for', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      debitIn(await enable(scene, there))
      const another = { ...context, database: await openDatabase(context.config, false) }
      t.after(() => another.database.close())
      const tried = await Promise.all([context, another, context, another].map(sendOnce))
      assert.deepEqual([tried.filter((sent) => sent > 0), there.told.length], [[1], 1])
      debitIn(await scene.as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      const account = { pda: 1, domain: 'it-dies.example' }
      const { now } = scene.clock
      assert.equal(
        (await takeNotices(context.database.of(account.pda), account.domain, now, now + minute, 10)).length,
        1,
      )
      assert.equal(await sendOnce(context), 0)
      scene.clock.now += minute
      assert.deepEqual([await sendOnce(context), there.told.length], [1, 2])
    })

    test('a deleted data debit tells nobody any more', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      debitIn(await enable(scene, there))
      assert.equal((await scene.as('owner', 'DELETE', '/survey')).status, 200)
      assert.deepEqual([await sendOnce(context), there.told], [0, []])
    })

    test('an address in a private network is not asked, unless the operator allows it', async (t) => {
      const { scene, there } = await asked(t, engine)
      debitIn(await enable(scene, there))
      assert.equal(await sendOnce(scene.server.context), 1)
      assert.deepEqual(there.told, [])
      const [{ status }] = (await scene.server.context.database.one(sql`select status from notice`)) as [
        { status: number },
      ]
      assert.equal(status, 0)
    })

    test('when the keys of the account are rotated, notices have a new one, too', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      const { text: before } = await ask(scene.server.url, { method: 'GET', path: '/notice-key' })
      assert.match(before, /^whpk_[A-Za-z0-9+/]{43}=$/)
      const key = await makeSigningKey()
      await context.database.of(1).write((unit) => rotateSigningKey(unit, key, start, start))
      await scene.renew()
      debitIn(await enable(scene, there))
      await sendOnce(context)
      assert.ok(await isGenuine(scene, there.told[0]!))
      assert.notEqual((await ask(scene.server.url, { method: 'GET', path: '/notice-key' })).text, before)
    })

    test('a server that runs sends a notice soon after the decision', async (t) => {
      const { scene, there, context } = await asked(t, engine)
      const app = await createApp(context)
      sendNotices(app, context)
      await app.ready()
      const answer = await app.inject({
        method: 'POST',
        url: `/api/v2.6/data-debit/survey/enable?notify=${there.host}`,
        headers: { 'x-auth-token': scene.tokens.owner },
      })
      assert.equal(answer.statusCode, 200, answer.body)
      for (const end = Date.now() + 60_000; there.told.length === 0 && Date.now() < end;)
        await new Promise((resolve) => setTimeout(resolve, 20))
      assert.equal(there.told.length, 1)
      await app.close()
    })
  })
