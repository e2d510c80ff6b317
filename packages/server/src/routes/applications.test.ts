import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Application } from '@hatstand/api/application-definition.ts'
import { exact } from '@hatstand/sdk'
import { definition, oddlySpelt } from '../../test/definitions.ts'
import { routeEngines } from '../../test/engines.ts'
import { startServer, type TestServer } from '../../test/harness.ts'
import { refused } from '../../test/refused.ts'

const api = '/api/v2.6/applications'

for (const engine of routeEngines)
  describe(`applications on ${engine.name}`, () => {
    const ends: (() => unknown)[] = []
    const clock = { ahead: 0 }
    let server: TestServer
    before(async () => {
      server = await startServer({ after: (end) => ends.push(end as () => unknown) }, engine, {
        now: () => Date.now() + clock.ahead,
      })
    })
    after(async () => {
      for (const end of ends) await end()
    })

    /** Sends a request as it is, with a token in a header of choice. */
    async function raw(path: string, init: RequestInit = {}, header = 'X-Auth-Token', token = server.token) {
      const sent = header === 'Authorization' ? `Bearer ${token}` : token
      const headers = {
        ...(init.headers as Record<string, string>),
        ...(header !== '' && { [header]: sent }),
      }
      const answer = await fetch(server.url + path, { ...init, headers })
      const text = await answer.text()
      return { status: answer.status, text, headers: answer.headers }
    }

    /** Registers, sets up, and connects as the application. */
    async function running(id: string, ...roles: string[]) {
      await server.owner.applications.register(definition({ id, roles }))
      await server.owner.applications.setUp(id)
      return server.as((await server.owner.applications.accessToken(id)).accessToken)
    }

    test('an application is registered, set up, disabled, set up again and removed', async () => {
      const { applications } = server.owner
      const registered = await applications.register(definition({ id: 'cycle' }))
      assert.deepEqual(registered.application, definition({ id: 'cycle' }))
      const { application: _, ...untouched } = registered
      assert.deepEqual(untouched, { setup: false, enabled: false, active: false })

      const { application: _1, ...set } = await applications.setUp('cycle')
      assert.deepEqual(set, { setup: true, enabled: true, active: true, needsUpdating: false })
      const program = server.as((await applications.accessToken('cycle')).accessToken)
      await program.records.create('notes/drafts', { from: 'cycle' })

      const { application: _2, ...disabled } = await applications.disable('cycle')
      assert.deepEqual(disabled, { setup: true, enabled: false, active: false })
      assert.equal((await refused(program.records.list('notes/drafts'))).status, 401)
      assert.equal((await refused(applications.accessToken('cycle'))).code, 'application_inactive')

      assert.equal((await applications.setUp('cycle')).active, true)
      assert.equal((await refused(program.records.list('notes/drafts'))).status, 401, 'the old token is gone')
      assert.deepEqual(await applications.remove('cycle'), { message: 'Application removed' })
      assert.equal((await refused(applications.get('cycle'))).code, 'application_unknown')
      assert.equal((await refused(applications.remove('cycle'))).status, 404)
    })

    test('a definition comes back byte for byte: alone, in the list, and to the public', async () => {
      await server.owner.applications.register(oddlySpelt)
      for (const path of [api, `${api}/notes`, `${api}/hmi`, `${api}/hmi?applicationId=notes`])
        assert.ok((await raw(path)).text.includes(`{"application":${oddlySpelt.text},"setup":`), path)
      const open = await raw(`${api}/notes/hmi`, {}, '')
      assert.deepEqual([open.status, open.text], [200, oddlySpelt.text])
      assert.match(open.headers.get('content-type') ?? '', /^application\/json/)
    })

    test('one without a rating and a logo, for which official dashboards would show nothing at all, is answered with harmless values', async () => {
      const { info, setup: _2, ...rest } = definition({ id: 'bare' })
      const { rating: _1, ...unrated } = info
      const graphics = { ...info.graphics, logo: { normal: '' } }
      const bare = {
        ...rest,
        setup: { kind: 'Internal' },
        info: { ...unrated, graphics, updateNotes: { header: 'New' } },
      }
      await server.owner.applications.register(exact(JSON.stringify(bare)))
      const answers = [
        ...(JSON.parse((await raw(api)).text) as { application: Application }[]).map(
          (one) => one.application,
        ),
        (JSON.parse((await raw(`${api}/bare`)).text) as { application: Application }).application,
        JSON.parse((await raw(`${api}/bare/hmi`, {}, '')).text) as Application,
      ].filter(({ id }) => id === 'bare')
      assert.equal(answers.length, 3)
      for (const answered of answers) {
        assert.deepEqual(answered.info.rating, { score: '', points: 0 })
        assert.match(answered.info.graphics.logo.normal, /^data:image/)
        assert.deepEqual(answered.info.updateNotes, { header: 'New', notes: [] })
        assert.deepEqual(answered.setup, { kind: 'Internal', validRedirectUris: [] })
        assert.deepEqual(answered.status, definition().status)
      }
    })

    test('a definition that is not published is nobody else’s to read', async () => {
      await server.owner.applications.register(definition({ id: 'secret', published: false }))
      const there = await raw(`${api}/secret/hmi`, {}, '')
      const notThere = await raw(`${api}/unheard/hmi`, {}, '')
      assert.deepEqual([there.status, notThere.status], [404, 404])
      assert.equal(there.text, notThere.text.replace('unheard', 'secret'))
      assert.equal(JSON.parse(there.text).message, 'Not Found')
      assert.equal(
        JSON.parse(there.text).cause,
        'Application configuration for ID secret could not be found. Make sure application is correctly registered',
      )
    })

    test('an unknown application is 404 to read and 400 to set up or disable, in the words clients know', async () => {
      const cases = [
        ['GET', '', 404],
        ['GET', '/access-token', 404],
        ['GET', '/setup', 400],
        ['POST', '/setup', 400],
        ['GET', '/disable', 400],
        ['POST', '/disable', 400],
      ] as const
      for (const [method, path, status] of cases) {
        const answer = await raw(`${api}/unheard${path}`, { method })
        assert.equal(answer.status, status, path)
        const { message, cause } = JSON.parse(answer.text) as Record<string, string>
        assert.deepEqual(
          [message, cause],
          [
            'Application not Found',
            'Application unheard does not appear to be a valid application registered with the DEX',
          ],
        )
      }
    })

    test('changes by GET work with the token in X-Auth-Token, and with nothing else', async () => {
      await server.owner.applications.register(definition({ id: 'by-get' }))
      const state = async () => (await server.owner.applications.get('by-get')).enabled
      for (const [verb, wanted] of [
        ['setup', true],
        ['disable', false],
      ] as const) {
        const path = `${api}/by-get/${verb}`
        assert.equal((await raw(path, {}, 'Authorization')).status, 403)
        assert.equal((await raw(path, { method: 'HEAD' })).status, 403)
        assert.equal((await raw(path, {}, '')).status, 401)
        assert.equal((await raw(`${path}?X-Auth-Token=${server.token}`, {}, '')).status, 401)
        assert.equal(
          (await raw(path, { headers: { cookie: `hatstand_session=${server.token}` } }, '')).status,
          401,
        )
        assert.equal(await state(), !wanted)
        assert.equal((await raw(path)).status, 200)
        assert.equal(await state(), wanted)
      }
      assert.equal((await raw(`${api}/by-get/setup`, { method: 'POST' }, 'Authorization')).status, 200)
      assert.equal(await state(), true)
    })

    test('a definition that widens its permissions gets nothing more until the owner accepts it again', async () => {
      const { applications } = server.owner
      await applications.register(definition({ id: 'grower', roles: ['namespacewrite grower'] }))
      await applications.setUp('grower')
      const grower = server.as((await applications.accessToken('grower')).accessToken)
      const roles = ['namespacewrite grower', 'namespaceread diary', 'applicationlist']
      const wider = await applications.register(definition({ id: 'grower', roles }))
      assert.deepEqual([wider.enabled, wider.active, wider.needsUpdating], [true, true, true])

      await grower.records.create('grower/things', { still: 'allowed' })
      assert.equal((await refused(grower.records.list('diary/days'))).code, 'forbidden')
      assert.equal((await refused(grower.applications.list())).code, 'forbidden')
      const fresh = server.as((await applications.accessToken('grower')).accessToken)
      assert.equal((await refused(fresh.records.list('diary/days'))).code, 'forbidden')

      assert.equal((await applications.setUp('grower')).needsUpdating, false)
      assert.deepEqual(await grower.records.list('diary/days'), [])
      const less = await applications.register(definition({ id: 'grower', roles: ['namespacewrite grower'] }))
      assert.equal(less.needsUpdating, false)
      assert.deepEqual(await grower.records.list('diary/days'), [], 'what was granted stays until then')
      await applications.setUp('grower')
      assert.equal((await refused(grower.records.list('diary/days'))).code, 'forbidden')
    })

    test('a version that is no longer compatible needs updating', async () => {
      const { applications } = server.owner
      await applications.register(definition({ id: 'older' }))
      await applications.setUp('older')
      const compatible = definition({ id: 'older', version: '1.9.0' })
      assert.equal((await applications.register(compatible)).needsUpdating, false)
      const status = { compatibility: '1.10.0' }
      const broken = definition({ id: 'older', version: '1.10.0', status })
      assert.equal((await applications.register(broken)).needsUpdating, true)
      assert.equal((await applications.setUp('older')).needsUpdating, false)
    })

    test('the status tells when the data last changed, to those who may read it', async () => {
      const { applications } = server.owner
      const status = { recentDataCheckEndpoint: '/private/days' }
      await applications.register(definition({ id: 'recent', status, roles: [] }))
      assert.equal('mostRecentData' in (await applications.setUp('recent')), false)
      clock.ahead = 1000
      await server.owner.records.create('private/days', { day: 1 })
      const { mostRecentData = '' } = await applications.get('recent')
      assert.match(mostRecentData, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
      assert.ok(Math.abs(Date.parse(mostRecentData) - Date.now() - 1000) < 10_000)
      const manager = await running('curious', 'applicationmanage recent')
      assert.equal('mostRecentData' in (await manager.applications.get('recent')), false)
      await server.owner.records.deleteEndpoint('private/days')
      assert.equal('mostRecentData' in (await applications.get('recent')), false)
    })

    test('dependencies are reported, and never set up along', async () => {
      const { applications } = server.owner
      await applications.register(definition({ id: 'needed' }))
      const dependencies = { plugs: ['needed'], tools: [] }
      await applications.register(definition({ id: 'needy', dependencies }))
      assert.equal((await applications.setUp('needy')).dependenciesEnabled, false)
      assert.equal((await applications.get('needed')).setup, false)
      await applications.setUp('needed')
      assert.equal((await applications.get('needy')).dependenciesEnabled, true)
    })

    test('who lists sees what it manages, and who manages sees and changes that one alone', async () => {
      const { applications } = server.owner
      for (const id of ['managed', 'foreign']) await applications.register(definition({ id, roles: [] }))
      const lister = await running('lister', 'applicationlist', 'applicationmanage managed')
      const ids = (await lister.applications.list()).map(({ application }) => application.id)
      assert.deepEqual(ids, ['managed'])
      assert.equal((await lister.applications.setUp('managed')).active, true)
      assert.equal((await lister.applications.disable('managed')).active, false)
      for (const id of ['foreign', 'unheard'])
        for (const asks of ['get', 'setUp', 'disable', 'accessToken'] as const)
          assert.equal((await refused(lister.applications[asks](id))).code, 'forbidden')
      assert.equal((await refused(lister.applications.accessToken('managed'))).code, 'forbidden')
      assert.equal((await refused(lister.applications.register(definition()))).code, 'forbidden')
      assert.equal((await refused(lister.applications.remove('managed'))).code, 'forbidden')
      const nobody = await running('plain', 'namespaceread notes')
      assert.equal((await refused(nobody.applications.list())).code, 'forbidden')
      assert.equal((await refused(nobody.applications.get('plain'))).code, 'forbidden')
    })

    test('an application grants another one nothing that it has not itself', async () => {
      const { applications } = server.owner
      const roles = ['namespaceread notes', 'namespaceread diary']
      await applications.register(definition({ id: 'greedy', roles }))
      const manager = await running('manager', 'applicationmanage greedy', 'namespaceread notes')
      const error = await refused(manager.applications.setUp('greedy'))
      assert.equal(error.code, 'forbidden')
      assert.match(error.message, /namespaceread diary: the owner has to accept it$/)
      assert.equal((await applications.get('greedy')).setup, false)
      for (const role of ['datacredit', 'datadebit', 'owner', 'applicationlist']) {
        await applications.register(definition({ id: 'greedy', roles: [role] }))
        assert.equal((await refused(manager.applications.setUp('greedy'))).code, 'forbidden', role)
      }
      await applications.register(definition({ id: 'greedy', roles }))
      await applications.setUp('greedy')
      assert.equal((await manager.applications.setUp('greedy')).active, true, 'what it has it keeps')
      const deputy = await running('deputy', 'owner')
      assert.equal((await deputy.applications.setUp('greedy')).active, true)
      assert.ok((await deputy.applications.list()).length > 3)
    })

    test('an access token of another application takes the role for it, and `owner` is not enough', async () => {
      await running('wallet', 'namespacewrite wallet')
      const keeper = await running('keeper', 'retrieveapplicationtoken wallet')
      const { accessToken, userId } = await keeper.applications.accessToken('wallet')
      assert.equal(userId, 'owner-of-the-test')
      await server.as(accessToken).records.create('wallet/coins', 1)
      const almighty = await running('almighty', 'owner')
      assert.equal((await refused(almighty.applications.accessToken('wallet'))).code, 'forbidden')
      const answer = await raw(`${api}/wallet/access-token`)
      assert.deepEqual(Object.keys(JSON.parse(answer.text) as object), ['accessToken', 'userId'])
      assert.equal(answer.headers.get('cache-control'), 'no-store')
    })

    test('a definition that will not do is refused, and nothing is registered', async () => {
      const json = { 'content-type': 'application/json' }
      const post = async (body: string, query = '', headers: Record<string, string> = json) => {
        const { status, text } = await raw(api + query, { method: 'POST', headers, body })
        return { status, ...(JSON.parse(text) as { code: string; cause: string }) }
      }
      const bad = JSON.stringify(definition({ id: 'bad' }))
      const causes: [body: string, code: string, cause: RegExp][] = [
        ['', 'invalid_json', /position 0$/],
        [bad.slice(0, -1), 'invalid_json', /position \d+$/],
        [
          bad.replace('"version":"1.0.0"', '"version":"1.0"'),
          'invalid_body',
          /^The member info\.version must/,
        ],
        [bad.replace('namespaceread', 'king'), 'invalid_body', /rolesGranted\[0\]\.role .*"king" is none$/],
        [bad.replace('"id":"bad"', '"id":"a/b"'), 'invalid_body', /^The member id must be/],
        [bad.replace('{', '{"id":"x",'), 'invalid_body', /^The member id is there twice$/],
        [bad.replace('"bad"', '"bad","x":"' + 'y'.repeat(263_000) + '"'), 'body_too_large', /262144 bytes/],
        ['['.repeat(2000), 'too_deep', /512/],
      ]
      for (const [body, code, cause] of causes) {
        const answer = await post(body)
        assert.equal(answer.code, code, body.slice(0, 60))
        assert.match(answer.cause, cause)
      }
      assert.equal((await post(bad, '?force=true')).code, 'invalid_query')
      assert.equal((await post(bad, '', { 'content-type': 'text/plain' })).code, 'content_type_unsupported')
      assert.equal((await refused(server.owner.applications.get('bad'))).code, 'application_unknown')
    })

    test('ids that are addresses or contain anything at all are found, or refused in words', async () => {
      const id = 'https://app.example.org/client.json'
      await server.owner.applications.register(definition({ id }))
      assert.equal((await server.owner.applications.get(id)).application.id, id)
      assert.equal((await server.owner.applications.setUp(id)).active, true)
      assert.equal((await refused(server.owner.applications.get('a\u0000'))).code, 'invalid_query')
      assert.equal((await refused(server.owner.applications.get('ä/%2f ?#'))).code, 'application_unknown')
    })
  })
