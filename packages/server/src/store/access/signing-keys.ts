import { sql } from 'kysely'
import type { AccountDatabase, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'

/** An RSA key that signs an account's tokens, both halves in PEM. */
export interface SigningKey {
  keyId: string
  privatePem: string
  publicPem: string
}

type Row = { key_id: string; private_pem: string; public_pem: string }

export async function addSigningKey(unit: Unit, key: SigningKey, now: number): Promise<void> {
  await unit.all(sql`
    insert into signing_key (pda_id, key_id, private_pem, public_pem, created_at)
    values (${unit.pda}, ${key.keyId}, ${key.privatePem}, ${key.publicPem}, ${now})`)
}

/** The key that signs new tokens and that `/publickey` shows: the one without an end. */
export async function currentSigningKey(unit: Unit): Promise<SigningKey> {
  const [row] = await unit.all<Row>(sql`
    select key_id, private_pem, public_pem from signing_key where pda_id = ${unit.pda} and expires_at is null
    order by created_at desc, key_id limit 1`)
  if (row === undefined) throw new Error(`account ${unit.pda} has no signing key`)
  return { keyId: row.key_id, privatePem: row.private_pem, publicPem: row.public_pem }
}

/** The public half of one of the account's keys, in PEM. */
export async function findPublicKey(unit: Unit, keyId: string): Promise<string | undefined> {
  const [row] = await unit.all<Row>(
    sql`select public_pem from signing_key where pda_id = ${unit.pda} and key_id = ${keyId}`,
  )
  return row?.public_pem
}

/** A key as it is listed; `expiresAt` is undefined for the one that signs. Times in milliseconds since 1970. */
export interface KeptKey {
  keyId: string
  publicPem: string
  createdAt: number
  expiresAt: number | undefined
}

/** The keys of the account that still count, the one that signs first, then the youngest. */
export async function listSigningKeys(unit: Unit, now: number): Promise<KeptKey[]> {
  const rows = await unit.all<Omit<Tables['signing_key'], 'pda_id' | 'private_pem'>>(sql`
    select key_id, public_pem, created_at, expires_at from signing_key
    where pda_id = ${unit.pda} and (expires_at is null or expires_at > ${now})
    order by case when expires_at is null then 0 else 1 end, created_at desc, key_id`)
  return rows.map((row) => ({
    keyId: row.key_id,
    publicPem: row.public_pem,
    createdAt: row.created_at,
    expiresAt: row.expires_at ?? undefined,
  }))
}

/** Makes a new key the one that signs; what the others signed counts until `end`, if they do not end sooner. Notices get a new one, too. */
export async function rotateSigningKey(unit: Unit, key: SigningKey, now: number, end: number): Promise<void> {
  await unit.lock()
  await unit.all(sql`
    update signing_key set expires_at = ${end}
    where pda_id = ${unit.pda} and (expires_at is null or expires_at > ${end})`)
  await addSigningKey(unit, key, now)
  await removeNoticeKey(unit)
}

/** Forgets the private halves of an account's keys whose time is over: the public ones verify for ever what they signed. */
export async function forgetExpiredKeys(database: AccountDatabase, now: number): Promise<void> {
  const over = sql`pda_id = ${database.pda} and expires_at <= ${now} and private_pem <> ''`
  const expired = await database.one(sql`select 1 from signing_key where ${over} limit 1`)
  if (expired.length === 0) return
  await database.write((unit) => unit.all(sql`update signing_key set private_pem = '' where ${over}`))
}

/** Forgets the account's key: the next notice makes another. */
async function removeNoticeKey(unit: Unit): Promise<void> {
  await unit.all(sql`delete from notice_key where pda_id = ${unit.pda}`)
}
