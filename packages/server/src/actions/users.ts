import { hashPassword } from '../auth/passwords/passwords.ts'
import { requireStrength } from '../auth/passwords/strength.ts'
import type { AccountDatabase, Unit } from '../database/port.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import * as store from '../store/access/users.ts'
import { appendEntry } from '../store/ledger/entries.ts'

type User = store.User

/** What the ledger says of what became of a user. */
type Entry = (detail: { user: string; change: string }) => LedgerEntry | undefined

/**
 * The hash of a password that was chosen for a user.
 * @throws `password_weak` (400) when it is easily guessed, by whoever knows these names, too
 */
export async function hashChosen(password: string, known: string[]): Promise<string> {
  await requireStrength(password, known)
  return hashPassword(password)
}

/**
 * Adds a user, with its roles: whoever adds it may give them.
 * @param how.now milliseconds since 1970
 * @returns false when somebody has the name or the id already, the owner among them; nothing is added then
 */
export function addUser(
  database: AccountDatabase,
  user: User,
  { entry, now }: { entry: Entry; now: number },
): Promise<boolean> {
  return database.write(async (unit) => {
    if ((await store.addUser(unit, user, now)) === 'known') return false
    await appendEntry(unit, entry({ user: user.userId, change: 'added' }))
    return true
  })
}

/** Which user is meant; undefined when there is none. What it throws ends the change. */
type Which = (unit: Unit) => Promise<User | undefined>

/**
 * Changes a user as it stands while nobody else can change it. Its tokens end when it is disabled or gets another password.
 * @param how.change what it is called in the ledger
 * @param how.to what the user is to be, given what it is; what it throws ends the change
 * @returns the user as it is now; `known` when somebody else has its new name, undefined when there is no such user: nothing is changed then
 */
export function changeUser(
  database: AccountDatabase,
  which: Which,
  {
    change,
    to,
    entry,
  }: { change: string; to: (user: User, unit: Unit) => User | Promise<User>; entry: Entry },
): Promise<User | 'known' | undefined> {
  return database.write(async (unit) => {
    await unit.lock()
    const before = await which(unit)
    if (before === undefined) return undefined
    const after = await to(before, unit)
    if ((await store.putUser(unit, after, before)) === 'known') return 'known'
    await appendEntry(unit, entry({ user: after.userId, change }))
    return after
  })
}

/** Enables or disables a user. A disabled one signs in no more, and its tokens end. @returns whether there is one */
export async function enableUser(
  database: AccountDatabase,
  which: Which,
  { enabled, entry }: { enabled: boolean; entry: Entry },
): Promise<boolean> {
  const change = enabled ? 'enabled' : 'disabled'
  return (
    (await changeUser(database, which, { change, to: (user) => ({ ...user, enabled }), entry })) !== undefined
  )
}

/** Forgets a user, with its roles and tokens; its data debits end. What it wrote stays. @returns whether there was one */
export function removeUser(
  database: AccountDatabase,
  which: Which,
  { entry, now }: { entry: Entry; now: number },
): Promise<boolean> {
  return database.write(async (unit) => {
    await unit.lock()
    const user = await which(unit)
    if (user === undefined) return false
    await store.removeUser(unit, user.userId, now)
    await appendEntry(unit, entry({ user: user.userId, change: 'removed' }))
    return true
  })
}
