import { sql } from 'kysely'
import type { Database, Unit } from '../../database/port.ts'

/** How many of each the owner has. */
export interface FactorCounts {
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

export async function countFactors(database: Database, pda: number): Promise<FactorCounts> {
  return countsIn(await database.one<FactorCounts>(counting(pda)))
}

/** The same in the midst of a unit. */
export async function countFactorsIn(unit: Unit, pda: number): Promise<FactorCounts> {
  return countsIn(await unit.all<FactorCounts>(counting(pda)))
}

const counting = (pda: number) => sql<FactorCounts>`
  select (select count(*) from totp where pda_id = ${pda} and confirmed_at is not null) as "totp",
    (select count(*) from passkey where pda_id = ${pda}) as "passkeys",
    (select count(*) from recovery_code where pda_id = ${pda}) as "recoveryCodes"`

function countsIn([row]: FactorCounts[]): FactorCounts {
  return row ?? { totp: 0, passkeys: 0, recoveryCodes: 0 }
}

export async function findTotp(unit: Unit, pda: number): Promise<Totp | undefined> {
  const [row] = await unit.all<TotpRow>(
    sql`select secret, confirmed_at, last_step, failures, failed_at from totp where pda_id = ${pda}`,
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
export async function addTotp(unit: Unit, pda: number, secret: string, now: number): Promise<boolean> {
  await unit.count(0)
  const before = await findTotp(unit, pda)
  if (before?.confirmed) return false
  await unit.all(sql`delete from totp where pda_id = ${pda}`)
  await unit.all(sql`
    insert into totp (pda_id, secret, confirmed_at, last_step, failures, failed_at, created_at)
    values (${pda}, ${secret}, ${null}, 0, 0, 0, ${now})`)
  return true
}

/** Lets the secret count from now on. `step` is that of the code which confirmed it. */
export async function confirmTotp(unit: Unit, pda: number, step: number, now: number): Promise<void> {
  await unit.all(sql`
    update totp set confirmed_at = ${now}, last_step = ${step}, failures = 0 where pda_id = ${pda}`)
}

/** Remembers the step of a right code, and forgets wrong ones. */
export async function useTotpStep(unit: Unit, pda: number, step: number): Promise<void> {
  await unit.all(sql`update totp set last_step = ${step}, failures = 0 where pda_id = ${pda}`)
}

export async function countTotpFailure(unit: Unit, pda: number, now: number): Promise<void> {
  await unit.all(sql`update totp set failures = failures + 1, failed_at = ${now} where pda_id = ${pda}`)
}

/** After the password changed, who knew the old one is no longer a danger. */
export async function forgetTotpFailures(unit: Unit, pda: number): Promise<void> {
  await unit.all(sql`update totp set failures = 0 where pda_id = ${pda}`)
}

export async function removeTotp(unit: Unit, pda: number): Promise<void> {
  await unit.all(sql`delete from totp where pda_id = ${pda}`)
}

/** Puts these recovery codes, by their digests, in the place of all there were. */
export async function replaceRecoveryCodes(unit: Unit, pda: number, codes: readonly string[]): Promise<void> {
  await unit.count(0)
  await unit.all(sql`delete from recovery_code where pda_id = ${pda}`)
  if (codes.length > 0) await unit.insertMany('recovery_code', { pda_id: pda, code_id: codes })
}

/** Spends a recovery code: false when there is none with this digest. */
export async function spendRecoveryCode(unit: Unit, pda: number, code: string): Promise<boolean> {
  const spent = await unit.all(
    sql`delete from recovery_code where pda_id = ${pda} and code_id = ${code} returning code_id`,
  )
  return spent.length > 0
}

/** Removes all second factors of an owner. */
export async function removeSecondFactors(unit: Unit, pda: number): Promise<void> {
  await unit.count(0)
  await removeTotp(unit, pda)
  await unit.all(sql`delete from passkey where pda_id = ${pda}`)
  await unit.all(sql`delete from recovery_code where pda_id = ${pda}`)
}
