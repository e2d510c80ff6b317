import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import {
  day,
  debitIn,
  debitScene,
  type DebitScene,
  iso,
  proposal,
  refusedWith,
  start,
} from '../../../test/data-debits.ts'
import { type Engine, routeEngines } from '../../../test/engines.ts'

const place = (number: number) => ({
  name: `place ${number}`,
  latitude: 51.5 + number / 1000,
  secret: number * 7,
  at: `2026-12-${String((number % 28) + 1).padStart(2, '0')}T08:15:00Z`,
})

/** A scene with records, and a data debit that the owner has accepted. */
async function accepted(
  t: Parameters<typeof debitScene>[0],
  engine: Engine,
  said: Parameters<typeof proposal>[0] = {},
  acceptance: object = {},
  count = 3,
): Promise<DebitScene> {
  const scene = await debitScene(t, engine)
  const { as, server } = scene
  const records = Array.from({ length: count }, (_, index) => place(index))
  if (count > 0) await server.owner.records.createMany('rumpel/locations', records)
  debitIn(await as('acme', 'POST', '/survey', proposal(said)), 201)
  debitIn(await as('owner', 'POST', '/survey/enable', acceptance))
  return scene
}

const names = (records: { data: { name: string } }[]) => records.map(({ data }) => data.name)

const bundleOf = (property: object, name = 'survey-places') => ({ name, bundle: { places: property } })
const mapped = (mapping: object, more: object = {}) =>
  bundleOf({ endpoints: [{ endpoint: 'rumpel/locations', mapping }], ...more })

for (const engine of routeEngines)
  describe(`Values of data debits on ${engine.name}`, () => {
    test('values are the records of the bundle, for who proposed it and the owner', async (t) => {
      const { as } = await accepted(t, engine, { bundle: mapped({ name: 'name' }, { orderBy: 'name' }) })
      for (const who of ['acme', 'owner'] as const) {
        const { status, body } = await as(who, 'GET', '/survey/values')
        assert.equal(status, 200)
        assert.deepEqual(Object.keys(body), ['bundle'])
        assert.deepEqual(names(body.bundle.places), ['place 0', 'place 1', 'place 2'])
        const [first] = body.bundle.places
        assert.deepEqual(Object.keys(first), ['endpoint', 'recordId', 'data'])
        assert.deepEqual(first.data, { name: 'place 0' })
      }
      refusedWith(await as('other', 'GET', '/survey/values'), 403, 'forbidden')
      refusedWith(await as('reader', 'GET', '/survey/values'), 403, 'forbidden')
    })

    test('values of what is not in force are refused, of what is not there unknown', async (t) => {
      const { as, clock, renew } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal({ start: iso(start + day) })), 201)
      const refused = async () => {
        for (const who of ['acme', 'owner'] as const) {
          const answer = await as(who, 'GET', '/survey/values')
          refusedWith(answer, 400, 'data_debit_inactive', /^Data Debit survey not enabled$/)
          assert.equal(answer.body.message, 'Bad Request')
        }
      }
      await refused()
      debitIn(await as('owner', 'POST', '/survey/enable'))
      await refused()
      clock.now += day
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
      clock.now += 1
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=true'))
      clock.now += 30 * day - 2
      await renew()
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
      clock.now += 1
      await refused()
      refusedWith(
        await as('owner', 'GET', '/nothing/values'),
        404,
        'data_debit_unknown',
        /^Data Debit nothing not found$/,
      )
    })

    test('without its conditions nothing leaves but which of them is met', async (t) => {
      const conditions = {
        name: 'survey-conditions',
        bundle: {
          home: { endpoints: [{ endpoint: 'rumpel/homes' }] },
          walks: { endpoints: [{ endpoint: 'rumpel/locations' }] },
        },
      }
      const { as, server } = await accepted(t, engine, { conditions, once: true })
      const unmet = await as('acme', 'GET', '/survey/values')
      assert.deepEqual(unmet.body, { conditions: { home: false, walks: true }, bundle: {} })
      await server.owner.records.create('rumpel/homes', { street: 'here' })
      const { body } = await as('acme', 'GET', '/survey/values')
      assert.deepEqual(body.conditions, { home: true, walks: true })
      assert.equal(body.bundle.places.length, 3)
      refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
    })

    test('values are read as often as a period allows, however many ask at once; the owner reads uncounted', async (t) => {
      const { as, clock, renew } = await accepted(t, engine, { readsPerPeriod: 3 })
      await as('owner', 'GET', '/survey/values')
      const answers = await Promise.all(Array.from({ length: 8 }, () => as('acme', 'GET', '/survey/values')))
      assert.equal(answers.filter(({ status }) => status === 200).length, 3)
      const refused = answers.find(({ status }) => status !== 200)!
      refusedWith(refused, 429, 'data_debit_limit')
      assert.equal(refused.headers['retry-after'], String((30 * day) / 1000))
      clock.now += 30 * day
      await renew()
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
    })

    test('what may be read once has ended with that, and is read once more when the owner says so', async (t) => {
      const { as } = await accepted(t, engine, {}, { once: true })
      const answers = await Promise.all(Array.from({ length: 5 }, () => as('acme', 'GET', '/survey/values')))
      assert.equal(answers.filter(({ status }) => status === 200).length, 1)
      assert.equal(answers.filter(({ status }) => status === 400).length, 4)
      assert.equal(debitIn(await as('acme', 'GET', '/survey')).active, false)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
      refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
    })

    test('long values come page by page, each record once, across properties; a page is no read of its own', async (t) => {
      const endpoints = [{ endpoint: 'rumpel/locations' }]
      const bundle = {
        name: 'two',
        bundle: {
          some: { endpoints, limit: 4 },
          none: { endpoints: [{ endpoint: 'rumpel/none' }] },
          all: { endpoints, orderBy: 'name' },
        },
      }
      const { as } = await accepted(t, engine, { bundle, readsPerPeriod: 1, once: true }, {}, 9)
      const found: Record<string, string[]> = {}
      let path = '/survey/values?take=2'
      let pages = 0
      for (; path !== ''; pages += 1) {
        const { status, body, headers, text } = await as('acme', 'GET', path)
        assert.equal(status, 200, text)
        for (const [name, records] of Object.entries<{ data: { name: string } }[]>(body.bundle))
          found[name] = [...(found[name] ?? []), ...names(records)]
        path = /<\/api\/v2\.6\/data-debit([^>]*)>/.exec(String(headers['link'] ?? ''))?.[1] ?? ''
      }
      assert.deepEqual(found['some'], ['place 8', 'place 7', 'place 6', 'place 5'])
      assert.deepEqual(
        found['all'],
        Array.from({ length: 9 }, (_, index) => `place ${index}`),
      )
      assert.ok(pages >= 7)
      refusedWith(await as('acme', 'GET', '/survey/values?take=2'), 400, 'data_debit_inactive')
    })

    test('a read goes on for an hour, while its permission holds, and only for its data debit', async (t) => {
      const { as, clock } = await accepted(t, engine)
      const next = async () => {
        const { headers } = await as('acme', 'GET', '/survey/values?take=1')
        return /\/data-debit([^>]*)>/.exec(String(headers['link']))![1]!
      }
      const path = await next()
      assert.equal((await as('acme', 'GET', path)).status, 200)
      refusedWith(await as('acme', 'GET', path.replace(/after=..../, 'after=AAAA')), 400, 'invalid_query')
      debitIn(
        await as(
          'other',
          'POST',
          '/more',
          proposal({ bundle: bundleOf({ endpoints: [{ endpoint: 'rumpel/secrets' }] }, 'more') }),
        ),
        201,
      )
      debitIn(await as('owner', 'POST', '/more/enable'))
      refusedWith(await as('other', 'GET', path.replace('survey', 'more')), 400, 'invalid_query')
      clock.now += 3_600_001
      refusedWith(await as('acme', 'GET', path), 400, 'invalid_query')
      const again = await next()
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      refusedWith(await as('acme', 'GET', again), 400, 'data_debit_inactive')
      debitIn(await as('owner', 'POST', '/survey/enable'))
      refusedWith(await as('acme', 'GET', again), 400, 'data_debit_inactive')
    })

    test('thousands of records stream in one answer', async (t) => {
      const { as, server } = await accepted(t, engine, {}, {}, 0)
      for (let from = 0; from < 5000; from += 1000)
        await server.owner.records.createMany(
          'rumpel/locations',
          Array.from({ length: 1000 }, (_, index) => place(from + index)),
        )
      const { status, body, headers } = await as('acme', 'GET', '/survey/values')
      assert.deepEqual([status, body.bundle.places.length, headers['link']], [200, 5000, undefined])
    })

    test('what the owner took away does not leave, and does not show', async (t) => {
      const narrowing = {
        endpoints: {
          'rumpel/locations': {
            fields: ['latitude', 'at'],
            coarse: [
              { field: 'latitude', to: 'decimals', decimals: 1 },
              { field: 'at', to: 'month' },
            ],
          },
        },
      }
      const { as } = await accepted(t, engine, {}, { narrowing })
      const { body, text } = await as('acme', 'GET', '/survey/values')
      assert.deepEqual(
        body.bundle.places.map(({ data }: { data: object }) => data),
        [
          { latitude: 51.5, at: '2026-12' },
          { latitude: 51.5, at: '2026-12' },
          { latitude: 51.5, at: '2026-12' },
        ],
      )
      assert.doesNotMatch(text, /secret|name/)
      const owners = debitIn(await as('owner', 'GET', '/survey')).permissionsActive!
      assert.deepEqual(owners.narrowing, narrowing)
      const seen = await as('acme', 'GET', '/survey')
      assert.doesNotMatch(seen.text, /narrowing|coarse|decimals/)
      assert.deepEqual(seen.body.permissionsActive.bundle, proposal().bundle)
    })

    test('where times are withheld, neither ids nor the order of records tell them', async (t) => {
      const coarse = [{ field: 'at', to: 'month' }]
      const narrowing = { endpoints: { 'rumpel/locations': { coarse } } }
      const { as, server } = await accepted(t, engine, {}, { narrowing }, 40)
      const kept = await server.owner.records.list('rumpel/locations')
      const { body } = await as('acme', 'GET', '/survey/values')
      const { places } = body.bundle
      const ids = places.map(({ recordId }: { recordId: string }) => recordId)
      assert.equal(new Set(ids).size, 40)
      assert.ok(kept.every(({ recordId }) => !ids.includes(recordId)))
      assert.ok(
        ids.every((id: string) => id[14] === '8'),
        'no UUIDs that begin with a time',
      )
      assert.deepEqual(ids, ids.toSorted())
      assert.notDeepEqual(
        names(places),
        kept.map(({ data }) => (data as { name: string }).name),
      )
      const again = await as('acme', 'GET', '/survey/values?take=1')
      assert.deepEqual(again.body.bundle.places, places, 'the same ids, and no smaller pages')
      assert.deepEqual((await as('owner', 'GET', '/survey/values')).body, body)
    })

    test('an owner sees exactly what would leave, before accepting it', async (t) => {
      const { as, server } = await debitScene(t, engine)
      await server.owner.records.createMany('rumpel/locations', [0, 1, 2, 3].map(place))
      const bundle = {
        name: 'two',
        bundle: {
          places: { endpoints: [{ endpoint: 'rumpel/locations' }] },
          two: { endpoints: [{ endpoint: 'rumpel/locations' }], limit: 2 },
        },
      }
      debitIn(await as('acme', 'POST', '/survey', proposal({ bundle })), 201)
      const narrowing = {
        properties: { two: { leaveOut: true } },
        endpoints: { 'rumpel/locations': { fields: ['latitude'] } },
      }
      const whole = await as('owner', 'POST', '/survey/preview?take=2')
      assert.deepEqual(whole.body.counts, { places: 4, two: 2 })
      assert.deepEqual(names(whole.body.bundle.places), ['place 3', 'place 2'])
      const less = await as('owner', 'POST', '/survey/preview', { permission: 1, narrowing })
      assert.equal(less.status, 200, less.text)
      assert.deepEqual(less.body.counts, { places: 4, two: 0 })
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1, narrowing }))
      const values = await as('acme', 'GET', '/survey/values')
      assert.deepEqual(values.body.bundle, less.body.bundle)
      assert.deepEqual(
        (await as('owner', 'POST', '/survey/preview')).body.bundle,
        less.body.bundle,
        'as it is in force',
      )
      refusedWith(await as('acme', 'POST', '/survey/preview'), 403, 'forbidden')
      refusedWith(
        await as('owner', 'POST', '/survey/preview', {
          narrowing: { endpoints: { 'rumpel/locations': { fields: [] } } },
        }),
        400,
        'data_debit_malformed',
        /narrowing\.endpoints\.rumpel\/locations\.fields/,
      )
      refusedWith(
        await as('owner', 'POST', '/survey/preview', { permission: 2 }),
        400,
        'data_debit_malformed',
      )
    })

    test('what an owner accepts gives less than was asked for, never more', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal({ readsPerPeriod: 5, once: true })), 201)
      const cases: [object, RegExp][] = [
        [{ readsPerPeriod: 6 }, /readsPerPeriod must not be more than 5/],
        [{ once: false }, /once must not be false/],
        [{ until: iso(start) }, /until must be in the future/],
        [{ until: 'soon' }, /until must be a date/],
        [{ narrowing: { properties: { places: { limit: 0 } } } }, /narrowing\.properties\.places\.limit/],
        [{ narrowing: { properties: { others: {} } } }, /narrowing\.properties\.others must be a property/],
        [{ narrowing: { extra: {} } }, /narrowing\.extra must be one of/],
      ]
      for (const [acceptance, cause] of cases)
        refusedWith(
          await as('owner', 'POST', '/survey/enable', acceptance),
          400,
          'data_debit_malformed',
          cause,
        )
      refusedWith(await as('owner', 'POST', '/survey/enable', { extra: 1 }), 400, 'invalid_body')
      const until = iso(start + day)
      const debit = debitIn(await as('owner', 'POST', '/survey/enable', { until, readsPerPeriod: 2 }))
      assert.deepEqual([debit.end, debit.permissionsActive!.readsPerPeriod], [until, 2])
    })
  })
