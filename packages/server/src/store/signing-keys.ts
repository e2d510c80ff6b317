import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'

/** An RSA key that signs an account's tokens, both halves in PEM. */
export interface SigningKey {
  keyId: string
  privatePem: string
  publicPem: string
}

type Row = { key_id: string; private_pem: string; public_pem: string }

export async function addSigningKey(unit: Unit, pda: number, key: SigningKey, now: number): Promise<void> {
  await unit.all(sql`
    insert into signing_key (pda_id, key_id, private_pem, public_pem, created_at)
    values (${pda}, ${key.keyId}, ${key.privatePem}, ${key.publicPem}, ${now})`)
}

/** The key that signs new tokens and that `/publickey` shows: the youngest. */
export async function currentSigningKey(unit: Unit, pda: number): Promise<SigningKey> {
  const [row] = await unit.all<Row>(sql`
    select key_id, private_pem, public_pem from signing_key where pda_id = ${pda} and expires_at is null
    order by created_at desc, key_id limit 1`)
  if (row === undefined) throw new Error(`account ${pda} has no signing key`)
  return { keyId: row.key_id, privatePem: row.private_pem, publicPem: row.public_pem }
}

/** The public half of one of the account's keys, in PEM. */
export async function findPublicKey(unit: Unit, pda: number, keyId: string): Promise<string | undefined> {
  const [row] = await unit.all<Row>(
    sql`select public_pem from signing_key where pda_id = ${pda} and key_id = ${keyId}`,
  )
  return row?.public_pem
}
