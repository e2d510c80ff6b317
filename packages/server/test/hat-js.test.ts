import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HatClient } from '@dataswift/hat-js'
import { proposal } from './data-debits.ts'
import { definition } from './definitions.ts'
import { routeEngines } from './engines.ts'
import { startServer } from './harness.ts'

interface Note {
  title: string
  stars?: number
}

for (const engine of routeEngines)
  test(`the official SDK of the HAT creates, reads, updates and deletes, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const tokens: string[] = []
    const hat = new HatClient({
      token: server.token,
      apiVersion: 'v2.6',
      secure: false,
      onTokenChange: (token) => tokens.push(token),
    })
    const data = hat.hatData()

    const created = await data.create<Note>('notes', 'drafts', { title: 'one' })
    assert.equal(created.status, 201)
    const first = created.parsedBody!
    assert.deepEqual([first.endpoint, first.data], ['notes/drafts', { title: 'one' }])
    await data.create<Note>('notes', 'drafts', { title: 'two', stars: 3 })

    const all = await data.getAllDefault<Note>('notes', 'drafts')
    assert.deepEqual(titles(all.parsedBody!), ['two', 'one'])
    const options = { orderBy: 'title', ordering: 'ascending', take: '1', skip: '1' }
    assert.deepEqual(titles((await data.getAll<Note>('notes', 'drafts', options)).parsedBody!), ['two'])

    const updated = await data.update([{ ...first, data: { title: 'first' } }])
    assert.deepEqual([updated.status, titles(updated.parsedBody!)], [201, ['first']])
    assert.equal((await data.update(updated.parsedBody!)).status, 201, 'the same data once more')

    const ids = (await data.getAllDefault<Note>('notes', 'drafts')).parsedBody!.map(
      ({ recordId }) => recordId,
    )
    assert.deepEqual((await data.delete(ids)).parsedBody, { message: 'All records deleted' })
    assert.deepEqual((await data.getAllDefault<Note>('notes', 'drafts')).parsedBody, [])
  })

for (const engine of routeEngines)
  test(`the official SDK of the HAT lists applications and follows one through its set-up, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    const { applications: registry } = server.owner
    for (const id of ['notes', 'other']) await registry.register(definition({ id }))
    const applications = new HatClient({
      token: server.token,
      apiVersion: 'v2.6',
      secure: false,
    }).applications()

    const all = (await applications.getAllDefault()).parsedBody!
    assert.deepEqual(
      all.map(({ application }) => application.id),
      ['notes', 'other'],
    )
    const read = async () => (await applications.getById('notes')).parsedBody!
    const before = await read()
    assert.deepEqual(before.application, definition())
    assert.deepEqual([before.setup, before.enabled, before.active], [false, false, false])
    assert.equal(applications.getAppStatus(before), 'untouched')

    await registry.setUp('notes')
    const after = await read()
    assert.deepEqual([after.setup, after.enabled, after.active], [true, true, true])
    assert.equal(applications.getAppStatus(after), 'goto')
    await server.owner.records.create('notes/drafts', { title: 'one' })
    assert.match((await read()).mostRecentData!, /Z$/)

    await registry.register(definition({ roles: ['namespaceread diary'] }))
    assert.equal(applications.getAppStatus(await read()), 'update')
    await registry.disable('notes')
    assert.equal(applications.getAppStatus(await read()), 'untouched')
    await assert.rejects(applications.getById('unheard'), { status: 404 })
  })

const debits = (token: string) => new HatClient({ token, apiVersion: 'v2.6', secure: false }).dataDebits()

for (const engine of routeEngines)
  test(`the official SDK of the HAT lists data debits and reads their values, on ${engine.name}`, async (t) => {
    const server = await startServer(t, engine)
    await server.owner.records.create('rumpel/locations', { latitude: 51 })
    const roles = [{ role: 'datadebit', detail: '' }] as const
    const token = await server.application('acme', { roles })
    await server.as(token).dataDebits.propose('survey', proposal({ start: '2020-02-15T03:52:37.000Z' }))

    const [listed] = (await debits(server.token).getAllDefault()).parsedBody!
    assert.deepEqual(
      [listed!.dataDebitKey, listed!.active, listed!.permissionsActive],
      ['survey', false, null],
    )
    assert.equal(new Date(listed!.start!).getUTCFullYear(), 2020, 'a date before it is enabled')
    await assert.rejects(debits(token).getDataDebitValues('survey'), { status: 400 })
    await assert.rejects(debits(server.token).getById('unheard'), { status: 404 })

    await server.owner.dataDebits.enable('survey', { permission: 1 })
    const read = (await debits(token).getById('survey')).parsedBody!
    const { permissionsLatest, permissionsActive } = read
    assert.deepEqual([read.active, permissionsActive], [true, permissionsLatest])
    assert.equal(permissionsLatest!.period, 2_592_000_000)
    assert.deepEqual(Object.keys(permissionsLatest!.bundle.bundle), ['places'])
    const { places } = (await debits(token).getDataDebitValues<{ latitude: number }>('survey')).parsedBody!
      .bundle
    assert.deepEqual(
      places!.map(({ endpoint, data }) => [endpoint, data]),
      [['rumpel/locations', { latitude: 51 }]],
    )
  })

test('the official SDK of the HAT learns of a duplicate by the status it looks at', async (t) => {
  const server = await startServer(t)
  const data = new HatClient({ token: server.token, apiVersion: 'v2.6', secure: false }).hatData()
  await data.create<Note>('notes', 'drafts', { title: 'one' })
  await assert.rejects(data.create<Note>('notes', 'drafts', { title: 'one' }), { status: 400 })
})

function titles(records: { data: Note }[]): string[] {
  return records.map(({ data }) => data.title)
}
