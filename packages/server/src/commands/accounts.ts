import { randomUUID } from 'node:crypto'
import { passwordProblem } from '../auth/password-strength.ts'
import { hashPassword } from '../auth/passwords.ts'
import { makeSigningKey } from '../auth/signing-keys.ts'
import { addAccount, listAccounts } from '../store/accounts.ts'
import { findOwner, replaceOwner } from '../store/owners.ts'
import { CommandError, withAccount, withDatabase } from './account.ts'
import { readSecret } from './terminal.ts'

/** `hatstand account add DOMAIN` */
export async function accountAdd(domain: string): Promise<void> {
  const key = await makeSigningKey()
  const added = await withDatabase(({ database, now }) => addAccount(database, domain, key, now))
  if (added === undefined) throw new CommandError(`There is an account with the domain ${domain} already.`)
  console.log(
    `Added the account ${domain}. Give it an owner with: hatstand owner set NAME --account ${domain}`,
  )
}

/** `hatstand account list` */
export async function accountList(): Promise<void> {
  const lines = await withDatabase(({ database }) =>
    database.read(async (unit) => {
      const accounts = await listAccounts(unit)
      const owners = await Promise.all(accounts.map((account) => findOwner(unit, account.pda_id)))
      return accounts.map(({ domain }, index) => {
        const owner = owners[index]
        return owner ? `${domain}: its owner is ${owner.name}.` : `${domain}: it has no owner yet.`
      })
    }),
  )
  console.log(lines.length > 0 ? lines.join('\n') : 'There is no account yet.')
}

/** `hatstand owner set NAME` */
export async function ownerSet(name: string, options: { account?: string }): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    const password = await readPassword(name, domain)
    const owner = { name, passwordHash: await hashPassword(password), subject: randomUUID() }
    const replaced = await database.write(pda, (unit) => replaceOwner(unit, pda, owner, now))
    console.log(
      replaced
        ? `The owner of ${domain} is ${name} now, with the new password. Tokens the owner had no longer count.`
        : `The account ${domain} has the owner ${name} now.`,
    )
  })
}

async function readPassword(name: string, domain: string): Promise<string> {
  const password = process.env['HATSTAND_OWNER_PASSWORD'] || (await readSecret(`Password for ${name}: `))
  const problem = await passwordProblem(password, [name, domain])
  if (problem) throw new CommandError(problem)
  return password
}
