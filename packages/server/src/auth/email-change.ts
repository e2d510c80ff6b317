import type { FastifyBaseLogger } from 'fastify'
import { originOf } from '../config.ts'
import type { Account, Context } from '../context.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { type Owner, setOwnerEmail } from '../store/access/owners.ts'
import { writeNoted } from '../store/ledger/entries.ts'
import { sendMail } from './mail.ts'
import { insistOnPassword } from './passwords/changes.ts'

/**
 * Lets the link to a new password go to another address from now on, or nowhere. A link that was sent to the one before works no more.
 * @param change.email undefined for none
 * @returns the owner as it was before
 * @throws `password_wrong` (403), `too_many_attempts` (429)
 */
export async function changeEmail(
  context: Context,
  { pda }: Account,
  change: { password: string; email: string | undefined; address: string; entry: LedgerEntry | undefined },
): Promise<Owner> {
  const owner = await insistOnPassword(context, pda, change.password, change.address)
  await writeNoted(context.database, pda, change.entry, (unit) => setOwnerEmail(unit, pda, change.email))
  return owner
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
