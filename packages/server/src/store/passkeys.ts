import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import type { Tables } from '../database/tables.ts'

export interface Passkey {
  /** What the authenticator calls it, in base64url. */
  passkeyId: string
  publicKey: Uint8Array
  counter: number
  transports: string[]
  /** What it is, in words of the owner. */
  about: string
  createdAt: number
  usedAt: number | undefined
}

type Row = Tables['passkey']

/** The owner's passkeys, the oldest first. */
export async function listPasskeys(unit: Unit, pda: number): Promise<Passkey[]> {
  const rows = await unit.all<Row>(sql`
    select passkey_id, public_key, counter, transports, about, created_at, used_at from passkey
    where pda_id = ${pda} order by created_at, passkey_id`)
  return rows.map((row) => ({
    passkeyId: row.passkey_id,
    publicKey: row.public_key,
    counter: row.counter,
    transports: JSON.parse(row.transports) as string[],
    about: row.about,
    createdAt: row.created_at,
    usedAt: row.used_at === null ? undefined : row.used_at,
  }))
}

/**
 * Keeps a new passkey.
 * @param askedAt when it was asked for
 * @returns false when there is one with this id
 */
export async function addPasskey(
  unit: Unit,
  pda: number,
  passkey: Omit<Passkey, 'usedAt'>,
  askedAt: number,
): Promise<boolean> {
  const { passkeyId, publicKey, counter, transports, about, createdAt } = passkey
  const added = await unit.insertMissing('passkey', {
    pda_id: pda,
    passkey_id: passkeyId,
    public_key: publicKey,
    counter,
    transports: JSON.stringify(transports),
    about,
    asked_at: askedAt,
    created_at: createdAt,
    used_at: null,
  })
  return added === 1
}

/**
 * Remembers that a passkey answered a question of `askedAt`.
 * @returns false when it answered that one or a younger one before, or is gone: the answer counts for nothing then
 */
export async function usePasskey(
  unit: Unit,
  pda: number,
  used: { passkeyId: string; counter: number; askedAt: number },
  now: number,
): Promise<boolean> {
  const { passkeyId, counter, askedAt } = used
  const counted = await unit.all(sql`
    update passkey set counter = ${counter}, asked_at = ${askedAt}, used_at = ${now}
    where pda_id = ${pda} and passkey_id = ${passkeyId} and asked_at < ${askedAt} returning passkey_id`)
  return counted.length > 0
}

/** Removes a passkey: false when there is none with this id. */
export async function removePasskey(unit: Unit, pda: number, passkeyId: string): Promise<boolean> {
  const gone = await unit.all(
    sql`delete from passkey where pda_id = ${pda} and passkey_id = ${passkeyId} returning passkey_id`,
  )
  return gone.length > 0
}
