import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { sql } from 'kysely'
import { engines } from '../../test/engines.ts'
import { openDatabase } from './open.ts'
import { type Database, fingerprintBytes, type Unit } from './port.ts'
import { placeBase } from './tables.ts'

const account = 1

async function open(place: { dataDir: string; databaseUrl: string | undefined }): Promise<Database> {
  const database = await openDatabase(place, false)
  await database
    .of(account)
    .write((unit) => unit.insertMany('pda', { pda_id: account, seq: 0, created_at: 0 }))
  return database
}

const bump = (unit: Unit) => unit.allocateSeq(1)

const seqOf = async (database: Database) =>
  (
    await database.read((unit) =>
      unit.all(sql<{ seq: number }>`select seq from pda where pda_id = ${account}`),
    )
  )[0]!.seq

/** Saves one record that is nothing but its fingerprint, unless the fingerprint is taken. */
async function save(unit: Unit, fingerprint: string): Promise<boolean> {
  const seq = await bump(unit)
  const [holder] = await unit.findDuplicates([fingerprint])
  if (holder !== undefined) throw new Error('taken')
  const place = placeBase(account) + seq
  const record_id = `01932c07-0000-7000-8000-${String(seq).padStart(12, '0')}`
  await unit.insertMany('record', {
    pda_id: account,
    place,
    endpoint_id: 1,
    record_id,
    fingerprint: fingerprintBytes(fingerprint),
    created_at: 0,
    writer: 'owner',
    data: '1',
  })
  unit.rememberFingerprints([fingerprint], [place])
  return true
}

const fingerprintOf = (number: number) => {
  const bytes = Buffer.alloc(16)
  bytes.writeUInt32BE(Math.imul(number, 0x9e3779b1) >>> 0, 0)
  bytes.writeUInt32BE(number, 8)
  return bytes.toString('latin1')
}

for (const engine of engines) {
  describe(`the database on ${engine.name}`, () => {
    it('promises that what it acknowledged survives a power cut', async () => {
      const database = await open(await engine.place())
      const expected =
        engine.name === 'SQLite'
          ? { journal_mode: 'wal', synchronous: '2' }
          : { fsync: 'on', synchronous_commit: 'on' }
      assert.deepEqual(await database.durability(), expected)
      await database.close()
    })

    it('counts without a gap when units arrive together and some fail', async () => {
      const database = await open(await engine.place())
      const outcomes = await Promise.allSettled(
        Array.from({ length: 40 }, (_, index) =>
          database.of(account).write(async (unit) => {
            const seq = await bump(unit)
            if (index % 3 === 0) throw new Error('changed its mind')
            return seq
          }),
        ),
      )
      const kept = outcomes
        .filter((outcome) => outcome.status === 'fulfilled')
        .map((outcome) => outcome.value)
      assert.deepEqual(
        kept,
        Array.from({ length: kept.length }, (_, index) => index + 1),
      )
      assert.equal(await seqOf(database), kept.length)
      await database.close()
    })

    it('refuses a unit inside a unit, and a unit kept after its end', async () => {
      const database = await open(await engine.place())
      await assert.rejects(
        database.of(account).write(() => database.of(account).write(bump)),
        /inside a unit/,
      )
      await assert.rejects(
        database.of(account).write(() => database.of(account).read(bump)),
        /inside a unit/,
      )
      let kept: Unit | undefined
      await database.of(account).write(async (unit) => {
        kept = unit
      })
      await assert.rejects(async () => bump(kept!), /after its function had returned/)
      await database.close()
    })

    it('knows every fingerprint it holds, also those that another process wrote or that were rolled back', async () => {
      const place = await engine.place()
      const database = await open(place)
      const other = await openDatabase(place, false)
      for (let number = 0; number < 30; number++) {
        const writer = number % 5 === 0 ? other : database
        await writer.of(account).write((unit) => save(unit, fingerprintOf(number)))
      }
      await assert.rejects(
        database.of(account).write(async (unit) => {
          await save(unit, fingerprintOf(100))
          throw new Error('changed its mind')
        }),
      )
      await database.of(account).write((unit) => save(unit, fingerprintOf(100)))
      for (const number of [0, 7, 10, 29, 100]) {
        await assert.rejects(
          database.of(account).write((unit) => save(unit, fingerprintOf(number))),
          /taken/,
        )
        await assert.rejects(
          other.of(account).write((unit) => save(unit, fingerprintOf(number))),
          /taken/,
        )
      }
      await Promise.all([database.close(), other.close()])
    })

    it('knows a fingerprint that a unit let go and then failed, although it was the first to ask', async () => {
      const place = await engine.place()
      const database = await open(place)
      await database.of(account).write((unit) => save(unit, fingerprintOf(1)))
      const other = await openDatabase(place, false)
      await assert.rejects(
        other.of(account).write(async (unit) => {
          await unit.allocateSeq(1)
          await unit.all(sql`update record set fingerprint = null where pda_id = ${account}`)
          assert.deepEqual(await unit.findDuplicates([fingerprintOf(1)]), [undefined])
          throw new Error('changed its mind')
        }),
      )
      await assert.rejects(
        other.of(account).write((unit) => save(unit, fingerprintOf(1))),
        /taken/,
      )
      await Promise.all([database.close(), other.close()])
    })

    it('stores nothing of a unit in which one of several statements fails', async () => {
      const database = await open(await engine.place())
      const places = Array.from({ length: 5000 }, (_, index) => placeBase(account) + 1 + index)
      for (const beside of [0, 3]) {
        const failing = database
          .of(account)
          .write((unit) =>
            Promise.all([
              unit.insertMany('link', { pda_id: account, group_id: 1, place: places }),
              unit.all(sql`select 1 from nowhere`),
            ]),
          )
        const others = Array.from({ length: beside }, () => database.of(account).write(bump))
        await assert.rejects(failing, /nowhere/)
        await Promise.all(others)
      }
      await database.of(account).write(bump)
      assert.deepEqual(await database.one(sql`select place from link where pda_id = ${account}`), [])
      await database.close()
    })

    it('keeps ids as text for us and compares them as one', async () => {
      const database = await open(await engine.place())
      await database.of(account).write((unit) => save(unit, fingerprintOf(1)))
      const { idText, among, id } = database.dialect
      const recordId = '01932c07-0000-7000-8000-000000000001'
      const rows = await database.of(account).background(
        sql<{ id: string }>`select ${idText('record_id')} as id from record
          where ${among('record_id', [recordId], 'id')} and record_id = ${id(recordId)} and ${among('writer', ['owner'], 'text')}`,
      )
      assert.equal(rows[0]!.id, recordId)
      await database.close()
    })

    it('starts twice at once on an empty home', async () => {
      const place = await engine.bare()
      const both = await Promise.all([openDatabase(place, false), openDatabase(place, false)])
      await Promise.all(both.map((database) => database.close()))
    })
  })
}
