import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { startServer } from '../../../test/harness.ts'
import { findRoles } from '../access/granted-roles.ts'

for (const engine of engines)
  test(`lists come in the same order whatever language the database was set up for (${engine.name})`, async (t) => {
    const server = await startServer(t, engine)
    if (engine.name === 'PostgreSQL')
      for (const [table, column] of [
        ['endpoint', 'name'],
        ['application', 'application'],
        ['granted_role', 'detail'],
      ] as const)
        await server.context.database
          .of(1)
          .write((unit) =>
            unit.all(
              sql`alter table ${sql.ref(table)} alter column ${sql.ref(column)} type text collate "en-x-icu"`,
            ),
          )
    const names = ['a', 'a-z', 'a0', 'ab', 'b']
    for (const name of names.toReversed()) await server.owner.records.create(`mine/${name}`, { name })
    assert.deepEqual(await server.owner.endpoints.list(), { mine: names })
    await server.application('ab', { reads: names.toReversed() })
    await server.application('a-z', {})
    await server.application('Zoo', {})
    const applications = await server.owner.applications.list()
    assert.deepEqual(
      applications.map(({ application }) => application.id),
      ['Zoo', 'a-z', 'ab'],
    )
    const roles = await server.context.database.of(1).read((unit) => findRoles(unit, 'ab'))
    assert.deepEqual(
      roles.map(({ detail }) => detail),
      names,
    )
  })
