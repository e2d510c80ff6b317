import type { Context } from '../context.ts'

/** Which second factors the owner has set up; all zero and false: the password alone signs in. */
export interface SecondFactors {
  /** Codes of an authenticator program (TOTP). */
  totp: boolean
  passkeys: number
  /** Unused ones. */
  recoveryCodes: number
}

/** The owner's second factors. */
export async function secondFactorsOf(_context: Context, _pda: number): Promise<SecondFactors> {
  return { totp: false, passkeys: 0, recoveryCodes: 0 }
}

/**
 * Whether this is a code of the owner's authenticator program or an unused recovery code; each counts once.
 * @param code as typed, spaces and hyphens included
 * @throws `too_many_attempts` (429) after five wrong ones; a recovery code is taken all the same
 */
export async function checkSecondFactor(_context: Context, _pda: number, _code: string): Promise<boolean> {
  return false
}
