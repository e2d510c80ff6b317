import assert from 'node:assert/strict'
import { test } from 'node:test'
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
import { routeEngines } from './engines.ts'

const endpoint = 'rumpel/locations'
const asked = proposal({
  start: iso(start + day),
  bundle: {
    name: 'survey-places',
    bundle: { places: { endpoints: [{ endpoint, mapping: { name: 'name', at: 'latitude' } }] } },
  },
  conditions: { name: 'survey-home', bundle: { home: { endpoints: [{ endpoint: 'rumpel/homes' }] } } },
  readsPerPeriod: 3,
})
const narrowing = {
  endpoints: {
    [endpoint]: { fields: ['latitude'], coarse: [{ field: 'latitude', to: 'decimals', decimals: 1 }] },
  },
}

const shown = ({ status, body }: Answered) =>
  status === 200 ? ((body.bundle.places ?? []) as { data: unknown }[]).map(({ data }) => data) : status

/** What each of them gets at this moment: a status, or the data that leaves. */
async function mayRead({ as }: DebitScene): Promise<unknown[]> {
  const answers: unknown[] = []
  for (const who of ['acme', 'other', 'reader'] as const)
    answers.push(shown(await as(who, 'GET', '/survey/values')))
  return answers
}

/** What the ledger says of the data debit since it was asked last: action, who, which permission, how many records. */
function ledgerOf({ server, tokens }: DebitScene) {
  const seen = new Set<string>()
  return async () => {
    const entries = await server.as(tokens.owner).ledger.list({ dataDebit: 'survey' })
    const fresh = entries.filter(({ entryId }) => !seen.has(entryId)).toReversed()
    for (const { entryId } of fresh) seen.add(entryId)
    return fresh.map(({ action, holder, permission, records }) => [action, holder, permission, records])
  }
}

async function receipts({ as }: DebitScene): Promise<string[]> {
  const { body } = await as('acme', 'GET', '/survey/receipts')
  return (body as { event: string; permission: number }[]).map(
    ({ event, permission }) => `${event} ${permission}`,
  )
}

for (const engine of routeEngines)
  test(`the life of a data debit, from its proposal to its end, on ${engine.name}`, async (t) => {
    const scene = await debitScene(t, engine)
    const { as, server, clock, renew } = scene
    const ledger = ledgerOf(scene)
    await server.owner.records.createMany(endpoint, [
      { name: 'home', latitude: 51.5074, secret: 1 },
      { name: 'work', latitude: 51.4545, secret: 2 },
    ])

    // Proposed: nobody reads.
    debitIn(await as('acme', 'POST', '/survey', asked), 201)
    assert.deepEqual(await mayRead(scene), [400, 403, 403])
    assert.deepEqual(await ledger(), [['propose', 'acme', '1', 0]])
    assert.deepEqual(await receipts(scene), [])

    // Previewed, whole and narrowed.
    const whole = (await as('owner', 'POST', '/survey/preview')).body
    assert.deepEqual([whole.counts, whole.conditions], [{ places: 2 }, { home: false }])
    assert.deepEqual(whole.bundle.places[0].data, { name: 'work', at: 51.4545 })
    const less = (await as('owner', 'POST', '/survey/preview', { narrowing })).body
    const leaves = less.bundle.places.map(({ data }: { data: unknown }) => data)
    assert.deepEqual(leaves, [{ at: 51.5 }, { at: 51.5 }])

    // Accepted with less, to begin tomorrow.
    const accepted = debitIn(await as('owner', 'POST', '/survey/enable', { permission: 1, narrowing }))
    assert.deepEqual([accepted.accepted, accepted.active], [true, false])
    assert.deepEqual(await mayRead(scene), [400, 403, 403])
    assert.deepEqual(await ledger(), [['enable', 'owner', '1', 0]])
    assert.deepEqual(await receipts(scene), ['accepted 1'])

    // Begun, but its condition is not met: a read all the same.
    clock.now += day
    const unmet = await as('acme', 'GET', '/survey/values')
    assert.deepEqual(unmet.body, { conditions: { home: false }, bundle: {} })
    assert.deepEqual(await ledger(), [['values', 'acme', '1', 0]])

    // Met: read twice more, then the limit.
    await server.owner.records.create('rumpel/homes', { street: 'here' })
    assert.deepEqual(await mayRead(scene), [leaves, 403, 403])
    assert.deepEqual(await ledger(), [['values', 'acme', '1', 2]])
    assert.deepEqual(await mayRead(scene), [leaves, 403, 403])
    assert.deepEqual(await mayRead(scene), [429, 403, 403])
    assert.deepEqual(await ledger(), [['values', 'acme', '1', 2]])

    // A change is proposed: what is in force stays as it is.
    const wider = { ...asked, conditions: null, readsPerPeriod: 100, cancelAtPeriodEnd: true }
    debitIn(await as('acme', 'PUT', '/survey', { ...wider, period: 40 * day }))
    clock.now += 30 * day
    await renew()
    assert.deepEqual(await mayRead(scene), [leaves, 403, 403])
    assert.deepEqual(await ledger(), [
      ['propose', 'acme', '2', 0],
      ['values', 'acme', '1', 2],
    ])

    // Re-accepted, as it was asked for.
    debitIn(await as('owner', 'GET', '/survey'))
    const changed = debitIn(await as('owner', 'GET', '/survey/enable'))
    assert.equal(changed.permissionsActive!.permission, 2)
    assert.deepEqual(await mayRead(scene), [
      [
        { name: 'work', at: 51.4545 },
        { name: 'home', at: 51.5074 },
      ],
      403,
      403,
    ])
    assert.deepEqual(await receipts(scene), ['changed 2', 'accepted 1'])

    // Disabled with its period: read until then.
    clock.now += day
    const ending = debitIn(await as('owner', 'GET', '/survey/disable?atPeriodEnd=true'))
    assert.deepEqual([ending.active, ending.end], [true, iso(start + 41 * day)])
    assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
    clock.now = start + 41 * day - 1
    assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
    clock.now += 1
    assert.deepEqual(await mayRead(scene), [400, 403, 403])
    assert.equal(debitIn(await as('acme', 'GET', '/survey')).active, false)

    // Once more, and expired by itself: disabling it afterwards changes nothing.
    debitIn(
      await as('acme', 'PUT', '/survey', {
        ...asked,
        conditions: null,
        cancelAtPeriodEnd: true,
        start: iso(clock.now),
      }),
    )
    debitIn(await as('owner', 'POST', '/survey/enable', { permission: 3 }))
    assert.equal((await as('acme', 'GET', '/survey/values')).status, 200)
    clock.now += 30 * day
    await renew()
    refusedWith(await as('acme', 'GET', '/survey/values'), 400, 'data_debit_inactive')
    debitIn(await as('owner', 'GET', '/survey/disable?atPeriodEnd=true'))
    assert.deepEqual(await mayRead(scene), [400, 403, 403])
    assert.deepEqual((await receipts(scene)).toReversed(), [
      'accepted 1',
      'changed 2',
      'disabled 2',
      'expired 2',
      'accepted 3',
      'expired 3',
    ])
    const entries = await ledger()
    assert.ok(entries.some(([action, holder]) => action === 'disable' && holder === 'owner'))
    assert.ok(entries.every(([, holder]) => holder === 'owner' || holder === 'acme' || holder === ''))
  })
