import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { day, debitIn, debitScene, iso, refusedWith, start } from '../../../test/data-debits.ts'
import { routeEngines } from '../../../test/engines.ts'

const bundle = (name: string) => ({
  name,
  bundle: { places: { endpoints: [{ endpoint: 'rumpel/locations' }] } },
})
const contract = (name: string, said: object = {}) => ({
  bundle: bundle(name),
  startDate: iso(start),
  endDate: iso(start + 10 * day),
  rolling: false,
  ...said,
})
const old = '/api/v2.0'

for (const engine of routeEngines)
  describe(`Data debits in the form of version 2.0, on ${engine.name}`, () => {
    test('a data debit is proposed, read, accepted, read from and disabled in the old form', async (t) => {
      const { as, server, clock } = await debitScene(t, engine)
      await server.owner.records.create('rumpel/locations', { latitude: 51 })
      const proposed = await as('acme', 'POST', '/survey', contract('one'), old)
      assert.equal(proposed.status, 201, proposed.text)
      const { client, ...rest } = proposed.body
      const permission = {
        dateCreated: '2027-01-01T00:00:00+0000',
        startDate: '2027-01-01T00:00:00+0000',
        endDate: '2027-01-11T00:00:00+0000',
        rolling: false,
        enabled: false,
        bundle: bundle('one'),
      }
      assert.deepEqual(rest, {
        dataDebitKey: 'survey',
        dateCreated: '2027-01-01T00:00:00+0000',
        bundles: [permission],
      })
      assert.equal(client.userId, 'acme')
      assert.ok(!('pass' in client))
      for (const prefix of [old, '/api/v2'])
        assert.deepEqual((await as('owner', 'GET', '', undefined, prefix)).body, [proposed.body])
      refusedWith(await as('acme', 'GET', '/survey/values', undefined, old), 400, 'data_debit_inactive')

      const enabled = await as('owner', 'GET', '/survey/enable/one', undefined, old)
      assert.deepEqual(enabled.body.bundles, [{ ...permission, enabled: true }])
      const values = await as('acme', 'GET', '/survey/values', undefined, old)
      assert.deepEqual([values.status, values.body.bundle.places.length], [200, 1])
      clock.now += 10 * day
      refusedWith(await as('acme', 'GET', '/survey/values', undefined, old), 400, 'data_debit_inactive')
    })

    test('one that rolls goes on behind its end, until it is disabled', async (t) => {
      const { as, clock } = await debitScene(t, engine)
      assert.equal((await as('acme', 'POST', '/survey', contract('one', { rolling: true }), old)).status, 201)
      assert.equal((await as('owner', 'GET', '/survey/enable', undefined, old)).status, 200)
      clock.now += 20 * day
      assert.equal((await as('acme', 'GET', '/survey/values', undefined, old)).status, 200)
      const disabled = await as('owner', 'GET', '/survey/disable', undefined, old)
      assert.equal(disabled.body.bundles[0].enabled, false)
      refusedWith(await as('acme', 'GET', '/survey/values', undefined, old), 400, 'data_debit_inactive')
    })

    test('of several bundles only the one that is named, and was proposed last, is accepted', async (t) => {
      const { as } = await debitScene(t, engine)
      assert.equal((await as('acme', 'POST', '/survey', contract('one'), old)).status, 201)
      refusedWith(await as('other', 'POST', '/more', contract('one'), old), 400, 'bundle_exists')
      const changed = await as(
        'acme',
        'PUT',
        '/survey',
        contract('two', { conditions: bundle('three') }),
        old,
      )
      assert.equal(changed.status, 200, changed.text)
      assert.deepEqual(changed.body.bundles[1].conditions, bundle('three'))
      refusedWith(await as('owner', 'GET', '/survey/enable/one', undefined, old), 400, 'data_debit_changed')
      const enabled = await as('owner', 'GET', '/survey/enable/two', undefined, old)
      assert.deepEqual(
        enabled.body.bundles.map((one: { enabled: boolean }) => one.enabled),
        [false, true],
      )
    })

    test('both forms are of the same data debits', async (t) => {
      const { as } = await debitScene(t, engine)
      assert.equal((await as('acme', 'POST', '/survey', contract('one'), old)).status, 201)
      const debit = debitIn(await as('owner', 'GET', '/survey'))
      assert.deepEqual(
        [debit.requestClientName, debit.start, debit.end, debit.permissionsLatest!.period],
        ['Data Exchange', iso(start), iso(start + 10 * day), 10 * day],
      )
      assert.equal(debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1 })).active, true)
    })

    test('an end before the start is refused', async (t) => {
      const { as } = await debitScene(t, engine)
      const backwards = contract('one', { endDate: iso(start) })
      refusedWith(
        await as('acme', 'POST', '/survey', backwards, old),
        400,
        'data_debit_malformed',
        /endDate must be later/,
      )
      refusedWith(
        await as('acme', 'POST', '/survey', contract('one', { rolling: 1 }), old),
        400,
        'invalid_body',
        /rolling/,
      )
    })
  })
