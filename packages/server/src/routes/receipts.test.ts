import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { compactVerify, createLocalJWKSet, importSPKI } from 'jose'
import { ask } from '../../test/asking.ts'
import {
  day,
  debitIn,
  debitScene,
  type DebitScene,
  iso,
  proposal,
  refusedWith,
  start,
} from '../../test/data-debits.ts'
import { engines, freshFolder, routeEngines } from '../../test/engines.ts'
import { makeSigningKey } from '../auth/keys.ts'
import { openDatabase } from '../database/open.ts'
import { expiryEntry } from '../ledger/entries.ts'
import { rotateSigningKey } from '../store/access/signing-keys.ts'
import { appendExpiries } from '../store/consent/decisions.ts'

type Who = keyof DebitScene['tokens']

/** A receipt in a form. */
async function read(
  { server, tokens }: DebitScene,
  who: Who,
  id: string,
  accept = 'application/json',
  query = '',
) {
  const headers = { 'x-auth-token': tokens[who], accept }
  return ask(server.url, { method: 'GET', path: `/api/v2.6/consent-receipts/${id}${query}`, headers })
}

async function events({ as }: DebitScene, who: Who = 'owner', id = 'survey') {
  const { status, body, text } = await as(who, 'GET', `/${id}/receipts`)
  assert.equal(status, 200, text)
  return (body as { event: string; permission: number; at: string }[]).map((one) => [
    one.event,
    one.permission,
    one.at,
  ])
}

async function newest({ as }: DebitScene, id = 'survey'): Promise<string> {
  return (await as('owner', 'GET', `/${id}/receipts`)).body[0].receiptId
}

/** What a receipt says of the data. */
function consented(text: string) {
  const { pii_processing, data_debit, policy } = JSON.parse(text)
  return [pii_processing, data_debit.bundle, data_debit.extent, policy.permission[0].target]
}

const narrowing = {
  endpoints: {
    'rumpel/locations': {
      fields: ['latitude'],
      coarse: [{ field: 'latitude', to: 'decimals', decimals: 1 }],
    },
  },
}

for (const engine of routeEngines)
  describe(`Consent receipts on ${engine.name}`, () => {
    test('accepting, changing, disabling, declining and deleting each leave one receipt, newest first, for both sides', async (t) => {
      const scene = await debitScene(t, engine)
      const { as, clock } = scene
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      assert.deepEqual(await events(scene), [], 'asking is no consent')
      debitIn(await as('owner', 'POST', '/survey/enable'))
      const first = ['accepted', 1, iso(start)]
      assert.deepEqual(await events(scene), [first])
      clock.now += 1000
      const other = { ...proposal().bundle, name: 'survey-more' }
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: other })))
      assert.deepEqual(await events(scene), [first], 'the change is not accepted yet')
      debitIn(await as('owner', 'POST', '/survey/reject'))
      debitIn(await as('owner', 'POST', '/survey/reject'))
      const second = ['rejected', 2, iso(clock.now)]
      assert.deepEqual(await events(scene), [second, first], 'declined once, however often it is said')
      clock.now += 1000
      const third = { ...proposal().bundle, name: 'survey-most' }
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: third })))
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 3 }))
      const changed = ['changed', 3, iso(clock.now)]
      assert.deepEqual(await events(scene), [changed, second, first])
      const said = JSON.parse((await read(scene, 'acme', await newest(scene))).text)
      assert.match(said.record.replaces, /\/data-debit\/survey\/1$/)
      clock.now += 1000
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      const disabled = ['disabled', 3, iso(clock.now)]
      assert.deepEqual(await events(scene), [disabled, changed, second, first])
      assert.equal((await as('acme', 'DELETE', '/survey')).status, 200)
      assert.deepEqual(await events(scene), [disabled, changed, second, first], 'it had ended already')
      assert.deepEqual(
        await events(scene, 'acme'),
        await events(scene),
        'those of a deleted one stay, for both',
      )
      const page = await as('owner', 'GET', '/survey/receipts?take=3')
      assert.deepEqual([page.body.length, /after=2/.test(String(page.headers['link']))], [3, true])
      assert.equal((await as('owner', 'GET', '/survey/receipts?take=3&after=2')).body[0].event, 'accepted')
    })

    test('deleting what is in force ends the consent', async (t) => {
      const scene = await debitScene(t, engine)
      debitIn(await scene.as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await scene.as('owner', 'POST', '/survey/enable'))
      scene.clock.now += 1000
      assert.equal((await scene.as('owner', 'DELETE', '/survey')).status, 200)
      assert.deepEqual((await events(scene))[0], ['disabled', 1, iso(start + 1000)])
    })

    test('a consent that ends by itself has its receipt once, whoever notices first', async (t) => {
      const scene = await debitScene(t, engine)
      const { as, clock, server } = scene
      const { database } = server.context
      debitIn(await as('acme', 'POST', '/survey', proposal({ cancelAtPeriodEnd: true })), 201)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      clock.now = start + 30 * day - 1
      await appendExpiries(database.of(1), clock.now)
      await scene.renew()
      assert.equal((await events(scene)).length, 1, 'it holds for another millisecond')
      clock.now = start + 31 * day
      const note = expiryEntry(server.context)
      const another = await openDatabase(server.context.config, false)
      t.after(() => another.close())
      await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          appendExpiries(index % 2 === 0 ? database.of(1) : another.of(1), clock.now, note),
        ),
      )
      await scene.renew()
      const entries = await server.as(scene.tokens.owner).ledger.list({ action: 'expire' })
      assert.deepEqual(
        entries.map(({ dataDebit, permission }) => [dataDebit, permission]),
        [['survey', '1']],
      )
      const expired = ['expired', 1, iso(start + 30 * day)]
      const accepted = ['accepted', 1, iso(start)]
      assert.deepEqual(await events(scene), [expired, accepted])
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      assert.deepEqual(await events(scene), [expired, accepted], 'what has ended cannot be withdrawn')
      const receipt = JSON.parse((await read(scene, 'owner', await newest(scene))).text)
      assert.equal(receipt.event_history.at(-1).event_state, 'ConsentExpired')
    })

    test('disabled at the end of the period: a receipt of the decision, and one of the end', async (t) => {
      const scene = await debitScene(t, engine)
      const { as, clock } = scene
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      clock.now += day
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=true'))
      clock.now = start + 40 * day
      await scene.renew()
      assert.deepEqual(await events(scene), [
        ['expired', 1, iso(start + 30 * day)],
        ['disabled', 1, iso(start + day)],
        ['accepted', 1, iso(start)],
      ])
    })

    test('accepting anew what had ended tells of the end first', async (t) => {
      const scene = await debitScene(t, engine)
      const { as, clock } = scene
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'POST', '/survey/enable', { until: iso(start + day) }))
      clock.now = start + 2 * day
      await scene.renew()
      debitIn(await as('owner', 'POST', '/survey/enable', { until: iso(start + 9 * day) }))
      assert.deepEqual(await events(scene), [
        ['accepted', 1, iso(start + 2 * day)],
        ['expired', 1, iso(start + day)],
        ['accepted', 1, iso(start)],
      ])
    })

    test("the requester's copy is the same whatever the owner took away; only the owner reads the other", async (t) => {
      const scene = await debitScene(t, engine)
      const { as } = scene
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'POST', '/survey/enable', {}))
      const whole = await newest(scene)
      debitIn(await as('owner', 'POST', '/survey/enable', { narrowing }))
      const less = await newest(scene)
      const [one, other] = await Promise.all([whole, less].map((id) => read(scene, 'acme', id)))
      assert.deepEqual(consented(other!.text), consented(one!.text))
      assert.doesNotMatch(other!.text, /narrowing|coarse|decimals/)
      assert.deepEqual(JSON.parse((await read(scene, 'owner', less)).text).data_debit.narrowing, narrowing)
      const shown = await read(scene, 'owner', less, 'application/json', '?copy=requester')
      assert.equal(shown.text, other!.text, 'the owner sees what the requester has')
      const asked = await read(scene, 'acme', less, 'application/json', '?copy=owner')
      assert.deepEqual([asked.status, JSON.parse(asked.text).code], [403, 'forbidden'])
    })

    test('nobody else reads receipts, or learns whether there is one', async (t) => {
      const scene = await debitScene(t, engine)
      debitIn(await scene.as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await scene.as('owner', 'POST', '/survey/enable'))
      const id = await newest(scene)
      const unknown = '019a9f3e-5b2c-7c4a-9a3e-2f1d6c5b4a39'
      for (const who of ['other', 'reader'] as const) {
        refusedWith(await scene.as(who, 'GET', '/survey/receipts'), 403, 'forbidden')
        refusedWith(await scene.as(who, 'GET', '/nothing/receipts'), 403, 'forbidden')
        const [there, missing] = [await read(scene, who, id), await read(scene, who, unknown)]
        assert.deepEqual([there.status, missing.status], [403, 403])
        assert.equal(JSON.parse(there.text).cause, JSON.parse(missing.text).cause)
      }
      assert.equal(JSON.parse((await read(scene, 'owner', unknown)).text).code, 'receipt_unknown')
      refusedWith(await scene.as('owner', 'GET', '/nothing/receipts'), 404, 'data_debit_unknown')
    })

    test('a receipt is verified offline with the public key, by jose and by openssl, also after the key was replaced', async (t) => {
      const scene = await debitScene(t, engine)
      const { server, clock } = scene
      debitIn(await scene.as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await scene.as('owner', 'POST', '/survey/enable'))
      const id = await newest(scene)
      const { text: jws, headers } = await read(scene, 'acme', id, 'application/jose')
      assert.equal(headers['content-type'], 'application/jose')
      const keys = (await ask(server.url, { method: 'GET', path: '/.well-known/jwks.json' })).text
      const { payload, protectedHeader } = await compactVerify(jws, createLocalJWKSet(JSON.parse(keys)))
      const { kid, typ } = protectedHeader
      assert.equal(typ, 'consent-receipt+jws')
      assert.equal(Buffer.from(payload).toString(), (await read(scene, 'acme', id)).text)

      const key = await makeSigningKey()
      await server.context.database.of(1).write((unit) => rotateSigningKey(unit, key, clock.now, clock.now))
      const pem = await ask(server.url, { method: 'GET', path: `/publickey/${kid}` })
      assert.equal(pem.status, 200)
      await compactVerify(jws, await importSPKI(pem.text, 'RS256'))
      const folder = freshFolder()
      const [header, body, signature] = jws.split('.') as [string, string, string]
      writeFileSync(join(folder, 'signed'), `${header}.${body}`)
      writeFileSync(join(folder, 'signature'), Buffer.from(signature, 'base64url'))
      writeFileSync(join(folder, 'key.pem'), pem.text)
      const openssl = (signed: string) =>
        execFileSync(
          'openssl',
          ['dgst', '-sha256', '-verify', 'key.pem', '-signature', 'signature', signed],
          { cwd: folder },
        )
      assert.match(String(openssl('signed')), /Verified OK/)
      writeFileSync(join(folder, 'other'), `${header}.${body.slice(0, -4)}AAAA`)
      assert.throws(() => openssl('other'))
      const missing = await ask(server.url, { method: 'GET', path: '/publickey/nobodys' })
      assert.equal(JSON.parse(missing.text).code, 'key_unknown')
    })

    test('the policy is answered as JSON-LD, and is the one that was signed', async (t) => {
      const scene = await debitScene(t, engine)
      debitIn(await scene.as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await scene.as('owner', 'POST', '/survey/enable'))
      const id = await newest(scene)
      const { text, headers } = await read(scene, 'acme', id, 'text/html, application/ld+json;q=0.9')
      assert.match(String(headers['content-type']), /^application\/ld\+json/)
      assert.deepEqual(JSON.parse(text), JSON.parse((await read(scene, 'acme', id)).text).policy)
    })

    test('what cannot be an id is refused or unknown, on every engine', async (t) => {
      const scene = await debitScene(t, engine)
      const { text } = await read(scene, 'owner', 'no-uuid')
      assert.equal(JSON.parse(text).code, 'invalid_query')
      for (const id of ['%00', 'a%00b', 'nothing']) {
        const answer = await scene.as('owner', 'GET', `/${id}/receipts`)
        assert.ok(answer.status === 404 || answer.status === 400, `${id}: ${answer.text}`)
        const key = await ask(scene.server.url, { method: 'GET', path: `/publickey/${id}` })
        assert.ok(key.status === 404 || key.status === 400, `${id}: ${key.text}`)
      }
      refusedWith(await scene.as('owner', 'GET', '/survey/receipts?after=x'), 400, 'invalid_query', /after/)
      refusedWith(await scene.as('owner', 'GET', '/survey/receipts?newest=1'), 400, 'invalid_query')
    })

    test('a receipt is no access token', async (t) => {
      const scene = await debitScene(t, engine)
      debitIn(await scene.as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await scene.as('owner', 'POST', '/survey/enable'))
      scene.tokens.other = (await read(scene, 'owner', await newest(scene), 'application/jwt')).text
      refusedWith(await scene.as('other', 'GET', ''), 401, 'not_authenticated')
    })
  })

test('the SDK reads receipts and their keys, and names the host that is told', async (t) => {
  const { server, tokens } = await debitScene(t, engines[0]!)
  const [owner, acme] = [server.owner, server.as(tokens.acme)]
  await acme.dataDebits.propose('survey', proposal({ requestClientCallbackUrl: 'https://acme.example/told' }))
  await owner.dataDebits.enable('survey', {}, { notify: 'acme.example' })
  await owner.dataDebits.disable('survey', { notify: 'acme.example' })
  const [disabled, accepted] = await acme.receipts.list('survey')
  assert.deepEqual([disabled?.event, accepted?.event], ['disabled', 'accepted'])
  const { receiptId, keyId } = accepted!
  assert.equal((await acme.receipts.get(receiptId))['copy'], 'requester')
  assert.equal((await owner.receipts.get(receiptId, { copy: 'requester' }))['copy'], 'requester')
  assert.equal((await owner.receipts.policy(receiptId))['@type'], 'Agreement')
  const key = await importSPKI(await acme.receipts.key(keyId), 'RS256')
  await compactVerify(await acme.receipts.signed(receiptId), key)
  assert.match(await acme.receipts.noticeKey(), /^whpk_/)
})
