import type { Account, Context } from '../../context.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { ApiError } from '../../errors.ts'
import { changePassword, findOwner, type Owner } from '../../store/access/owners.ts'
import { writeNoted } from '../../store/ledger/entries.ts'
import { limitsOf } from './login-limit.ts'
import { hashPassword, isPassword } from './passwords.ts'
import { insistOnStrength } from './strength.ts'

/**
 * The owner, if this is the owner's password: asked again before something that must not be done by whoever finds the browser open.
 * Wrong ones count as failed attempts to sign in.
 * @throws `password_wrong` (403), `too_many_attempts` (429)
 */
export async function insistOnPassword(
  context: Context,
  pda: number,
  password: string,
  address: string,
): Promise<Owner> {
  const owner = await context.database.of(pda).read((unit) => findOwner(unit))
  if (owner === undefined) throw wrong()
  const right = await limitsOf(context).signIn(`${pda} ${owner.name}`, address, context.now(), async () =>
    (await isPassword(password, owner.passwordHash)) ? owner : undefined,
  )
  if (right === undefined) throw wrong()
  return right
}

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
  const owner = await insistOnPassword(context, pda, change.password, change.address)
  await insistOnStrength(change.newPassword, [owner.name, owner.email ?? '', domain])
  const to = await hashPassword(change.newPassword)
  const { staying } = change
  const changed = await writeNoted(context.database.of(pda), change.entry, (unit) =>
    changePassword(unit, { from: owner.passwordHash, to, ...(staying !== undefined && { staying }) }),
  )
  // Changed by another request in the meantime: the password that was given is the old one now.
  if (!changed) throw wrong()
  return { ...owner, passwordHash: to }
}

function wrong(): ApiError {
  return new ApiError('password_wrong', 'Old password invalid')
}
