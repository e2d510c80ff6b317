import assert from 'node:assert/strict'
import { request } from 'node:http'
import { test } from 'node:test'
import { connect } from '@hatstand/sdk'
import { createApp } from '../src/app.ts'
import { openDatabase } from '../src/database/open.ts'
import { debitIn, debitScene, proposal, refusedWith } from './data-debits.ts'
import { engines, freePort, routeEngines } from './engines.ts'

test('two servers together let values be read no more often than the owner said', async (t) => {
  const scene = await debitScene(t, engines[1]!)
  const { as, server, tokens } = scene
  const { context } = server
  const port = await freePort()
  const database = await openDatabase(context.config, false)
  const app = await createApp({ ...context, database })
  const url = await app.listen({ port, host: '127.0.0.1' })
  t.after(async () => {
    await app.close()
    await database.close()
  })
  await server.owner.records.create('rumpel/locations', { latitude: 51 })
  debitIn(await as('acme', 'POST', '/survey', proposal({ readsPerPeriod: 7 })), 201)
  debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1 }))
  const [here, there] = [connect(server.url, tokens.acme), connect(url, tokens.acme)]
  const read = (pda: typeof here) =>
    pda.dataDebits.values('survey').then(
      ({ bundle }) => bundle['places']!.length,
      (error: { code: string }) => error.code,
    )
  const answers = await Promise.all(Array.from({ length: 24 }, (_, index) => read(index % 2 ? here : there)))
  assert.equal(answers.filter((answer) => answer === 1).length, 7)
  assert.equal(answers.filter((answer) => answer === 'data_debit_limit').length, 17)
  await connect(url, tokens.owner).dataDebits.disable('survey')
  assert.equal(await read(here), 'data_debit_inactive', 'what one server ends has ended at the other')
})

for (const engine of routeEngines)
  test(`an answer is cut when its data debit is disabled while it is sent, on ${engine.name}`, async (t) => {
    const { as, server, tokens } = await debitScene(t, engine)
    const text = 'x'.repeat(10_000)
    for (let from = 0; from < 3000; from += 500)
      await server.owner.records.createMany(
        'rumpel/locations',
        Array.from({ length: 500 }, (_, index) => ({ number: from + index, text })),
      )
    debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
    debitIn(await as('owner', 'POST', '/survey/enable'))
    const headers = { 'x-auth-token': tokens.acme }
    const sent = request(`${server.url}/api/v2.6/data-debit/survey/values`, { headers, agent: false })
    const outcome = await new Promise<{ bytes: number; whole: boolean }>((resolve, reject) => {
      sent.on('error', reject)
      sent.on('response', (answer) => {
        let bytes = 0
        const end = () => resolve({ bytes, whole: answer.complete })
        answer.on('error', () => undefined)
        answer.on('close', end)
        answer.once('data', () => {
          answer.pause()
          as('owner', 'POST', '/survey/disable?atPeriodEnd=false')
            .then(debitIn)
            .then(() => answer.resume(), reject)
        })
        answer.on('data', (part: Buffer) => (bytes += part.length))
      })
      sent.end()
    })
    assert.equal(outcome.whole, false)
    assert.ok(outcome.bytes < 25_000_000, `${outcome.bytes} bytes left`)
    refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
  })
