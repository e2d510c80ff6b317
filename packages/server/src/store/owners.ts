import { sql } from 'kysely'
import type { Unit } from '../database/port.ts'
import { ownerHolder } from '../domain/rights.ts'
import { removeTokensOf } from './access-tokens.ts'

export interface Owner {
  name: string
  passwordHash: string
  /** The opaque id in `sub`. */
  subject: string
}

type Row = { name: string; password_hash: string; subject: string }

export async function findOwner(unit: Unit, pda: number): Promise<Owner | undefined> {
  const [row] = await unit.all<Row>(
    sql`select name, password_hash, subject from owner where pda_id = ${pda} order by created_at limit 1`,
  )
  return row && { name: row.name, passwordHash: row.password_hash, subject: row.subject }
}

/** Sets the owner up, once: false when the account has one already, which stays as it is. */
export async function addOwner(unit: Unit, pda: number, owner: Owner, now: number): Promise<boolean> {
  await unit.count(0)
  if (await findOwner(unit, pda)) return false
  await insertOwner(unit, pda, owner, now)
  return true
}

/** Puts this owner in the place of the one there is, if any. Returns whether there was one. */
export async function replaceOwner(unit: Unit, pda: number, owner: Owner, now: number): Promise<boolean> {
  await unit.count(0)
  const before = await findOwner(unit, pda)
  await removeTokensOf(unit, pda, ownerHolder)
  await unit.all(sql`delete from owner where pda_id = ${pda}`)
  await insertOwner(unit, pda, owner, now)
  return before !== undefined
}

async function insertOwner(unit: Unit, pda: number, owner: Owner, now: number): Promise<void> {
  await unit.all(sql`
    insert into owner (pda_id, name, password_hash, subject, created_at)
    values (${pda}, ${owner.name}, ${owner.passwordHash}, ${owner.subject}, ${now})`)
}
