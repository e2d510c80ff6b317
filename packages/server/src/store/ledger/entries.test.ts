import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { engines } from '../../../test/engines.ts'
import { makeSigningKey, signText } from '../../auth/keys.ts'
import { checkLedger } from '../../cli/ledger.ts'
import { openDatabase } from '../../database/open.ts'
import type { Database } from '../../database/port.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { newUuidAt } from '../../uuids.ts'
import { addAccount } from '../access/accounts.ts'
import { forgetExpiredKeys, rotateSigningKey } from '../access/signing-keys.ts'
import { forgetName, listEntries, appendAlone, appendEntries } from './entries.ts'
import { entriesOfSeal, listSeals, sealAccount, unsealedAccounts } from './seals.ts'

const start = 1_800_000_000_000
const domain = 'me.example.org'
const pda = 1

function entry(at: number, more: Partial<LedgerEntry> = {}): LedgerEntry {
  return {
    entryId: newUuidAt(at),
    at,
    action: 'read',
    holder: 'tracker',
    tokenId: 'abc',
    dataDebit: null,
    permission: null,
    endpoints: ['rumpel/locations'],
    records: 3,
    address: '192.0.2.7',
    detail: '',
    ...more,
  }
}

const seal = (database: Database, now = start) => sealAccount(database.of(pda), domain, now, signText)

for (const engine of engines) {
  const withAccount = async (play: (database: Database) => Promise<void>) => {
    const database = await openDatabase(await engine.place(), false)
    try {
      await addAccount(database, domain, await makeSigningKey(), start)
      await play(database)
    } finally {
      await database.close()
    }
  }
  const at = ` on ${engine.name}`

  test(`what happened is listed newest first, before it is sealed and after,${at}`, () =>
    withAccount(async (database) => {
      const [one, two, three] = [entry(start), entry(start + 1, { holder: 'owner' }), entry(start + 2)]
      await database.of(pda).write((unit) => appendEntries(unit, [two, one]))
      assert.deepEqual(
        (await unsealedAccounts(database)).map((account) => account.pda),
        [pda],
      )
      assert.deepEqual(await listEntries(database.of(pda), {}, 10), [
        { ...two, seal: undefined },
        { ...one, seal: undefined },
      ])
      assert.equal(await seal(database), 2)
      await appendAlone(database.of(pda), three)
      const listed = await listEntries(database.of(pda), {}, 10)
      assert.deepEqual(listed, [
        { ...three, seal: undefined },
        { ...two, seal: 1 },
        { ...one, seal: 1 },
      ])
      const before = await listEntries(database.of(pda), { before: three.entryId }, 1)
      assert.deepEqual(
        before.map(({ entryId }) => entryId),
        [two.entryId],
      )
    }))

  test(`entries are found by time, action, who, endpoint and data debit,${at}`, () =>
    withAccount(async (database) => {
      const entries = [
        entry(start, { action: 'create' }),
        entry(start + 1000, { holder: 'owner', endpoints: ['a/b', 'a/c'] }),
        entry(start + 2000, { dataDebit: 'survey', permission: 'one' }),
        entry(start + 3000, { endpoints: [], detail: '{"times":2}' }),
      ]
      await database.of(pda).write((unit) => appendEntries(unit, entries.slice(0, 2)))
      await seal(database)
      await database.of(pda).write((unit) => appendEntries(unit, entries.slice(2)))
      const found = async (filter: object) =>
        (await listEntries(database.of(pda), filter, 10)).map(({ at: time }) => (time - start) / 1000)
      assert.deepEqual(await found({ from: start + 1000, to: start + 3000 }), [2, 1])
      assert.deepEqual(await found({ action: 'create' }), [0])
      assert.deepEqual(await found({ holder: 'owner' }), [1])
      assert.deepEqual(await found({ endpoint: 'a/c' }), [1])
      assert.deepEqual(await found({ endpoint: 'a/' }), [])
      assert.deepEqual(await found({ dataDebit: 'survey' }), [2])
      assert.deepEqual(await found({ holder: 'tracker', endpoint: 'rumpel/locations' }), [2, 0])
    }))

  test(`many entries are sealed in blocks that follow one another, and all verify,${at}`, () =>
    withAccount(async (database) => {
      const many = Array.from({ length: 1100 }, (_, number) => entry(start + number, { records: number }))
      await database.of(pda).write((unit) => appendEntries(unit, many))
      assert.equal(await seal(database), 1100)
      assert.equal(await seal(database), 0)
      const [second, first] = await database.of(pda).read((unit) => listSeals(unit, undefined, 10))
      assert.deepEqual([first!.seal, first!.entries, second!.seal, second!.entries], [1, 1000, 2, 100])
      assert.equal(second!.previous, first!.hash)
      assert.deepEqual(await unsealedAccounts(database), [])
      assert.deepEqual(await checkLedger(database, pda), { seals: 2, entries: 1100, fault: undefined })
    }))

  test(`seals made at once by several hands make one chain,${at}`, () =>
    withAccount(async (database) => {
      await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          await appendAlone(database.of(pda), entry(start + number))
          await seal(database)
        }),
      )
      const { entries, fault } = await checkLedger(database, pda)
      assert.deepEqual([entries, fault], [20, undefined])
    }))

  test(`a sealed entry that was altered, removed or inserted by hand is named,${at}`, () =>
    withAccount(async (database) => {
      const entries = [entry(start), entry(start + 1), entry(start + 2)]
      await database.of(pda).write((unit) => appendEntries(unit, entries))
      await seal(database)
      const by = (statement: ReturnType<typeof sql>) => database.of(pda).write((unit) => unit.all(statement))
      const faultAfter = async (statement: ReturnType<typeof sql>) => {
        await by(statement)
        return (await checkLedger(database, pda)).fault
      }
      const id = database.dialect.id(entries[1]!.entryId)
      const altered = await faultAfter(sql`update ledger_entry set holder = 'owner' where entry_id = ${id}`)
      assert.deepEqual(altered, { what: 'entry', how: 'altered', seal: 1, entryId: entries[1]!.entryId })
      const spelt = await faultAfter(sql`update ledger_entry set endpoints = 'none' where entry_id = ${id}`)
      assert.deepEqual(spelt, altered)
      const removed = await faultAfter(sql`delete from ledger_entry where entry_id = ${id}`)
      assert.deepEqual(removed, { what: 'entry', how: 'removed', seal: 1, entryId: entries[2]!.entryId })
      const stray = entry(start + 5)
      await by(sql`delete from ledger_entry`)
      await by(sql`delete from ledger_seal`)
      await database.of(pda).write((unit) => appendEntries(unit, [stray]))
      const inserted = await faultAfter(
        sql`insert into ledger_entry select ledger_fresh.*, 9, 'x' from ledger_fresh`,
      )
      assert.deepEqual(inserted, { what: 'entry', how: 'inserted', seal: 9, entryId: stray.entryId })
    }))

  test(`seals of keys that are long over verify, and their private halves are gone,${at}`, () =>
    withAccount(async (database) => {
      await appendAlone(database.of(pda), entry(start))
      await seal(database)
      const key = await makeSigningKey()
      await database.of(pda).write((unit) => rotateSigningKey(unit, key, start, start + 1000))
      await forgetExpiredKeys(database.of(pda), start + 2000)
      await appendAlone(database.of(pda), entry(start + 2000))
      await seal(database)
      assert.equal((await checkLedger(database, pda)).fault, undefined)
      const secret = await database.one<{ key_id: string }>(
        sql`select key_id from signing_key where private_pem <> ''`,
      )
      assert.deepEqual(
        secret.map((row) => row.key_id),
        [key.keyId],
      )
    }))

  test(`the name of a forgotten endpoint is in no entry, and all verify,${at}`, () =>
    withAccount(async (database) => {
      await appendAlone(database.of(pda), entry(start, { endpoints: ['a/b', 'secret/diary'] }))
      await seal(database)
      await appendAlone(database.of(pda), entry(start + 1, { endpoints: ['secret/diary'] }))
      await forgetName(database.of(pda), 'secret/diary')
      const left = await listEntries(database.of(pda), {}, 10)
      assert.ok(!JSON.stringify(left).includes('secret'))
      assert.equal(left[1]!.endpoints[0], 'a/b')
      await seal(database)
      assert.equal((await checkLedger(database, pda)).fault, undefined)
      const [one] = await database.of(pda).read((unit) => entriesOfSeal(unit, 2))
      assert.match(one!.endpoints[0]!, /^#[\w-]{22}$/)
    }))
}
