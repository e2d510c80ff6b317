import { makeSigningKey } from '../auth/keys.ts'
import { addAccount, listAccounts } from '../store/access/accounts.ts'
import { findOwner } from '../store/access/owners.ts'
import { CommandError, noAccount, withDatabase, withNewDatabase } from './open.ts'

/** `hatstand account add DOMAIN` */
export async function accountAdd(domain: string): Promise<void> {
  const key = await makeSigningKey()
  const added = await withNewDatabase(({ database, now }) => addAccount(database, domain, key, now))
  if (added === undefined) throw new CommandError(`There is an account with the domain ${domain} already.`)
  console.log(
    `Added the account ${domain}. Give it an owner with: hatstand owner set NAME --account ${domain}`,
  )
}

/** `hatstand account list` */
export async function accountList(): Promise<void> {
  const lines = await withDatabase(({ config, database }) =>
    database.read(async (unit) => {
      const accounts = await listAccounts(unit)
      if (accounts.length === 0) throw noAccount(config)
      const owners = await Promise.all(accounts.map((account) => findOwner(unit, account.pda_id)))
      return accounts.map(({ domain }, index) => {
        const owner = owners[index]
        return owner ? `${domain}: its owner is ${owner.name}.` : `${domain}: it has no owner yet.`
      })
    }),
  )
  console.log(lines.join('\n'))
}
