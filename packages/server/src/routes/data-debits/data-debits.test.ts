import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { day, debitIn, debitScene, iso, proposal, refusedWith, start } from '../../../test/data-debits.ts'
import { routeEngines } from '../../../test/engines.ts'

const created = '2027-01-01T00:00:00+0000'
const bundle = {
  name: 'survey-places',
  bundle: { places: { endpoints: [{ endpoint: 'rumpel/locations' }] } },
}

for (const engine of routeEngines)
  describe(`Data debits on ${engine.name}`, () => {
    test('a data debit is proposed, and answered in the form clients know, with nothing in force', async (t) => {
      const { as } = await debitScene(t, engine)
      const permission = {
        permission: 1,
        dateCreated: created,
        purpose: 'To plan bus routes',
        start: iso(start),
        period: 30 * day,
        cancelAtPeriodEnd: false,
        termsUrl: 'https://acme.example/terms',
        bundle,
        accepted: false,
        active: false,
        end: null,
      }
      const debit = {
        dataDebitKey: 'survey',
        dateCreated: created,
        permissions: [permission],
        requestClientName: 'Acme',
        requestClientUrl: 'https://acme.example',
        requestClientLogoUrl: 'https://acme.example/logo.png',
        active: false,
        accepted: false,
        start: iso(start),
        end: null,
        permissionsActive: null,
        permissionsLatest: permission,
      }
      assert.deepEqual(debitIn(await as('acme', 'POST', '/survey', proposal()), 201), debit)
      assert.deepEqual((await as('acme', 'GET', '/survey')).body, debit)
      assert.deepEqual((await as('owner', 'GET', '/survey')).body, debit)
      assert.deepEqual((await as('owner', 'GET', '')).body, [debit])
      assert.deepEqual((await as('acme', 'GET', '')).body, [debit])
      assert.deepEqual((await as('other', 'GET', '')).body, [])
    })

    test('what is optional is there when it was given, and bundles come back to the letter', async (t) => {
      const { as } = await debitScene(t, engine)
      const exact = `{"p":{"endpoints":[{"endpoint":"rumpel/locations","filters":[{"field":"a","operator":{"operator":"between","lower":1.0,"upper":12345678901234567890}}]}],"more":"\\u00e9"}}`
      const said = proposal({
        period: 'PT2592000S',
        start: '2027-01-01T01:00:00+01:00',
        requestClientCallbackUrl: 'https://acme.example/told',
        requestApplicationId: 'acme',
        requestDescription: 'Where buses are missing',
        readsPerPeriod: 5,
        once: true,
        conditions: { name: 'survey-conditions', bundle: {} },
      })
      const text = JSON.stringify(said)
        .replace(
          /"bundle":\{"name":"survey-places","bundle":\{.*?\}\]\}\}\}/,
          `"bundle":{"name":"survey-places","bundle":${exact}}`,
        )
        .replace('"survey-conditions","bundle":{}', `"survey-conditions","bundle":${exact}`)
      const answered = await as('acme', 'POST', '/survey', text)
      const debit = debitIn(answered, 201)
      assert.ok(answered.text.includes(`"bundle":{"name":"survey-places","bundle":${exact}}`))
      assert.ok(answered.text.includes(`"conditions":{"name":"survey-conditions","bundle":${exact}}`))
      const { requestClientCallbackUrl, requestApplicationId, requestDescription, permissionsLatest } = debit
      assert.deepEqual(
        [requestClientCallbackUrl, requestApplicationId, requestDescription],
        ['https://acme.example/told', 'acme', 'Where buses are missing'],
      )
      const { period, readsPerPeriod, once } = permissionsLatest!
      assert.deepEqual([debit.start, period, readsPerPeriod, once], [iso(start), 30 * day, 5, true])
    })

    test('an id counts once, a name of a bundle once in the account', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      refusedWith(
        await as('other', 'POST', '/survey', proposal({ bundle: { ...bundle, name: 'another' } })),
        400,
        'data_debit_exists',
        /^Data Debit request malformed: Data Debit with such ID already exists$/,
      )
      const again = await as('other', 'POST', '/another', proposal())
      refusedWith(
        again,
        400,
        'bundle_exists',
        /^Data Debit request malformed: Data bundle with such ID already exists$/,
      )
      assert.equal(again.body.message, 'Bad Request')
      const conditions = { ...bundle, name: 'survey-places' }
      const asConditions = proposal({ conditions, bundle: { ...bundle, name: 'mine' } })
      refusedWith(await as('other', 'POST', '/another', asConditions), 400, 'bundle_exists')
    })

    test('a change is another permission, which is not in force; who asks stays the same', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'GET', '/survey/enable'))
      const change = proposal({ purpose: 'Something else', requestClientName: 'Somebody else' })
      const debit = debitIn(await as('acme', 'PUT', '/survey', change))
      assert.equal(debit.requestClientName, 'Acme')
      assert.deepEqual(
        debit.permissions.map(({ purpose, accepted, active }) => [purpose, accepted, active]),
        [
          ['To plan bus routes', true, true],
          ['Something else', false, false],
        ],
      )
      assert.equal(debit.permissionsActive!.permission, 1)
      assert.equal(debit.permissionsLatest!.permission, 2)
      const enabled = debitIn(await as('owner', 'POST', '/survey/enable', { permission: 2 }))
      assert.deepEqual(
        enabled.permissions.map(({ accepted, active }) => [accepted, active]),
        [
          [false, false],
          [true, true],
        ],
      )
    })

    test('changing what is not there, or with the bundle of another, is refused', async (t) => {
      const { as } = await debitScene(t, engine)
      const missing = await as('owner', 'PUT', '/nothing', proposal())
      refusedWith(
        missing,
        400,
        'data_debit_missing',
        /^Data Debit request malformed: Data Debit being updated does not exist$/,
      )
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('other', 'POST', '/more', proposal({ bundle: { ...bundle, name: 'more' } })), 201)
      const linked = await as('other', 'PUT', '/more', proposal())
      refusedWith(
        linked,
        400,
        'bundle_exists',
        /Bundle survey-places already linked and could not be reassigned/,
      )
    })

    test('after several changes exactly the newest is in force when the owner accepts', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('owner', 'POST', '/survey', proposal()), 201)
      for (const purpose of ['one', 'two', 'three'])
        debitIn(await as('owner', 'PUT', '/survey', proposal({ purpose })))
      const debit = debitIn(await as('owner', 'GET', '/survey/enable'))
      assert.deepEqual(
        debit.permissions.map(({ active }) => active),
        [false, false, false, true],
      )
      assert.equal(debit.permissionsActive!.purpose, 'three')
    })

    test('a data debit that is disabled ends at once or with its period, and can be accepted again', async (t) => {
      const { as, clock } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      refusedWith(await as('owner', 'GET', '/survey/disable'), 400, 'invalid_query', /atPeriodEnd/)
      clock.now += day
      const ending = debitIn(await as('owner', 'GET', '/survey/disable?atPeriodEnd=true'))
      assert.deepEqual(
        [ending.active, ending.accepted, ending.end, ending.permissionsActive!.canceledAt],
        [true, true, iso(start + 30 * day), iso(clock.now)],
      )
      assert.equal(ending.permissionsActive!.cancelAtPeriodEnd, true)
      const ended = debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      assert.deepEqual([ended.active, ended.accepted, ended.end], [false, true, iso(clock.now)])
      assert.equal(ended.permissionsLatest!.cancelAtPeriodEnd, false)
      const later = debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=true'))
      assert.equal(later.end, iso(clock.now), 'disabling again does not let it go on')
      const again = debitIn(await as('owner', 'POST', '/survey/enable'))
      assert.deepEqual(
        [again.active, again.end, again.permissionsLatest!.canceledAt],
        [true, null, undefined],
      )
    })

    test('what was proposed is declined, what is in force stays, and can be accepted again alone', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      const declined = debitIn(await as('owner', 'POST', '/survey/reject'))
      assert.equal(declined.permissionsLatest!.rejectedAt, iso(start))
      assert.equal(debitIn(await as('owner', 'POST', '/survey/enable')).active, true)
      debitIn(await as('acme', 'PUT', '/survey', proposal({ purpose: 'More' })))
      const kept = debitIn(await as('owner', 'POST', '/survey/reject'))
      assert.deepEqual(
        [kept.permissionsActive!.permission, kept.permissionsLatest!.rejectedAt],
        [1, iso(start)],
      )
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      assert.equal(debitIn(await as('owner', 'GET', '/survey/enable')).permissionsActive!.permission, 1)
    })

    test('a deleted data debit is gone, and its id is never that of another', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      assert.deepEqual((await as('owner', 'DELETE', '/survey')).body, { message: 'Data debit deleted' })
      refusedWith(
        await as('owner', 'GET', '/survey'),
        404,
        'data_debit_unknown',
        /^Data Debit survey not found$/,
      )
      assert.deepEqual((await as('owner', 'GET', '')).body, [])
      refusedWith(await as('other', 'POST', '/survey', proposal()), 400, 'data_debit_exists')
      refusedWith(await as('owner', 'POST', '/survey/enable'), 400, 'data_debit_missing')
      refusedWith(await as('acme', 'GET', '/survey'), 403, 'forbidden')
    })

    test('what is not there is unknown to the owner, and forbidden to others as if it were there', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      refusedWith(await as('owner', 'GET', '/nothing'), 404, 'data_debit_unknown')
      const enabling = await as('owner', 'GET', '/nothing/enable')
      refusedWith(enabling, 400, 'data_debit_missing', /^Data Debit with this ID does not exist$/)
      assert.equal(enabling.body.message, 'Not Found')
      for (const [method, path] of [
        ['GET', ''],
        ['PUT', ''],
        ['DELETE', ''],
      ] as const) {
        const there = await as('other', method, `/survey${path}`, method === 'PUT' ? proposal() : undefined)
        const not = await as('other', method, `/nothing${path}`, method === 'PUT' ? proposal() : undefined)
        refusedWith(there, 403, 'forbidden')
        assert.equal(not.text, there.text)
      }
    })

    test('only the owner decides, and only with the token in the header where it is done by GET', async (t) => {
      const { as, server, tokens } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      for (const path of ['/enable', '/reject', '/disable?atPeriodEnd=false'])
        for (const who of ['acme', 'other', 'reader'] as const)
          refusedWith(await as(who, 'POST', `/survey${path}`), 403, 'forbidden')
      for (const path of ['/enable', '/disable?atPeriodEnd=false', '/enable/survey-places']) {
        refusedWith(await as('acme', 'GET', `/survey${path}`), 403, 'forbidden')
        const url = `${server.url}/api/v2.6/data-debit/survey${path}`
        const bearer = await fetch(url, { headers: { authorization: `Bearer ${tokens.owner}` } })
        assert.equal(bearer.status, 403)
        assert.equal(
          (await fetch(url, { method: 'HEAD', headers: { 'x-auth-token': tokens.owner } })).status,
          403,
        )
      }
      assert.equal(debitIn(await as('owner', 'GET', '/survey')).accepted, false)
    })

    test('nobody proposes without the role for it', async (t) => {
      const { as, server } = await debitScene(t, engine)
      refusedWith(await as('reader', 'POST', '/survey', proposal()), 403, 'forbidden')
      refusedWith(await as('reader', 'GET', ''), 403, 'forbidden')
      debitIn(await as('acme', 'POST', '/survey', proposal()), 201)
      await server.application('acme', { reads: ['rumpel'] })
      refusedWith(await as('acme', 'GET', '/survey'), 403, 'forbidden')
    })

    test('what cannot be is refused when it is proposed, with the place of the fault', async (t) => {
      const { as } = await debitScene(t, engine)
      const cases: [object, string, RegExp][] = [
        [{ start: 'soon' }, 'data_debit_malformed', /start must be a date/],
        [{ start: '9999-01-01' }, 'data_debit_malformed', /start must be a date/],
        [{ period: 0 }, 'data_debit_malformed', /period must be/],
        [{ period: 'P1M' }, 'data_debit_malformed', /period must be/],
        [{ period: undefined }, 'invalid_body', /The member period is missing/],
        [{ purpose: 5 }, 'invalid_body', /The member purpose must be a text/],
        [{ requestClientUrl: 'javascript:alert(1)' }, 'invalid_body', /requestClientUrl must be an address/],
        [
          { requestClientLogoUrl: ' data:text/html,x' },
          'invalid_body',
          /requestClientLogoUrl must be an address/,
        ],
        [{ requestClientName: 'Acme\u202e' }, 'data_debit_malformed', /requestClientName/],
        [{ requestClientName: '' }, 'invalid_body', /requestClientName/],
        [{ requestDescription: 'a\u0000b' }, 'data_debit_malformed', /requestDescription/],
        [{ requestApplicationId: '\u0000' }, 'data_debit_malformed', /requestApplicationId/],
        [{ termsUrl: 'https://a\u0000b' }, 'invalid_body', /termsUrl/],
        [{ readsPerPeriod: 0 }, 'invalid_body', /readsPerPeriod/],
        [{ bundle: { name: 'a b', bundle: {} } }, 'invalid_body', /bundle.name must be letters/],
        [{ bundle: { name: 'a', bundle: {} } }, 'data_debit_malformed', /bundle.bundle must have 1 to/],
        [
          { bundle: { name: 'a', bundle: { p: { endpoints: [{ endpoint: 'x' }] } } } },
          'data_debit_malformed',
          /bundle\.bundle\.p\.endpoints\[0\]\.endpoint must be an endpoint/,
        ],
        [{ conditions: bundle }, 'data_debit_malformed', /conditions.name must not be/],
      ]
      for (const [said, code, cause] of cases)
        refusedWith(await as('acme', 'POST', '/survey', { ...proposal(), ...said }), 400, code, cause)
      refusedWith(await as('acme', 'POST', '/with_underscore', proposal()), 400, 'invalid_query')
      refusedWith(await as('owner', 'GET', '/%00'), 400, 'invalid_query')
      refusedWith(await as('owner', 'GET', '/%00/values'), 400, 'invalid_query')
      refusedWith(await as('acme', 'POST', '/app-acme', proposal()), 400, 'data_debit_malformed', /app-/)
      assert.deepEqual((await as('owner', 'GET', '')).body, [])
    })
  })
