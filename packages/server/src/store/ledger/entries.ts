import { type RawBuilder, sql } from 'kysely'
import type { AccountDatabase, Dialect, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { type LedgerEntry, nameless } from '../../domain/ledger.ts'

/** How many endpoints one entry names: a batch may have a million. */
const maxNamed = 1000
/** Entries whose endpoint is forgotten by one unit. */
const rowsForgotten = 500

export type EntryRow = Omit<Tables['ledger_fresh'], 'pda_id'>

/** The entry of a request once it is known which endpoints and how many records it concerned. */
export function concerning(entry: LedgerEntry, endpoints: Iterable<string>, records: number): LedgerEntry {
  const names = [...new Set(endpoints)]
  if (names.length <= maxNamed) return { ...entry, endpoints: names, records }
  const detail = JSON.stringify({ endpoints: names.length })
  return { ...entry, endpoints: names.slice(0, maxNamed), records, detail }
}

/** Notes what happened, in the unit of what happened: both or neither. */
export async function appendEntry(unit: Unit, entry: LedgerEntry | undefined): Promise<void> {
  if (entry) await appendEntries(unit, [entry])
}

/** The same for several, by one statement. */
export async function appendEntries(unit: Unit, entries: readonly LedgerEntry[]): Promise<void> {
  if (entries.length > 0) await unit.insertMany('ledger_fresh', entryColumns(unit, entries))
}

/** One unit of work with its entry: both or neither. Work that gives `false` or `undefined` changed nothing, and has none. */
export function writeWithEntry<T>(
  database: AccountDatabase,
  entry: LedgerEntry | undefined,
  work: (unit: Unit) => Promise<T>,
): Promise<T> {
  return database.write(async (unit) => {
    const done = await work(unit)
    if (done !== false && done !== undefined) await appendEntry(unit, entry)
    return done
  })
}

/** Notes what was read: resolves when it is durable. Callers that wait at the same time share a unit. */
export async function appendAlone(database: AccountDatabase, entry: LedgerEntry): Promise<void> {
  await database.writeCoalesced(appendShared, entry, 1)
}

async function appendShared(unit: Unit, entries: LedgerEntry[]): Promise<undefined[]> {
  await appendEntries(unit, entries)
  return entries.map(() => undefined)
}

/** Entries as the columns of their table. */
export function entryColumns({ pda }: Unit, entries: readonly LedgerEntry[]) {
  return {
    pda_id: pda,
    entry_id: entries.map((entry) => entry.entryId),
    at: entries.map((entry) => entry.at),
    action: entries.map((entry) => entry.action),
    holder: entries.map((entry) => entry.holder),
    token_id: entries.map((entry) => entry.tokenId),
    data_debit: entries.map((entry) => entry.dataDebit),
    permission: entries.map((entry) => entry.permission),
    endpoints: entries.map((entry) => JSON.stringify(entry.endpoints)),
    records: entries.map((entry) => entry.records),
    address: entries.map((entry) => entry.address),
    detail: entries.map((entry) => entry.detail),
  }
}

/** The columns that `entryOf` reads. */
export const entryFields = (
  dialect: Dialect,
) => sql`${dialect.idText('entry_id')} as entry_id, at, action, holder,
  token_id, data_debit, permission, endpoints, records, address, detail`

export function entryOf(row: EntryRow): LedgerEntry {
  return {
    entryId: row.entry_id,
    at: row.at,
    action: row.action as LedgerEntry['action'],
    holder: row.holder,
    tokenId: row.token_id,
    dataDebit: row.data_debit,
    permission: row.permission,
    endpoints: namesIn(row.endpoints),
    records: row.records,
    address: row.address,
    detail: row.detail,
  }
}

/** What is no list any more was changed by somebody: it is shown as it is, and found by verifying. */
function namesIn(text: string): string[] {
  try {
    const names: unknown = JSON.parse(text)
    if (Array.isArray(names)) return names.map(String)
  } catch {}
  return [text]
}

/** Which entries are asked for: those for which all that is given holds. */
export interface LedgerFilter {
  /** Times in milliseconds since 1970, `to` not included. */
  from?: number
  to?: number
  action?: string
  holder?: string
  endpoint?: string
  dataDebit?: string
  /** Only those before this entry. */
  before?: string
}

/** An entry, and the seal that closes it; undefined while it has none. */
export type ListedEntry = LedgerEntry & { seal: number | undefined }

/** Entries, newest first, sealed or not. */
export async function listEntries(
  database: AccountDatabase,
  filter: LedgerFilter,
  most: number,
): Promise<ListedEntry[]> {
  const { dialect } = database
  const wanted = conditions(dialect, filter)
  const from = (table: string, seal: RawBuilder<unknown>) =>
    sql`select * from (select entry_id as place, ${entryFields(dialect)}, ${seal} as seal from ${sql.table(table)}
      where pda_id = ${database.pda} ${wanted} order by entry_id desc limit ${most}) ${sql.ref(`of_${table}`)}`
  const statement = sql<EntryRow & { seal: number }>`select * from (
      ${from('ledger_fresh', sql`0`)} union all ${from('ledger_entry', sql`seal`)}) found
    order by place desc limit ${most}`
  // Where most entries may be passed over, off the thread that answers requests.
  const { action, holder, endpoint, dataDebit } = filter
  const isRare = [action, holder, endpoint, dataDebit].some((value) => value !== undefined)
  const rows = await (isRare ? database.background(statement) : database.one(statement))
  return rows.map((row) => ({ ...entryOf(row), seal: row.seal || undefined }))
}

function conditions(dialect: Dialect, filter: LedgerFilter): RawBuilder<unknown> {
  const { from, to, action, holder, endpoint, dataDebit, before } = filter
  const parts = [
    from !== undefined && sql`and entry_id >= ${dialect.id(firstId(from))}`,
    to !== undefined && sql`and entry_id < ${dialect.id(firstId(to))}`,
    before !== undefined && sql`and entry_id < ${dialect.id(before)}`,
    action !== undefined && sql`and action = ${action}`,
    holder !== undefined && sql`and holder = ${holder}`,
    endpoint !== undefined && naming(endpoint),
    dataDebit !== undefined && sql`and data_debit = ${dataDebit}`,
  ]
  return sql.join(
    parts.filter((part) => part !== false),
    sql` `,
  )
}

/** Names of endpoints have nothing in them that LIKE takes for more than itself. */
const naming = (endpoint: string) => sql`and endpoints like ${`%${JSON.stringify(endpoint)}%`}`

/** The least id that an entry of this time can have. */
function firstId(at: number): string {
  const hex = Math.max(0, at).toString(16).padStart(12, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`
}

/**
 * Notes sums that were gathered for a while: an endpoint that is not there, perhaps because it was erased meanwhile, is not named.
 */
export async function appendSums(unit: Unit, entries: readonly LedgerEntry[]): Promise<void> {
  await unit.lock()
  const names = [...new Set(entries.flatMap((entry) => entry.endpoints))]
  const rows = await unit.all<{ name: string }>(
    sql`select name from endpoint where pda_id = ${unit.pda} and ${unit.dialect.among('name', names, 'text')}`,
  )
  const there = new Set(rows.map((row) => row.name))
  const named = entries.map((entry) => ({
    ...entry,
    endpoints: entry.endpoints.map((name) => (there.has(name) ? name : nameless(entry.entryId, name))),
  }))
  await appendEntries(unit, named)
}

/**
 * Takes the name of an erased endpoint out of all entries, which stay as they were sealed.
 * @returns out of how many
 */
export async function forgetName(database: AccountDatabase, name: string): Promise<number> {
  let forgotten = 0
  // In this order: what is sealed meanwhile is found among the sealed.
  for (const table of ['ledger_fresh', 'ledger_entry'] as const)
    forgotten += await forgetIn(database, table, name)
  return forgotten
}

async function forgetIn(
  database: AccountDatabase,
  table: 'ledger_fresh' | 'ledger_entry',
  name: string,
): Promise<number> {
  const { dialect } = database
  const ofTable = sql.table(table)
  let forgotten = 0
  for (let left = rowsForgotten; left === rowsForgotten;) {
    const rows = await database.background<EntryRow>(
      sql`select ${entryFields(dialect)} from ${ofTable} where pda_id = ${database.pda} ${naming(name)} limit ${rowsForgotten}`,
    )
    if (rows.length > 0)
      await database.write((unit) =>
        Promise.all(
          rows.map(({ entry_id, endpoints }) =>
            unit.all(sql`update ${ofTable} set endpoints = ${withoutName(entry_id, endpoints, name)}
              where pda_id = ${unit.pda} and entry_id = ${unit.dialect.id(entry_id)}`),
          ),
        ),
      )
    left = rows.length
    forgotten += left
  }
  return forgotten
}

function withoutName(entryId: string, endpoints: string, name: string): string {
  return JSON.stringify(namesIn(endpoints).map((one) => (one === name ? nameless(entryId, one) : one)))
}
