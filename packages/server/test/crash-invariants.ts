import assert from 'node:assert/strict'
import { sql } from 'kysely'
import type { Database, Unit } from '../src/database/port.ts'
import { placeBase } from '../src/database/tables.ts'
import { canonical, fingerprint } from '../src/domain/json/fingerprint.ts'
import { keyAt, pathOf } from '../src/domain/queries/ordering.ts'
import { blockPlaces } from '../src/store/records/endpoints.ts'
import { type Found, type Ledger, nameOf } from './crash-ledger.ts'

interface Row {
  place: number
  record_id: string
  name: string
  endpoint_id: number
  fingerprint: Uint8Array
  updated_seq: number | null
  data: string
}
interface Version {
  place: number
  seq: number
  record_id: string
  replaced_seq: number
  deleted: number
  data: string
}

/** All that one account's tables hold. */
export interface Contents {
  seq: number
  rows: Row[]
  versions: Version[]
  links: { group_id: number; place: number }[]
  blocks: { endpoint_id: number; block: number; records: number; bytes: number }[]
  paths: {
    endpoint_id: number
    path_id: number
    path: string
    descending: number
    filled_to: number | null
    fill_end: number
  }[]
  keys: { endpoint_id: number; path_id: number; key: Uint8Array; back: number }[]
  /** Records that the account's own ledger says were saved, updated or deleted. */
  noted: number
}

const pda = 1

export function readContents(database: Database): Promise<Contents> {
  return database.of(pda).read(async (unit: Unit) => {
    const id = unit.dialect.idText('record_id')
    const [counter] = await unit.all<{ seq: number }>(sql`select seq from pda where pda_id = ${pda}`)
    return {
      seq: counter!.seq,
      rows: await unit.all<Row>(sql`select place, ${id} as record_id, name, record.endpoint_id, fingerprint, updated_seq, data
        from record left join endpoint on endpoint.pda_id = record.pda_id and endpoint.endpoint_id = record.endpoint_id
        order by place`),
      versions: await unit.all<Version>(sql`select place, seq, ${id} as record_id, replaced_seq, deleted, data
        from record_history order by place, seq`),
      links: await unit.all(sql`select group_id, place from link`),
      blocks: await unit.all(sql`select endpoint_id, block, records, bytes from endpoint_block`),
      paths: await unit.all(
        sql`select endpoint_id, path_id, path, descending, filled_to, fill_end from order_path`,
      ),
      keys: await unit.all(sql`select endpoint_id, path_id, key, back from order_key`),
      noted: (
        await unit.all<{ noted: number }>(sql`select coalesce(sum(records), 0) as noted from (
          select action, records from ledger_fresh union all select action, records from ledger_entry) entries
        where action in ('create', 'update', 'delete')`)
      )[0]!.noted,
    }
  })
}

/** What tells whether an unacknowledged request happened. */
export function foundIn({ rows, links }: Contents): Found {
  const idAt = new Map(rows.map((row) => [row.place, row.record_id]))
  const groups = Map.groupBy(links, (link) => link.group_id)
  return {
    texts: new Map(rows.map((row) => [row.record_id, row.data])),
    ids: new Map(rows.map((row) => [`${row.name} ${row.data}`, row.record_id])),
    groups: [...groups.values()].map((group) =>
      nameOf(group.map(({ place }) => idAt.get(place) ?? 'nothing')),
    ),
  }
}

/** The tables hold exactly what the ledger says: nothing lost, nothing half, nothing more. */
export function holdsExactly(contents: Contents, ledger: Ledger): void {
  const stored = new Map(contents.rows.map((row) => [row.record_id, `${row.name} ${row.data}`]))
  const expected = new Map([...ledger.records].map(([id, { endpoint, text }]) => [id, `${endpoint} ${text}`]))
  same(stored, expected, 'records')
  const versions = Map.groupBy(contents.versions, (version) => version.record_id)
  const kept = [...versions].map(([id, list]): [string, string] => [
    id,
    list.map(({ data }) => data).join('\n'),
  ])
  const replaced = [...ledger.records, ...ledger.deleted].filter(([, record]) => record.versions.length > 0)
  same(
    new Map(kept),
    new Map(replaced.map(([id, record]) => [id, record.versions.join('\n')])),
    'versions in the history',
  )
  const groups = ledger.groups.filter((group) => group.size > 0).map(nameOf)
  assert.deepEqual(foundIn(contents).groups.toSorted(), groups.toSorted(), 'links')
}

function same(stored: Map<string, string>, expected: Map<string, string>, what: string): void {
  for (const [id, text] of expected) assert.equal(stored.get(id), text, `${what}: ${id}`)
  for (const id of stored.keys()) assert.ok(expected.has(id), `${what}: ${id} is half of a request`)
}

/** What must be true of the tables whatever happened. */
export function invariantsHold(contents: Contents, erased: boolean): void {
  seqIsGapless(contents, erased)
  assert.equal(
    contents.noted,
    contents.seq,
    'a change without its entry in the ledger, or an entry without its change',
  )
  versionsChain(contents)
  countsAgree(contents)
  keysAgree(contents)
  for (const { name, data, fingerprint: stored, place } of contents.rows)
    assert.deepEqual(
      Buffer.from(stored),
      Buffer.from(fingerprint(name, canonical(data).text), 'latin1'),
      `fingerprint at ${place}`,
    )
}

/** Each step of the counter belongs to exactly one saving, update or deletion. */
function seqIsGapless({ seq, rows, versions }: Contents, erased: boolean): void {
  const saved = new Set([...rows, ...versions].map(({ place }) => place - placeBase(pda)))
  const steps = [...saved, ...versions.map((version) => version.replaced_seq)]
  assert.equal(new Set(steps).size, steps.length, 'a step of the counter was used twice')
  assert.equal(new Set(rows.map(({ place }) => place)).size, rows.length, 'a place was used twice')
  assert.ok(
    steps.every((step) => step >= 1 && step <= seq),
    'a step is beyond the counter',
  )
  if (!erased) assert.equal(steps.length, seq, 'the counter has a gap')
}

/** Each version was replaced by the next one, the last by the record as it is, or by its deletion. */
function versionsChain({ rows, versions }: Contents): void {
  const records = new Map(rows.map((row) => [row.place, row]))
  for (const [place, list] of Map.groupBy(versions, (version) => version.place)) {
    assert.equal(list[0]!.seq, place - placeBase(pda), 'the first version is that of the saving')
    for (const [index, version] of list.entries()) {
      const next = list[index + 1]
      const record = records.get(place)
      assert.equal(version.replaced_seq, next?.seq ?? record?.updated_seq ?? version.replaced_seq)
      assert.equal(version.deleted === 1, !next && !record, 'a deletion is the last that happens to a record')
    }
  }
  for (const { place, updated_seq } of rows)
    assert.equal(
      updated_seq !== null,
      versions.some((version) => version.place === place),
      'an update without version',
    )
}

function countsAgree({ rows, blocks }: Contents): void {
  const counted = new Map<string, { records: number; bytes: number }>()
  for (const { place, endpoint_id, data } of rows) {
    const key = `${endpoint_id} ${Math.floor((place - placeBase(pda)) / blockPlaces)}`
    const { records, bytes } = counted.get(key) ?? { records: 0, bytes: 0 }
    counted.set(key, { records: records + 1, bytes: bytes + Buffer.byteLength(data) })
  }
  for (const { endpoint_id, block, records, bytes } of blocks) {
    const key = `${endpoint_id} ${block}`
    assert.deepEqual(
      { records, bytes },
      counted.get(key) ?? { records: 0, bytes: 0 },
      `counts of block ${key}`,
    )
    counted.delete(key)
  }
  assert.equal(counted.size, 0, 'records without counts')
}

/** A path has the keys of exactly the records it was filled with so far, and of those written since. */
function keysAgree({ rows, paths, keys }: Contents): void {
  const stored = new Set(
    keys.map(({ endpoint_id, path_id, key, back }) => nameKey(endpoint_id, path_id, key, back)),
  )
  assert.equal(stored.size, keys.length)
  let expected = 0
  for (const { endpoint_id, path_id, path, descending, filled_to, fill_end } of paths) {
    for (const row of rows) {
      if (row.endpoint_id !== endpoint_id) continue
      if (filled_to !== null && row.place > filled_to && row.place <= fill_end) continue
      const key = keyAt(row.data, pathOf(path), descending === 1)
      assert.ok(
        stored.has(nameKey(endpoint_id, path_id, key, -row.place)),
        `the key of ${path} at ${row.place}`,
      )
      expected += 1
    }
  }
  // A record updated while its path is being filled has its key already.
  const early = paths.some((path) => path.filled_to !== null)
  assert.ok(early ? keys.length >= expected : keys.length === expected, 'keys of no record')
}

const nameKey = (endpointId: number, pathId: number, key: Uint8Array, back: number) =>
  `${endpointId} ${pathId} ${Buffer.from(key).toString('hex')} ${back}`
