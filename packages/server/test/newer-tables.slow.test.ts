import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { openDatabase } from '../src/database/open.ts'
import { at, ends, password, serving } from './command-line.ts'
import { engines } from './engines.ts'

for (const engine of engines)
  test(`${engine.name}: data that a newer version wrote is refused with both numbers, by the server and by commands, and left alone`, async () => {
    const place = await engine.place()
    const line = at(place.dataDir, {
      HATSTAND_OWNER: 'phil',
      HATSTAND_OWNER_PASSWORD: password,
      ...(place.databaseUrl && { DATABASE_URL: place.databaseUrl }),
    })
    const server = line.start('serve')
    await serving(server)
    assert.equal(await ends(server, 'SIGTERM'), 0)

    const database = await openDatabase(place, false)
    const numbers = sql<{ number: number }>`select number from migration order by number`
    const known = async () => (await database.one(numbers)).map(({ number }) => number)
    const before = await known()
    const [last, newer] = [before.length, before.length + 3]
    await database.of(1).write((unit) => unit.all(sql`insert into migration values (${newer})`))

    const sentence = `The data was written by a newer hatstand: its tables are at migration ${newer}, and this version knows them up to ${last}. Run that version or a newer one.`
    for (const words of [['serve'], ['account', 'list'], ['account', 'add', 'me.example.org']]) {
      const { code, said, complaint } = await line.run(...words)
      assert.deepEqual({ code, said, complaint }, { code: 1, said: '', complaint: sentence }, words.join(' '))
    }
    await assert.rejects(openDatabase(place, true), new Error(sentence))
    assert.deepEqual(await known(), [...before, newer])

    await database.of(1).write((unit) => unit.all(sql`delete from migration where number = ${newer}`))
    await database.close()
    await (await openDatabase(place, true)).close()
    const listed = await line.run('account', 'list')
    assert.deepEqual([listed.code, listed.complaint], [0, ''])
  })
