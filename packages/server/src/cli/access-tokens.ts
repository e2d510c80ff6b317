import { randomUUID } from 'node:crypto'
import { type Bearer, issueToken } from '../auth/access-tokens.ts'
import type { Account } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { ownerHolder } from '../domain/access/rights.ts'
import { findApplication } from '../store/access/applications.ts'
import { findOwner } from '../store/access/owners.ts'
import { CommandError, withAccount } from './open.ts'

/** `hatstand token ID`: prints the token alone. */
export async function tokenCommand(id: string, options: { account?: string; days: number }): Promise<void> {
  await withAccount(options, async (account, { config, database, now }) => {
    const bearer = await database.read((unit) => bearerOf(unit, account, id))
    console.log(
      await issueToken({ config, database, now: () => now }, account, bearer, 'command line', options.days),
    )
  })
}

async function bearerOf(unit: Unit, { pda, domain }: Account, id: string): Promise<Bearer> {
  const owner = await findOwner(unit, pda)
  if (id === ownerHolder) {
    if (owner === undefined)
      throw new CommandError(`The account ${domain} has no owner yet: use "hatstand owner set NAME".`)
    return { kind: 'owner', subject: owner.subject }
  }
  const application = await findApplication(unit, pda, id)
  if (application === undefined) throw new CommandError(`The account ${domain} has no application ${id}.`)
  const { enabled, setupVersion } = application
  if (!enabled || setupVersion === undefined)
    throw new CommandError(
      `The application ${id} is not set up, or was disabled: use "hatstand application set-up ${id}".`,
    )
  return {
    kind: 'application',
    subject: owner?.subject ?? randomUUID(),
    application: id,
    version: setupVersion,
  }
}
