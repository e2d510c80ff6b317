import { sql } from 'kysely'
import type { AccountDatabase, Database, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'
import type { DataDebit } from '../../domain/consent/data-debit.ts'
import { callbackOf, namesHost, type Notice } from '../../domain/consent/notices.ts'
import { newUuidAt } from '../../uuids.ts'
import type { Receipt } from './receipts.ts'

/** How long what became of a notice is kept. */
const keptMilliseconds = 30 * 86_400_000

/** A notice that this process may send, until its lease is over. */
export interface TakenNotice extends Notice {
  address: string
  /** This attempt counted. */
  attempts: number
  lease: number
}

/**
 * Keeps that the owner has seen the host of a data debit's callback, and agreed to have it told.
 * @param host as the owner named it
 * @returns false when the callback has another host, or none
 */
export async function agreeToHost(
  unit: Unit,
  { id, client }: DataDebit,
  host: string,
  now: number,
): Promise<boolean> {
  const callback = callbackOf(client.callbackUrl)
  if (callback === undefined || !namesHost(callback, host)) return false
  await unit.all(sql`delete from notice_host where pda_id = ${unit.pda} and debit_id = ${id}`)
  await unit.insertMany('notice_host', {
    pda_id: unit.pda,
    debit_id: [id],
    host: callback.host,
    agreed_at: now,
  })
  return true
}

/** Puts down what a requester is to be told of the owner's decisions, if there is an address that the owner agreed to. */
export async function addNotices(
  unit: Unit,
  { id, client }: DataDebit,
  made: readonly Receipt[],
): Promise<void> {
  const receipts = made.filter(({ event }) => event !== 'expired')
  const callback = callbackOf(client.callbackUrl)
  if (callback === undefined || receipts.length === 0) return
  const agreed = await unit.all(sql`select 1 from notice_host
    where pda_id = ${unit.pda} and debit_id = ${id} and host = ${callback.host}`)
  if (agreed.length === 0) return
  await unit.insertMany('notice', {
    pda_id: unit.pda,
    notice_id: receipts.map(({ at }) => newUuidAt(at)),
    debit_id: id,
    receipt_id: receipts.map(({ receiptId }) => receiptId),
    permission: receipts.map(({ permission }) => permission),
    event: receipts.map(({ event }) => event),
    address: callback.href,
    created_at: receipts.map(({ at }) => at),
    attempts: 0,
    next_at: receipts.map(({ at }) => at),
    status: null,
  })
}

/** Forgets what was to be told about a data debit, and that it may be. */
export async function removeNotices(unit: Unit, debit: string): Promise<void> {
  await unit.all(sql`delete from notice where pda_id = ${unit.pda} and debit_id = ${debit}`)
  await unit.all(sql`delete from notice_host where pda_id = ${unit.pda} and debit_id = ${debit}`)
}

/** The accounts that have a notice to send. */
export async function accountsToTell(
  database: Database,
  now: number,
): Promise<{ pda: number; domain: string }[]> {
  return database.one(sql`select pda_id as pda, min(domain) as domain from domain
    where pda_id in (select pda_id from notice where next_at <= ${now})
    group by pda_id order by pda_id`)
}

/**
 * Takes the notices that are due for this process: until the lease is over no other process finds them. One whose process died
 * is found again then.
 */
export async function takeNotices(
  database: AccountDatabase,
  domain: string,
  now: number,
  lease: number,
  most: number,
): Promise<TakenNotice[]> {
  return database.write(async (unit) => {
    await unit.lock()
    const { dialect } = unit
    const due = await unit.all<
      Tables['notice']
    >(sql`select ${dialect.idText('notice_id')} as notice_id, debit_id,
        ${dialect.idText('receipt_id')} as receipt_id, permission, event, address, created_at, attempts
      from notice where pda_id = ${unit.pda} and next_at <= ${now} order by next_at, created_at limit ${most}`)
    const ids = due.map((row) => row.notice_id)
    if (ids.length > 0)
      await unit.all(sql`update notice set next_at = ${lease}, attempts = attempts + 1
        where pda_id = ${unit.pda} and ${dialect.among('notice_id', ids, 'id')}`)
    return due.map((row) => ({
      noticeId: row.notice_id,
      domain,
      dataDebit: row.debit_id,
      permission: row.permission,
      event: row.event,
      at: row.created_at,
      receiptId: row.receipt_id,
      address: row.address,
      attempts: row.attempts + 1,
      lease,
    }))
  })
}

/** Keeps how an attempt went, if it is still this process's. @param nextAt undefined: it is not sent again */
export async function settleNotice(
  unit: Unit,
  { noticeId, lease }: TakenNotice,
  status: number,
  nextAt: number | undefined,
): Promise<void> {
  await unit.all(sql`update notice set next_at = ${nextAt ?? null}, status = ${status}
    where pda_id = ${unit.pda} and notice_id = ${unit.dialect.id(noticeId)} and next_at = ${lease}`)
}

/** Both halves of the key that signs an account's notices: the private one in PEM, the public one as `whpk_` has it. */
export interface NoticeKey {
  privatePem: string
  publicKey: string
}

/** The account's key; undefined while it has none. */
export async function findNoticeKey(unit: Unit): Promise<NoticeKey | undefined> {
  const [row] = await unit.all<{ private_key: string; public_key: string }>(
    sql`select private_key, public_key from notice_key where pda_id = ${unit.pda}`,
  )
  return row && { privatePem: row.private_key, publicKey: row.public_key }
}

/** Gives the account its key, unless it has one by now. @returns the one it has */
export async function addNoticeKey(unit: Unit, key: NoticeKey, now: number): Promise<NoticeKey> {
  await unit.lock()
  const there = await findNoticeKey(unit)
  if (there) return there
  await unit.insertMany('notice_key', {
    pda_id: unit.pda,
    private_key: [key.privatePem],
    public_key: key.publicKey,
    created_at: now,
  })
  return key
}

/** Forgets what became of notices that nobody asks about any more. */
export async function forgetNotices(database: AccountDatabase, now: number): Promise<void> {
  const over = sql`pda_id = ${database.pda} and next_at is null and created_at <= ${now - keptMilliseconds}`
  const old = await database.one(sql`select 1 from notice where ${over} limit 1`)
  if (old.length > 0) await database.write((unit) => unit.all(sql`delete from notice where ${over}`))
}
