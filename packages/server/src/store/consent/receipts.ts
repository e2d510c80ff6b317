import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import { type DataDebit, endOf, type Permission } from '../../domain/consent/data-debit.ts'
import type { ConsentEvent, Copy } from '../../domain/consent/policy.ts'
import { consentReceipt } from '../../domain/consent/receipt.ts'
import { compactJws, receiptType } from '../../jws.ts'
import { newUuidAt } from '../../uuids.ts'
import { currentSigningKey } from '../access/signing-keys.ts'
import { newestSeal } from '../ledger/seals.ts'

type Row = Tables['consent_receipt']

/** A receipt without what it says. */
export interface Receipt {
  receiptId: string
  dataDebit: string
  /** 1 for the first of its data debit. */
  number: number
  permission: number
  event: ConsentEvent
  /** When it happened, in milliseconds since 1970. */
  at: number
  keyId: string
  /** When the consent ends by itself; undefined: it does not, or has ended. */
  endsAt: number | undefined
}

/**
 * Makes the receipt of what happened to a permission, both copies, signed by the account's current key. Together with what it tells
 * of, in one unit, under the account's lock.
 *
 * @param made `at` is when it happened, and `now` when the receipt is made
 */
export async function addReceipt(
  unit: Unit,
  debit: DataDebit,
  permission: Permission,
  made: { event: ConsentEvent; at: number; now: number; replaces?: number },
): Promise<Receipt> {
  const [key, seal, domain, last] = await Promise.all([
    currentSigningKey(unit),
    newestSeal(unit),
    domainOf(unit),
    lastNumber(unit, debit.id),
  ])
  const { event, at, now, replaces } = made
  const receiptId = newUuidAt(now)
  const origin = `${domain.includes(':') ? 'http' : 'https'}://${domain}`
  const consent = { receiptId, at: now, event, domain, origin, debit, permission, replaces, seal }
  const signed = (copy: Copy) => compactJws(key, receiptType, consentReceipt(consent, copy))
  const receipt: Receipt = {
    receiptId,
    dataDebit: debit.id,
    number: last + 1,
    permission: permission.number,
    event,
    at,
    keyId: key.keyId,
    endsAt: goesOn(event, permission) ? endOf(permission) : undefined,
  }
  await unit.insertMany('consent_receipt', {
    pda_id: unit.pda,
    debit_id: [receipt.dataDebit],
    number: receipt.number,
    receipt_id: receiptId,
    permission: receipt.permission,
    event,
    at,
    key_id: receipt.keyId,
    ends_at: receipt.endsAt ?? null,
    owner_copy: signed('owner'),
    requester_copy: signed('requester'),
  })
  return receipt
}

/** Whether values may still be read behind an event, if the time for it comes. */
const goesOn = (event: ConsentEvent, { canceledAtPeriodEnd }: Permission): boolean =>
  event === 'accepted' || event === 'changed' || (event === 'disabled' && canceledAtPeriodEnd)

async function domainOf(unit: Unit): Promise<string> {
  const [row] = await unit.all<{ domain: string }>(
    sql`select domain from domain where pda_id = ${unit.pda} order by domain limit 1`,
  )
  return row!.domain
}

async function lastNumber(unit: Unit, debit: string): Promise<number> {
  const [row] = await unit.all<{ number: number }>(sql`select number from consent_receipt
    where pda_id = ${unit.pda} and debit_id = ${debit} order by number desc limit 1`)
  return row?.number ?? 0
}

const fields = (
  unit: Pick<Unit, 'dialect'>,
) => sql`debit_id, number, ${unit.dialect.idText('receipt_id')} as receipt_id,
  permission, event, at, key_id, ends_at`

const receiptOf = (row: Row): Receipt => ({
  receiptId: row.receipt_id,
  dataDebit: row.debit_id,
  number: row.number,
  permission: row.permission,
  event: row.event as ConsentEvent,
  at: row.at,
  keyId: row.key_id,
  endsAt: row.ends_at ?? undefined,
})

/** The receipts of a data debit, newest first. @param before only those with a smaller number */
export async function listReceipts(
  unit: Unit,
  debit: string,
  before: number | undefined,
  most: number,
): Promise<Receipt[]> {
  const behind = before === undefined ? sql`` : sql`and number < ${before}`
  const rows = await unit.all<Row>(sql`select ${fields(unit)} from consent_receipt
    where pda_id = ${unit.pda} and debit_id = ${debit} ${behind} order by number desc limit ${most}`)
  return rows.map(receiptOf)
}

/** The receipt that says how the consent to a data debit stands; a declined change does not touch it. */
export async function standingReceipt(unit: Unit, debit: string): Promise<Receipt | undefined> {
  const [row] = await unit.all<Row>(sql`select ${fields(unit)} from consent_receipt
    where pda_id = ${unit.pda} and debit_id = ${debit} and event <> 'rejected' order by number desc limit 1`)
  return row && receiptOf(row)
}

/** Whether there is a receipt already of declining a permission at this time. */
export async function isDeclined(
  unit: Unit,
  debit: string,
  permission: number,
  at: number,
): Promise<boolean> {
  const rows =
    await unit.all(sql`select 1 from consent_receipt where pda_id = ${unit.pda} and debit_id = ${debit}
    and permission = ${permission} and event = 'rejected' and at = ${at} limit 1`)
  return rows.length > 0
}

/** A copy of a receipt as it was signed, a compact JWS; undefined when there is none with this id. */
export async function findReceipt(
  unit: Unit,
  receiptId: string,
  copy: Copy,
): Promise<{ dataDebit: string; jws: string } | undefined> {
  const column = sql.ref(copy === 'owner' ? 'owner_copy' : 'requester_copy')
  const [row] = await unit.all<{ debit_id: string; jws: string }>(sql`select debit_id, ${column} as jws
    from consent_receipt where pda_id = ${unit.pda} and receipt_id = ${unit.dialect.id(receiptId)}`)
  return row && { dataDebit: row.debit_id, jws: row.jws }
}

/** The data debits of an account whose consent has ended by itself, without a receipt of that. */
export async function endedDebits(database: AccountDatabase, now: number): Promise<string[]> {
  const rows = await database.one<{ debit_id: string }>(sql`select debit_id from consent_receipt
    where pda_id = ${database.pda} and ends_at <= ${now} and not exists (select 1 from consent_receipt later
      where later.pda_id = ${database.pda} and later.debit_id = consent_receipt.debit_id
        and later.number > consent_receipt.number and later.event <> 'rejected') order by debit_id`)
  return rows.map((row) => row.debit_id)
}
