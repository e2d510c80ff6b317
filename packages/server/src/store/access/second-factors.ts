import { sql } from 'kysely'
import type { OfAccount, AccountDatabase, Unit } from '../../database/port.ts'
import type { Tables } from '../../database/tables.ts'

/** How many of each the owner has. */
interface FactorCounts {
  totp: number
  passkeys: number
  recoveryCodes: number
}

export interface Totp {
  /** In base32. */
  secret: string
  confirmed: boolean
  /** The step whose code was used last. */
  lastStep: number
  failures: number
  failedAt: number
}

type TotpRow = {
  secret: string
  confirmed_at: number | null
  last_step: number
  failures: number
  failed_at: number
}

export async function countFactors(database: AccountDatabase): Promise<FactorCounts> {
  return countsIn(await database.one<FactorCounts>(counting(database)))
}

/** The same in the midst of a unit. */
export async function countFactorsIn(unit: Unit): Promise<FactorCounts> {
  return countsIn(await unit.all<FactorCounts>(counting(unit)))
}

const counting = (of: OfAccount) => sql<FactorCounts>`
  select (select count(*) from totp where pda_id = ${of.pda} and confirmed_at is not null) as "totp",
    (select count(*) from passkey where pda_id = ${of.pda}) as "passkeys",
    (select count(*) from recovery_code where pda_id = ${of.pda}) as "recoveryCodes"`

function countsIn([row]: FactorCounts[]): FactorCounts {
  return row ?? { totp: 0, passkeys: 0, recoveryCodes: 0 }
}

export async function findTotp(unit: Unit): Promise<Totp | undefined> {
  const [row] = await unit.all<TotpRow>(
    sql`select secret, confirmed_at, last_step, failures, failed_at from totp where pda_id = ${unit.pda}`,
  )
  return (
    row && {
      secret: row.secret,
      confirmed: row.confirmed_at !== null,
      lastStep: row.last_step,
      failures: row.failures,
      failedAt: row.failed_at,
    }
  )
}

/** Keeps a secret that counts once it is confirmed; it replaces one that was not. False when there is one that counts. */
export async function addTotp(unit: Unit, secret: string, now: number): Promise<boolean> {
  await unit.lock()
  const before = await findTotp(unit)
  if (before?.confirmed) return false
  await unit.all(sql`delete from totp where pda_id = ${unit.pda}`)
  await unit.all(sql`
    insert into totp (pda_id, secret, confirmed_at, last_step, failures, failed_at, created_at)
    values (${unit.pda}, ${secret}, ${null}, 0, 0, 0, ${now})`)
  return true
}

/** Lets the secret count from now on. `step` is that of the code which confirmed it. */
export async function confirmTotp(unit: Unit, step: number, now: number): Promise<void> {
  await unit.all(sql`
    update totp set confirmed_at = ${now}, last_step = ${step}, failures = 0 where pda_id = ${unit.pda}`)
}

/** Remembers the step of a right code, and forgets wrong ones. */
export async function useTotpStep(unit: Unit, step: number): Promise<void> {
  await unit.all(sql`update totp set last_step = ${step}, failures = 0 where pda_id = ${unit.pda}`)
}

export async function countTotpFailure(unit: Unit, now: number): Promise<void> {
  await unit.all(sql`update totp set failures = failures + 1, failed_at = ${now} where pda_id = ${unit.pda}`)
}

/** After the password changed, who knew the old one is no longer a danger. */
export async function forgetTotpFailures(unit: Unit): Promise<void> {
  await unit.all(sql`update totp set failures = 0 where pda_id = ${unit.pda}`)
}

export async function removeTotp(unit: Unit): Promise<void> {
  await unit.all(sql`delete from totp where pda_id = ${unit.pda}`)
}

/** Puts these recovery codes, by their digests, in the place of all there were. */
export async function replaceRecoveryCodes(unit: Unit, codes: readonly string[]): Promise<void> {
  await unit.lock()
  await unit.all(sql`delete from recovery_code where pda_id = ${unit.pda}`)
  if (codes.length > 0) await unit.insertMany('recovery_code', { pda_id: unit.pda, code_id: codes })
}

/** Spends a recovery code: false when there is none with this digest. */
export async function spendRecoveryCode(unit: Unit, code: string): Promise<boolean> {
  const spent = await unit.all(
    sql`delete from recovery_code where pda_id = ${unit.pda} and code_id = ${code} returning code_id`,
  )
  return spent.length > 0
}

/** Removes all second factors of an owner. */
export async function removeSecondFactors(unit: Unit): Promise<void> {
  await unit.lock()
  await removeTotp(unit)
  await unit.all(sql`delete from passkey where pda_id = ${unit.pda}`)
  await unit.all(sql`delete from recovery_code where pda_id = ${unit.pda}`)
}

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
export async function listPasskeys(unit: Unit): Promise<Passkey[]> {
  const rows = await unit.all<Row>(sql`
    select passkey_id, public_key, counter, transports, about, created_at, used_at from passkey
    where pda_id = ${unit.pda} order by created_at, passkey_id`)
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
  passkey: Omit<Passkey, 'usedAt'>,
  askedAt: number,
): Promise<boolean> {
  const { passkeyId, publicKey, counter, transports, about, createdAt } = passkey
  const added = await unit.insertMissing('passkey', {
    pda_id: unit.pda,
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
  used: { passkeyId: string; counter: number; askedAt: number },
  now: number,
): Promise<boolean> {
  const { passkeyId, counter, askedAt } = used
  const counted = await unit.all(sql`
    update passkey set counter = ${counter}, asked_at = ${askedAt}, used_at = ${now}
    where pda_id = ${unit.pda} and passkey_id = ${passkeyId} and asked_at < ${askedAt} returning passkey_id`)
  return counted.length > 0
}

/** Removes a passkey: false when there is none with this id. */
export async function removePasskey(unit: Unit, passkeyId: string): Promise<boolean> {
  const gone = await unit.all(
    sql`delete from passkey where pda_id = ${unit.pda} and passkey_id = ${passkeyId} returning passkey_id`,
  )
  return gone.length > 0
}
