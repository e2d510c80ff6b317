import type { Context } from '../../context.ts'
import { ApiError } from '../../errors.ts'
import { findOwner, type Owner } from '../../store/access/owners.ts'
import { limitsOf } from './login-limit.ts'
import { hashPassword, isPassword } from './passwords.ts'

type Credentials = { name: string; password: string }

/** Takes the time a real check takes, for names that are nobody's. */
let decoy: Promise<string> | undefined

/**
 * The ways to read a name and a password out of headers, at most two: as sent, the bytes read as UTF-8, and then
 * percent-decoded with `+` staying `+`. What does not decode stays as it is.
 * @param name, password the headers as Node gives them, each byte a character
 */
export function readCredentials(name: string, password: string): [Credentials, ...Credentials[]] {
  const sent = { name: utf8(name), password: utf8(password) }
  const decoded = { name: percentDecoded(sent.name), password: percentDecoded(sent.password) }
  const same = decoded.name === sent.name && decoded.password === sent.password
  return same ? [sent] : [sent, decoded]
}

/**
 * Whoever one of the readings is of. It takes as long for an unknown name as for a wrong password.
 * @param find who signs in with a name
 */
export async function whoSignsIn<T extends { passwordHash: string }>(
  readings: Credentials[],
  find: (name: string) => T | undefined,
): Promise<T | undefined> {
  decoy ??= hashPassword('nobody has this password').catch((error: unknown) => {
    decoy = undefined
    throw error
  })
  const nobody = await decoy
  for (const { name, password } of readings) {
    const named = find(name)
    if ((await isPassword(password, named?.passwordHash ?? nobody)) && named) return named
  }
  return undefined
}

/** Whether one of the readings is the owner's. It takes as long for an unknown name as for a wrong password. */
export async function isOwnerLogin(readings: Credentials[], owner: Owner | undefined): Promise<boolean> {
  const found = await whoSignsIn(readings, (name) => (name === owner?.name ? owner : undefined))
  return found !== undefined
}

function utf8(header: string): string {
  return Buffer.from(header, 'latin1').toString('utf8')
}

function percentDecoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/**
 * The owner, if this is the owner's password: asked again before something that must not be done by whoever finds the browser open.
 * Wrong ones count as failed attempts to sign in.
 * @throws `password_wrong` (403), `too_many_attempts` (429)
 */
export async function requirePassword(
  context: Context,
  pda: number,
  password: string,
  address: string,
): Promise<Owner> {
  const owner = await context.database.of(pda).read((unit) => findOwner(unit))
  if (owner === undefined) throw wrongPassword()
  const right = await limitsOf(context).signIn(`${pda} ${owner.name}`, address, context.now(), async () =>
    (await isPassword(password, owner.passwordHash)) ? owner : undefined,
  )
  if (right === undefined) throw wrongPassword()
  return right
}

/** The refusal of a password that is not the owner's. */
export function wrongPassword(): ApiError {
  return new ApiError('password_wrong', 'Old password invalid')
}
