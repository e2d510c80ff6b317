import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { debitIn, debitScene, proposal, refusedWith } from '../../test/data-debits.ts'
import { definition } from '../../test/definitions.ts'
import { routeEngines } from '../../test/engines.ts'
import { refused } from '../../test/refused.ts'

const wanted = (fields: object = {}) => ({
  name: 'notes-places',
  bundle: { places: { endpoints: [{ endpoint: 'rumpel/locations', ...fields }] } },
})

for (const engine of routeEngines)
  describe(`Data that applications want, on ${engine.name}`, () => {
    test('setting an application up lets it have the data its definition names, and disabling ends that', async (t) => {
      const { as, server, tokens } = await debitScene(t, engine)
      const { applications, records } = server.owner
      await records.create('rumpel/locations', { latitude: 51 })
      const application = definition({ roles: [], dataRetrieved: wanted() })
      await applications.register(application)
      assert.equal((await applications.setUp('notes')).active, true)
      tokens.other = (await applications.accessToken('notes')).accessToken
      const debit = debitIn(await as('other', 'GET', '/app-notes'))
      const { permissionsActive, requestClientName, requestApplicationId } = debit
      assert.deepEqual([requestClientName, requestApplicationId], [application.info.name, 'notes'])
      assert.equal(permissionsActive!.purpose, application.info.dataUsePurpose)
      assert.deepEqual(permissionsActive!.bundle, wanted())
      assert.deepEqual(
        [permissionsActive!.period, permissionsActive!.cancelAtPeriodEnd],
        [2_592_000_000, false],
      )
      assert.equal((await as('other', 'GET', '/app-notes/values')).body.bundle.places.length, 1)
      refusedWith(await as('acme', 'GET', '/app-notes/values'), 403, 'forbidden')

      assert.equal((await applications.disable('notes')).active, false)
      assert.equal(debitIn(await as('owner', 'GET', '/app-notes')).active, false)
      await applications.setUp('notes')
      const again = debitIn(await as('owner', 'GET', '/app-notes'))
      assert.deepEqual([again.active, again.permissions.length], [true, 1])
    })

    test('an application is active while its data debit is in force, whoever ended that', async (t) => {
      const { as, server } = await debitScene(t, engine)
      const { applications } = server.owner
      await applications.register(definition({ roles: [], dataRetrieved: wanted() }))
      await applications.setUp('notes')
      debitIn(await as('owner', 'POST', '/app-notes/disable?atPeriodEnd=false'))
      const { setup, enabled, active } = await applications.get('notes')
      assert.deepEqual([setup, enabled, active], [true, true, false])
      debitIn(await as('owner', 'POST', '/app-notes/enable'))
      assert.equal((await applications.get('notes')).active, true)
    })

    test('another definition changes nothing of what was consented, until it is set up again', async (t) => {
      const { as, server } = await debitScene(t, engine)
      const { applications } = server.owner
      await applications.register(
        definition({ roles: [], dataRetrieved: wanted({ mapping: { latitude: 'latitude' } }) }),
      )
      await applications.setUp('notes')
      await applications.register(definition({ roles: [], dataRetrieved: wanted() }))
      const kept = await applications.get('notes')
      assert.deepEqual([kept.active, kept.needsUpdating], [true, true])
      const before = debitIn(await as('owner', 'GET', '/app-notes')).permissionsActive!
      assert.deepEqual(before.bundle, wanted({ mapping: { latitude: 'latitude' } }))
      const manager = server.as(
        await server.application('manager', { roles: [{ role: 'applicationmanage', detail: 'notes' }] }),
      )
      assert.equal(
        (await refused(manager.applications.setUp('notes'))).code,
        'forbidden',
        'only the owner consents',
      )
      assert.equal((await applications.setUp('notes')).needsUpdating, false)
      const after = debitIn(await as('owner', 'GET', '/app-notes'))
      assert.deepEqual(after.permissionsActive!.bundle, wanted())
      assert.deepEqual(
        after.permissions.map(({ accepted }) => accepted),
        [false, true],
      )
    })

    test('what the owner took away stays away when the application is set up again', async (t) => {
      const { as, server } = await debitScene(t, engine)
      const { applications } = server.owner
      await applications.register(definition({ roles: [], dataRetrieved: wanted() }))
      await applications.setUp('notes')
      const narrowing = { endpoints: { 'rumpel/locations': { fields: ['latitude'] } } }
      debitIn(await as('owner', 'POST', '/app-notes/enable', { narrowing }))
      await applications.disable('notes')
      await applications.setUp('notes')
      assert.deepEqual(
        debitIn(await as('owner', 'GET', '/app-notes')).permissionsActive!.narrowing,
        narrowing,
      )
      await applications.register(
        definition({ roles: [], dataRetrieved: { ...wanted(), name: 'another-name' } }),
      )
      assert.equal((await applications.get('notes')).active, false, 'another name is another consent')
      await applications.setUp('notes')
      assert.deepEqual(
        debitIn(await as('owner', 'GET', '/app-notes')).permissionsActive!.narrowing,
        narrowing,
      )
    })

    test('an application that is removed leaves nothing to another with its id', async (t) => {
      const { as, server, tokens } = await debitScene(t, engine)
      const { applications } = server.owner
      const roles = ['datadebit']
      await applications.register(definition({ roles, dataRetrieved: wanted() }))
      await applications.setUp('notes')
      tokens.other = (await applications.accessToken('notes')).accessToken
      debitIn(await as('other', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      await applications.remove('notes')
      assert.deepEqual((await as('owner', 'GET', '')).body, [])
      await applications.register(definition({ roles }))
      await applications.setUp('notes')
      tokens.other = (await applications.accessToken('notes')).accessToken
      for (const path of ['/survey', '/survey/values', '/app-notes', '/app-notes/values'])
        refusedWith(await as('other', 'GET', path), 403, 'forbidden')
    })

    test('a definition whose data cannot be is refused when it is registered', async (t) => {
      const { server } = await debitScene(t, engine)
      const dataRetrieved = { name: 'x', bundle: { p: { endpoints: [{ endpoint: 'no' }] } } }
      const error = await refused(server.owner.applications.register(definition({ dataRetrieved })))
      assert.equal(error.code, 'invalid_body')
      assert.match(
        error.message,
        /permissions\.dataRetrieved\.bundle must be a bundle: p\.endpoints\[0\]\.endpoint must be/,
      )
    })
  })
