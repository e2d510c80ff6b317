import { randomBytes } from 'node:crypto'
import type { Context } from '../../context.ts'
import type { Unit } from '../../database/port.ts'
import {
  addTotp,
  confirmTotp,
  countFactors,
  countTotpFailure,
  findTotp,
  spendRecoveryCode,
  type Totp,
  useTotpStep,
} from '../../store/access/second-factors.ts'
import { opaqueId } from '../opaque-tokens.ts'
import { tooMany } from '../passwords/login-limit.ts'

/** Which second factors the owner has set up. With neither TOTP nor a passkey the password alone signs in. */
export interface SecondFactors {
  /** Codes of an authenticator program (TOTP). */
  totp: boolean
  passkeys: number
  /** Unused ones. */
  recoveryCodes: number
}

/** How long a code is shown, in milliseconds; the one before and the one after count, too. */
const period = 30_000
const window = 1
/** After so many wrong codes the next is waited for: as long as this, and twice as long with each time, up to a day. */
const maxFailures = 5
const firstWait = 900_000
const maxWait = 86_400_000

export async function secondFactorsOf({ database }: Context, pda: number): Promise<SecondFactors> {
  const { totp, passkeys, recoveryCodes } = await countFactors(database.of(pda))
  return { totp: totp > 0, passkeys, recoveryCodes }
}

/** Whether signing in by password needs a second step. */
export async function needsSecondFactor(context: Context, pda: number): Promise<boolean> {
  const { totp, passkeys } = await secondFactorsOf(context, pda)
  return totp || passkeys > 0
}

/**
 * Whether this is a code of the owner's authenticator program or an unused recovery code; each counts once. To be asked only after
 * the password was right: so a stranger can make nobody wait. Who waits can still sign in by a recovery code or a passkey.
 * @param code as typed, spaces and hyphens included
 * @throws `too_many_attempts` (429) after five wrong codes of a program, whoever sent them
 */
export async function checkSecondFactor(context: Context, pda: number, code: string): Promise<boolean> {
  const compact = code.replaceAll(/[\s-]/g, '')
  if (!/^\d{6}$/.test(compact)) {
    const { tokenId } = opaqueId(recoveryCodeIn(compact))
    return context.database.of(pda).write((unit) => spendRecoveryCode(unit, tokenId))
  }
  const stepOf = await stepFinder(compact, context.now())
  const result = await context.database.of(pda).write((unit) => tryCode(unit, stepOf, context.now()))
  if (typeof result === 'boolean') return result
  throw tooMany(result.wait, `${maxFailures} wrong codes`)
}

async function tryCode(
  unit: Unit,
  stepOf: (secret: string) => number | undefined,
  now: number,
): Promise<boolean | { wait: number }> {
  await unit.lock()
  const totp = await findTotp(unit)
  if (!totp?.confirmed) return false
  const wait = waitAfter(totp) - now
  if (wait > 0) return { wait }
  const step = stepOf(totp.secret)
  if (step === undefined) {
    await countTotpFailure(unit, now)
    return false
  }
  // A code that was used is no guess: a form that was sent twice costs nothing.
  if (step <= totp.lastStep) return false
  await useTotpStep(unit, step)
  return true
}

/** Until when no code is tried. */
function waitAfter({ failures, failedAt }: Totp): number {
  if (failures === 0 || failures % maxFailures !== 0) return 0
  return failedAt + Math.min(maxWait, firstWait * 2 ** (failures / maxFailures - 1))
}

/** Gives the step a code belongs to under a secret; undefined when it is none of about now. */
async function stepFinder(code: string, now: number): Promise<(secret: string) => number | undefined> {
  const { Secret, TOTP } = await import('otpauth')
  return (secret) => {
    const delta = TOTP.validate({
      token: code,
      secret: Secret.fromBase32(secret),
      algorithm: 'SHA1',
      digits: 6,
      period: period / 1000,
      timestamp: now,
      window,
    })
    return delta === null ? undefined : Math.floor(now / period) + delta
  }
}

/** What an authenticator program is given: the secret in base32, and the same as an address for a QR code. */
export interface TotpOffer {
  secret: string
  uri: string
}

/** The address that tells an authenticator program all it needs. @param name, domain what it shows */
export async function totpOffer(secret: string, name: string, domain: string): Promise<TotpOffer> {
  const { Secret, TOTP } = await import('otpauth')
  const totp = new TOTP({ issuer: `hatstand ${domain}`, label: name, secret: Secret.fromBase32(secret) })
  return { secret, uri: totp.toString() }
}

/**
 * A new secret for an authenticator program, which counts once `confirm` was given a code of it. It replaces one that was never confirmed.
 * @returns the secret in base32; undefined when there is one that counts: it must be removed first
 */
export async function startTotp({ database, now }: Context, pda: number): Promise<string | undefined> {
  const { Secret } = await import('otpauth')
  const secret = new Secret({ size: 20 }).base32
  return (await database.of(pda).write((unit) => addTotp(unit, secret, now()))) ? secret : undefined
}

/** The secret that waits to be confirmed. */
export async function pendingTotp({ database }: Context, pda: number): Promise<string | undefined> {
  const totp = await database.of(pda).read((unit) => findTotp(unit))
  return totp?.confirmed === false ? totp.secret : undefined
}

/**
 * Lets the secret count, when this is a code of it. The code counts no second time.
 * @param more what else belongs to the same unit
 */
export async function confirmPendingTotp(
  { database, now }: Context,
  pda: number,
  code: string,
  more: (unit: Unit) => Promise<void>,
): Promise<boolean> {
  const stepOf = await stepFinder(code.replaceAll(/[\s-]/g, ''), now())
  return database.of(pda).write(async (unit) => {
    await unit.lock()
    const totp = await findTotp(unit)
    const step = totp?.confirmed === false ? stepOf(totp.secret) : undefined
    if (step === undefined) return false
    await confirmTotp(unit, step, now())
    await more(unit)
    return true
  })
}

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Ten new recovery codes of 80 bits each, as they are shown, and the digests that are kept of them. */
export function makeRecoveryCodes(): { codes: string[]; kept: string[] } {
  const codes = Array.from({ length: 10 }, () =>
    Array.from(randomBytes(16), (byte) => alphabet[byte % 32]).join(''),
  )
  return {
    codes: codes.map((code) => code.match(/.{4}/g)?.join('-') ?? ''),
    kept: codes.map((code) => opaqueId(code).tokenId),
  }
}

/** A recovery code as it was made, from how it was typed: letters that look like digits are those digits. */
function recoveryCodeIn(text: string): string {
  return text.toLowerCase().replaceAll('o', '0').replaceAll(/[il]/g, '1')
}
