import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'

/** A link to a new password, by the digest of what it carries. Times in milliseconds since 1970. */
export interface PasswordReset {
  linkId: string
  createdAt: number
  expiresAt: number
}

type ResetRow = { link_id: string; created_at: number; expires_at: number }

/** The account's open link, expired or not. */
export async function findPasswordReset(unit: Unit, pda: number): Promise<PasswordReset | undefined> {
  const [row] = await unit.all<ResetRow>(
    sql`select link_id, created_at, expires_at from password_reset where pda_id = ${pda}`,
  )
  return row && { linkId: row.link_id, createdAt: row.created_at, expiresAt: row.expires_at }
}

/** Puts a link in the place of the one there was. */
export async function putPasswordReset(unit: Unit, pda: number, reset: PasswordReset): Promise<void> {
  await removePasswordReset(unit, pda)
  await unit.all(sql`
    insert into password_reset (pda_id, link_id, created_at, expires_at)
    values (${pda}, ${reset.linkId}, ${reset.createdAt}, ${reset.expiresAt})`)
}

/** The account's link, if any, opens nothing from now on. */
export async function removePasswordReset(unit: Unit, pda: number): Promise<void> {
  await unit.all(sql`delete from password_reset where pda_id = ${pda}`)
}
