import { randomUUID } from 'node:crypto'
import { changeEmail } from '../actions/owners.ts'
import { makeSigningKey } from '../auth/keys.ts'
import { hashPassword } from '../auth/passwords/passwords.ts'
import { makeResetLink, resetAddress } from '../auth/passwords/recovery.ts'
import { passwordProblem } from '../auth/passwords/strength.ts'
import { readConfig } from '../config.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import { addAccount, listAccounts } from '../store/access/accounts.ts'
import { findOwner, replaceOwner } from '../store/access/owners.ts'
import { removeSecondFactors } from '../store/access/second-factors.ts'
import { appendEntry } from '../store/ledger/entries.ts'
import { CommandError, noAccount, withDatabase, withNewDatabase, withAccount, readSecret } from './open.ts'

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
  const lines = await withDatabase(async ({ config, database }) => {
    const accounts = await database.read(listAccounts)
    if (accounts.length === 0) throw noAccount(config)
    return Promise.all(
      accounts.map(async ({ pda_id, domain }) => {
        const owner = await database.of(pda_id).read(findOwner)
        return owner ? `${domain}: its owner is ${owner.name}.` : `${domain}: it has no owner yet.`
      }),
    )
  })
  console.log(lines.join('\n'))
}

/** `hatstand owner set NAME` */
export async function ownerSet(name: string, options: { account?: string; email?: string }): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const { email } = options
    const password = await readPassword(name, [email ?? '', domain])
    const owner = { name, passwordHash: await hashPassword(password), subject: randomUUID(), email }
    const before = await database.of(pda).read((unit) => findOwner(unit))
    const entry = entryOfCommand(tools, 'owner', { detail: { owner: name } })
    const replaced = await database.of(pda).write(async (unit) => {
      await appendEntry(unit, entry)
      return replaceOwner(unit, owner, now)
    })
    console.log(
      replaced
        ? `The owner of ${domain} is ${name} now, with the new password. Tokens the owner had no longer count.`
        : `The account ${domain} has the owner ${name} now.`,
    )
    if (before && before.name !== name)
      console.log(`Nothing is left of the second factors of ${before.name}.`)
  })
}

/** `hatstand owner email`: says the address; with one, or with `--none`, it is the owner's from now on. */
export async function ownerEmail(
  email: string | undefined,
  options: { account?: string; none?: true },
): Promise<void> {
  if (email !== undefined && options.none) throw new CommandError('Give an address or --none, not both.')
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database } = tools
    const noOwner = () =>
      new CommandError(`The account ${domain} has no owner yet: use "hatstand owner set NAME".`)
    if (email === undefined && !options.none) {
      const owner = await database.of(pda).read((unit) => findOwner(unit))
      if (owner === undefined) throw noOwner()
      console.log(owner.email ?? `The account ${domain} knows no e-mail address of its owner.`)
      return
    }
    const entry = entryOfCommand(tools, 'owner', { detail: { change: 'e-mail address' } })
    if (!(await changeEmail(database.of(pda), email, entry))) throw noOwner()
    console.log(
      email === undefined
        ? `The account ${domain} knows no e-mail address of its owner any more.`
        : `The link to a new password of ${domain} goes to ${email} from now on.`,
    )
  })
}

/** `hatstand owner reset-link`: prints the link alone; what else was done goes to standard error. */
export async function ownerResetLink(options: { account?: string; secondFactors?: true }): Promise<void> {
  const config = readConfig(process.env)
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    if (!(await database.of(pda).read((unit) => findOwner(unit))))
      throw new CommandError(`The account ${domain} has no owner yet: use "hatstand owner set NAME".`)
    const text = await makeResetLink({ database, now }, pda)
    if (options.secondFactors) {
      const entry = entryOfCommand(tools, 'second_factor', { detail: { change: 'all removed' } })
      await database.of(pda).write(async (unit) => {
        await removeSecondFactors(unit)
        await appendEntry(unit, entry)
      })
      console.error('The second factors of the owner were removed.')
    }
    console.log(resetAddress(config, domain, text ?? ''))
  })
}

async function readPassword(name: string, known: string[]): Promise<string> {
  const password = process.env['HATSTAND_OWNER_PASSWORD'] || (await readSecret(`Password for ${name}: `))
  const problem = await passwordProblem(password, [name, ...known])
  if (problem) throw new CommandError(problem)
  return password
}
