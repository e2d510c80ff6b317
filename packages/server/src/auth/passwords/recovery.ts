import type { FastifyBaseLogger } from 'fastify'
import { originOf } from '../../config.ts'
import type { Account, Context } from '../../context.ts'
import type { Database, Unit } from '../../database/port.ts'
import { ApiError } from '../../errors.ts'
import {
  findOwner,
  type Owner,
  findPasswordReset,
  putPasswordReset,
  removePasswordReset,
} from '../../store/access/owners.ts'
import { sendMail } from '../mail.ts'
import { makeOpaqueToken, opaqueId } from '../opaque-tokens.ts'

const day = 86_400_000
/** A link this young is not replaced because somebody asks again: a stranger could make the owner's links useless, and send mails without end. */
const keptFor = 300_000

type Where = { database: Database; now: number }

/**
 * A link to a new password: what it carries. It works once, for 24 hours; the one there was works no more.
 * @param minAge in milliseconds; while there is a link younger than this, none is made
 * @returns 256 random bits as text, of which only the digest is kept; undefined when none was made
 */
export async function makeResetLink(
  { database, now }: Where,
  pda: number,
  minAge = 0,
): Promise<string | undefined> {
  const text = makeOpaqueToken()
  const reset = { linkId: opaqueId(text).tokenId, createdAt: now, expiresAt: now + day }
  return database.of(pda).write(async (unit) => {
    await unit.lock()
    const before = await findPasswordReset(unit)
    if (before && before.createdAt > now - minAge) return undefined
    await putPasswordReset(unit, reset)
    return text
  })
}

/** Where the owner chooses a new password, by what the link carries. */
export function resetAddress(config: Context['config'], domain: string, text: string): string {
  return `${originOf(domain, config)}/auth/change-password/${text}`
}

/** Sends the owner a link to a new password, if this is the owner's address. To be run after the answer, which tells nothing of it. */
export async function mailResetLink(
  { config, database, now }: Context,
  { pda, domain }: Account,
  email: string,
  log: FastifyBaseLogger,
): Promise<void> {
  const owner = await database.of(pda).read((unit) => findOwner(unit))
  if (owner?.email === undefined || owner.email.toLowerCase() !== email.trim().toLowerCase()) return
  const text = await makeResetLink({ database, now: now() }, pda, keptFor)
  if (text === undefined) return
  const sent = await sendMail(config, log, {
    to: owner.email,
    subject: `A new password for ${domain}`,
    text: [
      `Somebody, most likely you, asked for a new password for the personal data account ${domain}. Choose it here:`,
      resetAddress(config, domain, text),
      'The link works once, within 24 hours. If it was not you who asked, do nothing: your password stays as it is.',
    ],
  })
  // Without the mail nobody has the link: another may be asked for at once.
  if (!sent) await database.of(pda).write((unit) => removePasswordReset(unit))
}

/** @throws `reset_link_invalid` (401), unless this link opens the way to a new password at this moment */
export async function requireResetLink({ database, now }: Context, pda: number, text: string): Promise<void> {
  await database.of(pda).read((unit) => checkResetLink(unit, text, now()))
}

/** The same within a unit. @throws `reset_link_invalid` (401) */
export async function checkResetLink(unit: Unit, text: string, now: number): Promise<void> {
  const reset = await findPasswordReset(unit)
  if (reset?.linkId !== opaqueId(text).tokenId) throw invalidLink('Token does not exist')
  if (reset.expiresAt <= now) throw invalidLink('Token expired or invalid')
}

export function invalidLink(cause: string): ApiError {
  return new ApiError('reset_link_invalid', cause)
}

/** Tells the owner by mail that the password is another one, if there is an address and a mail server. */
export async function mailPasswordChanged(
  { config }: Context,
  { domain }: Account,
  { email }: Owner,
  log: FastifyBaseLogger,
): Promise<void> {
  if (email === undefined || config.smtpUrl === undefined) return
  await sendMail(config, log, {
    to: email,
    subject: `The password of ${domain} was changed`,
    text: [
      `The password of the personal data account ${domain} was changed just now, and everything that was signed in with the old one was signed out.`,
      `If it was not you, choose a new one at once: ${originOf(domain, config)}/forgot-password`,
    ],
  })
}

/** Tells the owner at the former address that it is no longer his, if there was one and there is a mail server. */
export async function mailEmailChanged(
  { config }: Context,
  { domain }: Account,
  { email }: Owner,
  log: FastifyBaseLogger,
): Promise<void> {
  if (email === undefined || config.smtpUrl === undefined) return
  await sendMail(config, log, {
    to: email,
    subject: `The e-mail address of ${domain} was changed`,
    text: [
      `The personal data account ${domain} no longer sends its mails to this address: the owner's was changed just now.`,
      `If it was not you, choose a new password at once: ${originOf(domain, config)}/account/password`,
    ],
  })
}
