import { type Config, readConfig } from '../config.ts'
import type { Account } from '../context.ts'
import { openDatabase } from '../database/open.ts'
import type { Database } from '../database/port.ts'
import { sealOnce } from '../sealing.ts'
import { listAccounts } from '../store/accounts.ts'

/** What a command works with. */
export interface Tools {
  config: Config
  database: Database
  now: number
}

/** Why a command did not do its work, in a sentence for whoever typed it. */
export class CommandError extends Error {}

/** Opens the same data the server uses, which may run meanwhile, and closes it afterwards. */
export async function withDatabase<T>(work: (tools: Tools) => Promise<T>): Promise<T> {
  const config = readConfig(process.env)
  const database = await openDatabase(config, false)
  try {
    const result = await work({ config, database, now: Date.now() })
    await sealOnce({ database, now: Date.now })
    return result
  } finally {
    await database.close()
  }
}

/** Like `withDatabase`, with the account named by `--account`; while there is only one, it need not be named. */
export function withAccount<T>(
  options: { account?: string },
  work: (account: Account, tools: Tools) => Promise<T>,
): Promise<T> {
  return withDatabase(async (tools) => work(await chooseAccount(tools.database, options.account), tools))
}

async function chooseAccount(database: Database, domain: string | undefined): Promise<Account> {
  const accounts = await database.read(listAccounts)
  const [first, second] = accounts
  if (first === undefined)
    throw new CommandError(
      'There is no account yet: start the server once, or use "hatstand account add DOMAIN".',
    )
  if (domain === undefined && second) {
    const names = accounts.map((account) => account.domain).join(', ')
    throw new CommandError(`There are several accounts; choose one with --account: ${names}.`)
  }
  const chosen =
    domain === undefined ? first : accounts.find((account) => account.domain === domain.toLowerCase())
  if (chosen === undefined) throw new CommandError(`There is no account with the domain ${domain}.`)
  return { pda: chosen.pda_id, domain: chosen.domain }
}
