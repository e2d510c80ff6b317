import { sql } from 'kysely'
import type { Unit } from '../../database/port.ts'
import { ownerHolder } from '../../domain/access/rights.ts'
import { removeTokensOf } from './access-tokens.ts'
import { forgetTotpFailures, removeSecondFactors } from './second-factors.ts'

export interface Owner {
  name: string
  passwordHash: string
  /** The opaque id in `sub`. */
  subject: string
  /** Where the link to a new password goes. */
  email?: string | undefined
}

type Row = { name: string; password_hash: string; subject: string; email: string | null }

export async function findOwner(unit: Unit): Promise<Owner | undefined> {
  const [row] = await unit.all<Row>(
    sql`select name, password_hash, subject, email from owner where pda_id = ${unit.pda} order by created_at limit 1`,
  )
  return (
    row && {
      name: row.name,
      passwordHash: row.password_hash,
      subject: row.subject,
      email: row.email ?? undefined,
    }
  )
}

/** Sets the owner up, once: false when the account has one already, which stays as it is. */
export async function addOwner(unit: Unit, owner: Owner, now: number): Promise<boolean> {
  await unit.lock()
  if (await findOwner(unit)) return false
  await insertOwner(unit, owner, now)
  return true
}

/**
 * Puts this owner in the place of the one there is, if any: the former one's tokens and link to a new password end. Under the same
 * name it is the same person, whose second factors stay, and whose e-mail address stays unless another one is given.
 * @returns whether there was one
 */
export async function replaceOwner(unit: Unit, owner: Owner, now: number): Promise<boolean> {
  await unit.lock()
  const before = await findOwner(unit)
  const same = before?.name === owner.name
  await removeTokensOf(unit, ownerHolder)
  await removePasswordReset(unit)
  if (!same) await removeSecondFactors(unit)
  await unit.all(sql`delete from owner where pda_id = ${unit.pda}`)
  await insertOwner(unit, { ...owner, email: owner.email ?? (same ? before.email : undefined) }, now)
  return before !== undefined
}

/**
 * Gives the owner another password. What the old one opened ends with it: all tokens and sessions of the owner but one, and the link
 * to a new password. What applications hold stays theirs.
 * @param change.from the hash of the password that was given for it: another one by now, nothing is changed
 * @param change.staying the id of the token or session that stays, if any
 * @returns whether it was changed
 */
export async function changePassword(
  unit: Unit,
  change: { from?: string; to: string; staying?: string },
): Promise<boolean> {
  await unit.lock()
  const before = await findOwner(unit)
  if (before === undefined || before.passwordHash !== (change.from ?? before.passwordHash)) return false
  await unit.all(sql`update owner set password_hash = ${change.to} where pda_id = ${unit.pda}`)
  await removeTokensOf(unit, ownerHolder, change.staying)
  await removePasswordReset(unit)
  // Who only reads the owner's mail gets no more guesses at codes by it.
  if (change.from !== undefined) await forgetTotpFailures(unit)
  return true
}

/**
 * Keeps another e-mail address of the owner, or none. A link to a new password that went to the one before works no more.
 * @returns whether there is an owner
 */
export async function setOwnerEmail(unit: Unit, email: string | undefined): Promise<boolean> {
  await unit.lock()
  if (!(await findOwner(unit))) return false
  await unit.all(sql`update owner set email = ${email ?? null} where pda_id = ${unit.pda}`)
  await removePasswordReset(unit)
  return true
}

async function insertOwner(unit: Unit, owner: Owner, now: number): Promise<void> {
  await unit.all(sql`
    insert into owner (pda_id, name, password_hash, subject, email, created_at)
    values (${unit.pda}, ${owner.name}, ${owner.passwordHash}, ${owner.subject}, ${owner.email ?? null}, ${now})`)
}

/** A link to a new password, by the digest of what it carries. Times in milliseconds since 1970. */
export interface PasswordReset {
  linkId: string
  createdAt: number
  expiresAt: number
}

type ResetRow = { link_id: string; created_at: number; expires_at: number }

/** The account's open link, expired or not. */
export async function findPasswordReset(unit: Unit): Promise<PasswordReset | undefined> {
  const [row] = await unit.all<ResetRow>(
    sql`select link_id, created_at, expires_at from password_reset where pda_id = ${unit.pda}`,
  )
  return row && { linkId: row.link_id, createdAt: row.created_at, expiresAt: row.expires_at }
}

/** Puts a link in the place of the one there was. */
export async function putPasswordReset(unit: Unit, reset: PasswordReset): Promise<void> {
  await removePasswordReset(unit)
  await unit.all(sql`
    insert into password_reset (pda_id, link_id, created_at, expires_at)
    values (${unit.pda}, ${reset.linkId}, ${reset.createdAt}, ${reset.expiresAt})`)
}

/** The account's link, if any, opens nothing from now on. */
export async function removePasswordReset(unit: Unit): Promise<void> {
  await unit.all(sql`delete from password_reset where pda_id = ${unit.pda}`)
}
