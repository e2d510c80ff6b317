import { limitsOf } from '../auth/passwords/login-limit.ts'
import { requirePassword, wrongPassword } from '../auth/passwords/login.ts'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { checkResetLink, requireResetLink, invalidLink } from '../auth/passwords/recovery.ts'
import { requireStrength } from '../auth/passwords/strength.ts'
import type { Account, Context } from '../context.ts'
import type { AccountDatabase } from '../database/port.ts'
import { ownerHolder } from '../domain/access/rights.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import { changePassword, findOwner, type Owner, setOwnerEmail } from '../store/access/owners.ts'
import { appendEntry, writeWithEntry } from '../store/ledger/entries.ts'

/**
 * Gives the owner another password in the place of the one that is given, too. All tokens and sessions of the owner end but one;
 * those of applications stay.
 * @param change.entry what the ledger says of it
 * @param change.staying the id of the session that stays, if any
 * @returns the owner with the new password
 * @throws `password_wrong` (403), `password_weak` (400), `too_many_attempts` (429)
 */
export async function changeOwnPassword(
  context: Context,
  { pda, domain }: Account,
  change: {
    password: string
    newPassword: string
    address: string
    staying?: string
    entry?: LedgerEntry | undefined
  },
): Promise<Owner> {
  const owner = await requirePassword(context, pda, change.password, change.address)
  await requireStrength(change.newPassword, [owner.name, owner.email ?? '', domain])
  const to = await hashPassword(change.newPassword)
  const { staying } = change
  const changed = await writeWithEntry(context.database.of(pda), change.entry, (unit) =>
    changePassword(unit, { from: owner.passwordHash, to, ...(staying !== undefined && { staying }) }),
  )
  // Changed by another request in the meantime: the password that was given is the old one now.
  if (!changed) throw wrongPassword()
  return { ...owner, passwordHash: to }
}

/**
 * Gives the owner the password chosen by a link, once. Whoever has the link is taken for the owner. All tokens and sessions of the owner
 * end; those of applications stay.
 * @param reset.address from which it is asked for
 * @returns the owner with the new password
 * @throws `reset_link_invalid` (401), `password_weak` (400), which leaves the link as it was
 */
export async function resetPassword(
  context: Context,
  { pda, domain }: Account,
  { link, newPassword, address }: { link: string; newPassword: string; address: string },
): Promise<Owner> {
  const { now } = context
  const database = context.database.of(pda)
  const by = { holder: ownerHolder, detail: { by: 'a link to a new password' } }
  const entry = entryOf({ ip: address }, context, 'password', by)
  await requireResetLink(context, pda, link)
  const owner = await database.read((unit) => findOwner(unit))
  if (owner === undefined) throw invalidLink('Token does not exist')
  await requireStrength(newPassword, [owner.name, owner.email ?? '', domain])
  const to = await hashPassword(newPassword)
  await database.write(async (unit) => {
    await unit.lock()
    await checkResetLink(unit, link, now())
    await changePassword(unit, { to })
    await appendEntry(unit, entry)
  })
  return { ...owner, passwordHash: to }
}

/** Tries a link to a new password: one that opens nothing counts against the address. @throws what `run` throws, `too_many_attempts` (429) */
export async function limitedReset<T>(
  context: Context,
  { pda }: Account,
  address: string,
  run: () => Promise<T>,
): Promise<T> {
  let refusal: unknown
  const done = await limitsOf(context).guesses(`${pda} reset link`, address, context.now(), () =>
    run().catch((error: unknown) => {
      if (!(error instanceof ApiError && error.code === 'reset_link_invalid')) throw error
      refusal = error
      return undefined
    }),
  )
  if (refusal !== undefined) throw refusal
  return done as T
}

/**
 * Lets the link to a new password go to another address from now on, or nowhere. A link that was sent to the one before works no more.
 * Whoever asks by a browser has shown the password.
 * @param email undefined for none
 * @returns whether there is an owner
 */
export function changeEmail(
  database: AccountDatabase,
  email: string | undefined,
  entry: LedgerEntry | undefined,
): Promise<boolean> {
  return writeWithEntry(database, entry, (unit) => setOwnerEmail(unit, email))
}
