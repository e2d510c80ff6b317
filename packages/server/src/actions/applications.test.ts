import assert from 'node:assert/strict'
import { test } from 'node:test'
import { routeEngines } from '../../test/engines.ts'
import { makeSigningKey } from '../auth/keys.ts'
import { openDatabase } from '../database/open.ts'
import { minimalDefinition } from '../domain/access/definition.ts'
import type { Role } from '../domain/access/roles.ts'
import { addAccount } from '../store/access/accounts.ts'
import { findApplication, registerApplication } from '../store/access/applications.ts'
import { findDebit } from '../store/consent/data-debits.ts'
import { asItAsks, asShown, disable, setUp } from './applications.ts'

const now = 1_800_000_000_000
const how = { entry: () => undefined, now }
const reads: Role = { role: 'namespaceread', detail: 'rumpel' }
const writes: Role = { role: 'namespacewrite', detail: 'rumpel' }
const definition = (...roles: Role[]) =>
  JSON.stringify(minimalDefinition('notes', '1.0.0', roles, new Date(now).toISOString()))

/** A definition that wants an endpoint's records handed over. */
const handed = (version: string, endpoint: string) => {
  const base = minimalDefinition('notes', version, [reads], new Date(now).toISOString())
  const dataRetrieved = { name: 'notes-data', bundle: { all: { endpoints: [{ endpoint }] } } }
  return JSON.stringify({ ...base, permissions: { ...base.permissions, dataRetrieved } })
}

for (const engine of routeEngines) {
  const opened = async () => {
    const place = await engine.place()
    const [here, there] = [await openDatabase(place, false), await openDatabase(place, false)]
    const pda = (await addAccount(here, 'me.example.org', await makeSigningKey(), now)) as number
    const close = () => Promise.all([here.close(), there.close()])
    return { here: here.of(pda), there: there.of(pda), close }
  }

  test(`of a definition that the owner was not shown nothing is granted, be it of the same version (${engine.name})`, async () => {
    const { here, there, close } = await opened()
    const [shown, other] = [definition(reads), definition(reads, writes)]
    await here.write((unit) =>
      registerApplication(unit, { id: 'notes', version: '1.0.0', definition: shown }, now),
    )
    await there.write((unit) =>
      registerApplication(unit, { id: 'notes', version: '1.0.0', definition: other }, now),
    )
    assert.equal(await setUp(here, 'notes', asShown(shown), how), undefined)
    const refused = await here.read((unit) => findApplication(unit, 'notes'))
    assert.deepEqual([refused?.enabled, refused?.roles], [false, []])

    const accepted = await setUp(here, 'notes', asShown(other), how)
    assert.deepEqual([accepted?.enabled, accepted?.roles], [true, [reads, writes]])
    await close()
  })

  test(`an application that is set up and disabled at once, by two processes, has all of one or nothing (${engine.name})`, async () => {
    const { here, there, close } = await opened()
    await here.write((unit) =>
      registerApplication(
        unit,
        { id: 'notes', version: '1.0.0', definition: definition(reads, writes) },
        now,
      ),
    )
    for (let round = 0; round < 20; round++) {
      await Promise.all([setUp(here, 'notes', asItAsks, how), disable(there, 'notes', undefined, now)])
      const found = await here.read((unit) => findApplication(unit, 'notes'))
      assert.deepEqual(found?.roles, found?.enabled ? [reads, writes] : [], `round ${round}`)
    }
    await close()
  })

  test(`who consents to scopes decides nothing about the data that an application is handed (${engine.name})`, async () => {
    const { here, close } = await opened()
    const register = (version: string, endpoint: string) =>
      here.write((unit) =>
        registerApplication(unit, { id: 'notes', version, definition: handed(version, endpoint) }, now),
      )
    const inForce = async () => {
      const debit = await here.read((unit) => findDebit(unit, 'app-notes'))
      return debit?.permissions.filter((one) => one.acceptedAt !== undefined).map((one) => one.bundle.text)
    }
    await register('1.0.0', 'rumpel/locations')
    const { roles } = (await setUp(here, 'notes', asItAsks, how))!
    const accepted = await inForce()
    assert.match(String(accepted), /rumpel\/locations/)

    await register('2.0.0', 'health/everything')
    await setUp(here, 'notes', () => ({ version: '2.0.0', roles, keepsData: true }), how)
    assert.deepEqual(await inForce(), accepted)

    await setUp(here, 'notes', asItAsks, how)
    assert.match(String(await inForce()), /health\/everything/, 'whoever is shown the definition accepts it')
    await close()
  })
}
