import assert from 'node:assert/strict'
import { test } from 'node:test'
import { connect, exact, HatstandError } from '@hatstand/sdk'
import { engines, routeEngines } from './engines.ts'
import { ownerName, ownerPassword, startServer } from './harness.ts'

const nasty = '{ "z": 1.0, "1": 12345678901234567890, "a": -0, "a": 1E2, "__proto__": "\\u0000\\ud800" }'

for (const engine of routeEngines) {
  test(`data goes in and comes out byte for byte, by every method, on ${engine.name}`, async (t) => {
    const { owner: pda } = await startServer(t, engine)
    const saved = await pda.records.create('things/exact', exact(nasty))
    assert.equal(saved.text, nasty)
    assert.equal((await pda.records.get(saved.recordId)).text, nasty)
    assert.deepEqual(
      (await pda.records.list('things/exact')).map(({ text }) => text),
      [nasty],
    )
    const other = nasty.replace('1.0', '1.50')
    const { endpoint, recordId } = saved
    assert.equal((await pda.records.update({ endpoint, recordId, data: exact(other) })).text, other)
    const [main] = await pda.batch.create([
      { endpoint: 'things/a', data: exact(nasty), links: [{ endpoint: 'things/b', data: exact('[1.0]') }] },
    ])
    assert.deepEqual([main?.text, main?.links?.[0]?.text], [nasty, '[1.0]'])
  })

  test(`all records of an endpoint are read page by page, in any order, on ${engine.name}`, async (t) => {
    const { owner: pda } = await startServer(t, engine)
    const numbers = Array.from({ length: 25 }, (_, number) => ({ number, half: Math.floor(number / 2) }))
    await pda.records.createMany('things/numbers', numbers)
    const read = async (options: Parameters<typeof pda.records.listAll>[1]) => {
      const all = await Array.fromAsync(pda.records.listAll<{ number: number }>('things/numbers', options))
      return all.map(({ data }) => data.number)
    }
    const rising = numbers.map(({ number }) => number)
    assert.deepEqual(await read({ take: 7 }), rising.toReversed())
    assert.deepEqual(await read({ take: 7, ordering: 'ascending' }), rising)
    assert.deepEqual(await read({ take: 4, orderBy: 'number' }), rising)
    assert.deepEqual(
      await read({ take: 4, orderBy: 'number', ordering: 'descending', skip: 3 }),
      rising.toReversed().slice(3),
    )
    const byHalf = await read({ take: 3, orderBy: 'half' })
    assert.deepEqual(
      byHalf.map((number) => Math.floor(number / 2)),
      numbers.map(({ half }) => half),
    )
    assert.equal(new Set(byHalf).size, 25)
    const { records, after } = await pda.records.page('things/numbers', { take: 25 })
    assert.deepEqual([records.length, after], [25, undefined])
  })
}

test('duplicates are told by their places, or left out when asked for', async (t) => {
  const { owner: pda } = await startServer(t)
  const {
    records: [first],
  } = await pda.records.createMany('things/many', [{ a: 1 }, { a: 2 }])
  const again = [{ b: 1 }, { a: 1.0 }, { b: 1 }]
  const error = await pda.records.createMany('things/many', again).catch((reason: unknown) => reason)
  assert.ok(error instanceof HatstandError)
  assert.deepEqual([error.status, error.code], [400, 'duplicate_data'])
  assert.equal(error.message, 'Could not insert data - Duplicate data')
  assert.deepEqual(error.duplicates, [
    { index: 1, recordId: first?.recordId },
    { index: 2, of: 0 },
  ])
  const { records, skipped } = await pda.records.createMany('things/many', again, { skipErrors: true })
  assert.deepEqual([records.map(({ data }) => data), skipped], [[{ b: 1 }], [1, 2]])
})

test('records are linked, counted, deleted and erased', async (t) => {
  const { owner: pda } = await startServer(t)
  const { records } = await pda.records.createMany('things/linked', [1, 2])
  const [one = '', two = ''] = records.map(({ recordId }) => recordId)
  await pda.links.create([one, two])
  assert.deepEqual(
    (await pda.records.get(one, { links: true })).links?.map(({ recordId }) => recordId),
    [two],
  )
  assert.deepEqual(await pda.endpoints.list(), { things: ['linked'] })
  const { records: count, bytes } = (await pda.endpoints.counts())['things']!['linked']!
  assert.deepEqual([count, bytes], [2, 2])
  const { seq, writer, created } = await pda.records.get(two, { meta: true })
  assert.deepEqual([seq, writer], [2, 'owner'])
  assert.match(String(created), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  await pda.records.delete([one])
  await assert.rejects(pda.records.get(one), { status: 404, code: 'record_unknown' })
  assert.equal((await pda.records.erase([one, two])).records, 2)
  assert.deepEqual(await pda.records.list('things/linked'), [])
})

test('the owner signs in by name and password, and the connection goes on with the token', async (t) => {
  const { url } = await startServer(t)
  const pda = connect(`${url}/`)
  await assert.rejects(pda.endpoints.list(), { status: 401, code: 'not_authenticated' })
  await assert.rejects(pda.accessTokens.login(ownerName, 'wrong, 100 % & späť'), {
    code: 'credentials_wrong',
  })
  const { accessToken } = await pda.accessTokens.login(ownerName, ownerPassword)
  assert.equal(pda.token, accessToken)
  assert.deepEqual(await pda.accessTokens.validate(), { message: 'Authenticated' })
  assert.match(await pda.publicKey(), /^-----BEGIN PUBLIC KEY-----/)
})

test('a renewed access token is adopted, and said so once', async (t) => {
  const clock = { now: Date.now() }
  const { url, token } = await startServer(t, engines[0], { now: () => clock.now })
  const heard: string[] = []
  const pda = connect(url, token, { onToken: (renewed) => heard.push(renewed) })
  await pda.endpoints.list()
  assert.deepEqual(heard, [])
  clock.now += 61 * 60 * 1000
  await pda.endpoints.list()
  await pda.endpoints.list()
  assert.deepEqual(heard, [pda.token])
  assert.notEqual(pda.token, token)
})

test('an array is not saved as if it were one record', async (t) => {
  const { owner: pda } = await startServer(t)
  await assert.rejects(pda.records.create('things/a', [1, 2]), /use createMany/)
  assert.deepEqual(await pda.records.list('things/a'), [])
})
