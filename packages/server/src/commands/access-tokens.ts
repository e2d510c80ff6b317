import { randomUUID } from 'node:crypto'
import { type Bearer, issueToken } from '../auth/access-tokens.ts'
import type { Account } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { ownerWriter } from '../domain/rights.ts'
import { findApplication } from '../store/applications.ts'
import { findOwner } from '../store/owners.ts'
import { currentSigningKey } from '../store/signing-keys.ts'
import { CommandError, withAccount } from './account.ts'

/** `hatstand token ID`: prints the token alone. */
export async function tokenCommand(id: string, options: { account?: string; days: number }): Promise<void> {
  await withAccount(options, async (account, { database, now }) => {
    const { bearer, key } = await database.read(async (unit) => ({
      bearer: await bearerOf(unit, account, id),
      key: await currentSigningKey(unit, account.pda),
    }))
    console.log(await issueToken(key, account.domain, bearer, now, options.days))
  })
}

async function bearerOf(unit: Unit, { pda, domain }: Account, id: string): Promise<Bearer> {
  const owner = await findOwner(unit, pda)
  if (id === ownerWriter) {
    if (owner === undefined)
      throw new CommandError(`The account ${domain} has no owner yet: use "hatstand owner set NAME".`)
    return { kind: 'owner', subject: owner.subject }
  }
  const application = await findApplication(unit, pda, id)
  if (application === undefined) throw new CommandError(`The account ${domain} has no application ${id}.`)
  return {
    kind: 'application',
    subject: owner?.subject ?? randomUUID(),
    application: id,
    version: application.version,
  }
}
