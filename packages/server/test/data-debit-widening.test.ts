import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { describe, test } from 'node:test'
import { issueToken } from '../src/auth/access-tokens.ts'
import { addUser } from '../src/store/access/users.ts'
import { ask } from './asking.ts'
import {
  type Answered,
  day,
  debitIn,
  debitScene,
  type DebitScene,
  iso,
  proposal,
  refusedWith,
  start,
} from './data-debits.ts'
import { type Engine, routeEngines } from './engines.ts'
import type { TestServer } from './harness.ts'
import { refused } from './refused.ts'

const places = 'rumpel/locations'
const secrets = 'rumpel/secrets'
const name = 'survey-places'
const bundleOf = (properties: object, called = name) => ({ name: called, bundle: properties })
const narrow = bundleOf({ places: { endpoints: [{ endpoint: places, mapping: { name: 'name' } }] } })
const wide = bundleOf({
  places: { endpoints: [{ endpoint: places }] },
  secrets: { endpoints: [{ endpoint: secrets }] },
})

/** Two places and a secret, linked with the first; a data debit in force that lets the names of places leave. */
async function consented(t: Parameters<typeof debitScene>[0], engine: Engine): Promise<DebitScene> {
  const scene = await debitScene(t, engine)
  const { as, server } = scene
  const { records } = await server.owner.records.createMany(places, [
    { name: 'home', rank: 1 },
    { name: 'work', rank: 2 },
  ])
  const secret = await server.owner.records.create(secrets, { word: 'hush' })
  await server.owner.links.create([records[0]!.recordId, secret.recordId])
  debitIn(await as('acme', 'POST', '/survey', proposal({ bundle: narrow })), 201)
  debitIn(await as('owner', 'GET', '/survey'))
  debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1 }))
  return scene
}

/** A user with one role, and a token of its own. */
async function userToken({ context }: TestServer, called: string, role: 'datadebit' | 'platform') {
  const userId = randomUUID()
  const roles = [{ role, detail: '' }]
  const user = { userId, name: called, displayName: called, passwordHash: 'none', enabled: true, roles }
  await context.database.of(1).write((unit) => addUser(unit, user, context.now()))
  const bearer = { kind: 'user', subject: userId, title: role } as const
  const account = { pda: 1, domain: context.config.domain }
  return { userId, token: await issueToken(context, account, bearer, 'a test') }
}

/** Only the names leave, whatever was tried. */
function onlyNames({ status, body, text }: Answered) {
  assert.equal(status, 200, text)
  assert.deepEqual(Object.keys(body.bundle), ['places'])
  assert.deepEqual(
    body.bundle.places.map(({ data, links }: { data: object; links?: object }) => [data, links]),
    [
      [{ name: 'work' }, undefined],
      [{ name: 'home' }, undefined],
    ],
  )
}

for (const engine of routeEngines)
  describe(`Nobody widens a consent, on ${engine.name}`, () => {
    test('by saving another bundle of the same name', async (t) => {
      const { as, server, tokens } = await consented(t, engine)
      const body = JSON.stringify(wide.bundle)
      for (const who of ['owner', 'acme', 'reader'] as const) {
        const headers = { 'x-auth-token': tokens[who], 'content-type': 'application/json' }
        const path = `/api/v2.6/data-bundle/${name}`
        const { status } = await ask(server.url, { method: 'POST', path, headers, body })
        assert.equal(status, who === 'owner' ? 201 : 403)
      }
      onlyNames(await as('acme', 'GET', '/survey/values'))
      debitIn(await as('owner', 'POST', '/survey/disable?atPeriodEnd=false'))
      debitIn(await as('owner', 'POST', '/survey/enable'))
      onlyNames(await as('acme', 'GET', '/survey/values'))
    })

    test('by proposing more under the same name, or proposing it again', async (t) => {
      const { as } = await consented(t, engine)
      refusedWith(await as('acme', 'POST', '/survey', proposal({ bundle: wide })), 400, 'data_debit_exists')
      for (const who of ['acme', 'owner'] as const)
        debitIn(await as(who, 'PUT', '/survey', proposal({ bundle: wide })))
      onlyNames(await as('acme', 'GET', '/survey/values'))
      const { permissionsActive } = debitIn(await as('acme', 'GET', '/survey'))
      assert.deepEqual([permissionsActive!.permission, permissionsActive!.bundle], [1, narrow])
    })

    test('by the name or the id of a data debit that was deleted', async (t) => {
      const { as } = await consented(t, engine)
      assert.equal((await as('owner', 'DELETE', '/survey')).status, 200)
      refusedWith(await as('other', 'POST', '/survey', proposal({ bundle: wide })), 400, 'data_debit_exists')
      refusedWith(await as('acme', 'PUT', '/survey', proposal({ bundle: wide })), 403, 'forbidden')
      refusedWith(await as('acme', 'GET', '/survey/values'), 403, 'forbidden')
      refusedWith(await as('owner', 'GET', '/survey/values'), 404, 'data_debit_unknown')
    })

    test('by proposing more between what the owner reads and what the owner accepts', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal({ bundle: narrow })), 201)
      const [seen] = (await as('owner', 'GET', '')).body
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: wide })))
      for (const enabling of [
        () => as('owner', 'GET', '/survey/enable'),
        () => as('owner', 'POST', '/survey/enable'),
        () => as('owner', 'POST', '/survey/enable', { permission: seen.permissionsLatest.permission }),
        () => as('owner', 'GET', `/survey/enable/${name}-other`),
      ])
        refusedWith(await enabling(), 400, 'data_debit_changed')
      assert.equal(debitIn(await as('acme', 'GET', '/survey')).accepted, false)
    })

    test('by proposing more after what the owner accepted without reading it', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal({ bundle: narrow })), 201)
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1 }))
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: wide })))
      refusedWith(await as('owner', 'POST', '/survey/enable'), 400, 'data_debit_changed')
      refusedWith(await as('owner', 'GET', '/survey/enable'), 400, 'data_debit_changed')
      assert.deepEqual(debitIn(await as('acme', 'GET', '/survey')).permissionsActive!.bundle, narrow)
    })

    test('by proposing more in the very moment the owner accepts', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal({ purpose: '1' })), 201)
      for (let round = 0; round < 8; round += 1) {
        const latest = debitIn(await as('owner', 'GET', '/survey')).permissionsLatest!.permission
        const change = proposal({ purpose: String(latest + 1) })
        const [enabled] = await Promise.all([
          as('owner', 'POST', '/survey/enable', { permission: latest }),
          as('acme', 'PUT', '/survey', change),
        ])
        const after = debitIn(await as('acme', 'GET', '/survey'))
        if (enabled.status === 200) assert.equal(after.permissionsActive!.purpose, String(latest))
        else refusedWith(enabled, 400, 'data_debit_changed')
        assert.equal(after.permissionsLatest!.permission, latest + 1)
      }
    })

    test('by its dates: beginning earlier, lasting longer, or ending twice', async (t) => {
      const { as, clock, renew } = await debitScene(t, engine)
      const one = proposal({
        bundle: narrow,
        start: iso(start + day),
        period: 10 * day,
        cancelAtPeriodEnd: true,
      })
      debitIn(await as('acme', 'POST', '/survey', one), 201)
      debitIn(await as('owner', 'POST', '/survey/enable', { until: iso(start + 5 * day) }))
      debitIn(
        await as('acme', 'PUT', '/survey', { ...one, start: iso(start - 100 * day), period: 1000 * day }),
      )
      refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
      clock.now = start + 5 * day - 1
      await renew()
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
      clock.now += 1
      refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
      debitIn(await as('owner', 'POST', '/survey/reject'))
      for (const atPeriodEnd of ['true', 'false', 'true']) {
        const { active, permissions } = debitIn(
          await as('owner', 'POST', `/survey/disable?atPeriodEnd=${atPeriodEnd}`),
        )
        assert.deepEqual([active, permissions[0]!.end], [false, iso(start + 5 * day)])
        refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
      }
    })

    test('by many short periods, each with its reads: a period is that of the permission in force', async (t) => {
      const { as } = await debitScene(t, engine)
      debitIn(await as('acme', 'POST', '/survey', proposal({ readsPerPeriod: 1 })), 201)
      debitIn(await as('owner', 'POST', '/survey/enable'))
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
      debitIn(await as('acme', 'PUT', '/survey', proposal({ readsPerPeriod: 1000, period: 1 })))
      refusedWith(await as('acme', 'GET', '/survey/values'), 429, 'data_debit_limit')
    })

    test('by links into other namespaces', async (t) => {
      const { as } = await consented(t, engine)
      for (const query of ['?links=true', '?links=rumpel/secrets', '?meta=true'])
        onlyNames(await as('acme', 'GET', `/survey/values${query}`))
      const links = bundleOf({
        places: {
          endpoints: [{ endpoint: places, mapping: { name: 'name' }, links: [{ endpoint: secrets }] }],
        },
      })
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: links })))
      onlyNames(await as('acme', 'GET', '/survey/values'))
      const left = { endpoints: { [secrets]: { leaveOut: true } } }
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 2, narrowing: left }))
      onlyNames(await as('acme', 'GET', '/survey/values'))
    })

    test('by ordering, filtering or counting what does not leave', async (t) => {
      const { as, server, tokens } = await consented(t, engine)
      for (const query of [
        '?orderBy=rank&ordering=ascending',
        '?filters=[]',
        '?count=true',
        '?skip=1',
        '?recordId=1',
      ])
        onlyNames(await as('acme', 'GET', `/survey/values${query}`))
      const headers = { 'x-auth-token': tokens.acme, 'content-type': 'application/json' }
      for (const [method, path, body] of [
        ['POST', `/data-query/${places}`, '{"orderBy":"rank"}'],
        ['POST', `/data-aggregate/${places}`, '{"aggregates":[{"aggregate":"max","field":"rank"}]}'],
        ['GET', `/data/${places}?orderBy=rank`, undefined],
        ['GET', `/data-bundle/${name}`, undefined],
        ['POST', '/combinator/mine', '[{"endpoint":"rumpel/locations"}]'],
        ['GET', '/data/sources', undefined],
      ] as const) {
        const reply = await ask(server.url, {
          method,
          path: `/api/v2.6${path}`,
          headers,
          ...(body && { body }),
        })
        if (path === '/data/sources') assert.equal(reply.text, '{}')
        else assert.equal(reply.status, 403, `${path}: ${reply.text}`)
      }
    })

    test('by an order that a narrowing has taken the sense of', async (t) => {
      const { as } = await consented(t, engine)
      const ordered = bundleOf({ places: { endpoints: [{ endpoint: places }], orderBy: 'rank', limit: 1 } })
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: ordered })))
      const narrowing = { endpoints: { [places]: { fields: ['name'] } } }
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 2, narrowing }))
      const { body } = await as('acme', 'GET', '/survey/values')
      assert.deepEqual(
        body.bundle.places[0].data,
        { name: 'work' },
        'the newest, not the one of the lowest rank',
      )
      const filtered = bundleOf({
        places: {
          endpoints: [
            {
              endpoint: places,
              filters: [{ field: 'rank', operator: { operator: 'between', lower: 2, upper: 9 } }],
            },
          ],
        },
      })
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: filtered })))
      refusedWith(
        await as('owner', 'POST', '/survey/enable', { permission: 3, narrowing }),
        400,
        'data_debit_malformed',
        /leaves out a field, which the request filters by/,
      )
    })

    test('by finding out what was taken away', async (t) => {
      const { as } = await consented(t, engine)
      const narrowing = {
        properties: { secrets: { leaveOut: true } },
        endpoints: {
          [places]: {
            fields: ['name'],
            filters: [{ field: 'name', operator: { operator: 'contains', value: 'work' } }],
          },
        },
      }
      debitIn(await as('acme', 'PUT', '/survey', proposal({ bundle: wide })))
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 2, narrowing }))
      const answers = [
        await as('acme', 'GET', '/survey'),
        await as('acme', 'GET', ''),
        await as('acme', 'GET', '/survey/values'),
        await as('acme', 'PUT', '/survey', proposal({ bundle: wide })),
      ]
      for (const { status, text } of answers) {
        assert.equal(status, 200)
        assert.doesNotMatch(text, /narrowing|leaveOut|contains|hush/)
      }
      const { bundle } = answers[2]!.body
      assert.deepEqual(bundle.secrets, [])
      assert.deepEqual(
        bundle.places.map(({ data }: { data: object }) => data),
        [{ name: 'work' }],
      )
    })

    test('by another token of the same requester, or by having been one', async (t) => {
      const { as, server, tokens } = await consented(t, engine)
      await server.application('acme', { reads: [], writes: [] })
      refusedWith(await as('acme', 'GET', '/survey/values'), 403, 'forbidden')
      tokens.acme = await server.application('acme', { roles: [{ role: 'datadebit', detail: '' }] })
      onlyNames(await as('acme', 'GET', '/survey/values'))
      tokens.other = await server.application('another', { roles: [{ role: 'datadebit', detail: 'survey' }] })
      refusedWith(await as('other', 'GET', '/survey/values'), 403, 'forbidden')
    })

    test('by taking over the user who asked', async (t) => {
      const { as, server, tokens } = await debitScene(t, engine)
      const asking = await userToken(server, 'asking', 'datadebit')
      tokens.acme = asking.token
      tokens.other = await userToken(server, 'platform', 'platform').then(({ token }) => token)
      debitIn(await as('acme', 'POST', '/survey', proposal({ bundle: narrow })), 201)
      debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1 }))
      assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
      const users = (token: string) => server.as(token).users
      const password = 'a long enough password 123'
      const taken = await refused(users(tokens.other).update(asking.userId, { password }))
      assert.equal(taken.code, 'forbidden')
      await users(tokens.other).delete(asking.userId)
      const again = {
        userId: asking.userId,
        email: 'again',
        password,
        roles: [{ role: 'datadebit' as const }],
      }
      await users(tokens.other).create(again)
      const login = server.as(undefined)
      await login.accessTokens.login('again', password)
      assert.equal((await refused(login.dataDebits.values('survey'))).code, 'forbidden')
    })
  })
