import { resolve } from 'node:path'
import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { type Config, readConfig } from '../config.ts'
import type { Account } from '../context.ts'
import { isDatabase, openDatabase } from '../database/open.ts'
import type { Database } from '../database/port.ts'
import { namesOf } from '../first-start.ts'
import { sealOnce } from '../jobs/seal-ledgers.ts'
import { listAccounts } from '../store/access/accounts.ts'

/** What a command works with. */
export interface Tools {
  config: Config
  database: Database
  now: number
}

/** Why a command did not do its work, in a sentence for whoever typed it. */
export class CommandError extends Error {}

/**
 * Opens the same data the server uses, which may run meanwhile, and closes it afterwards.
 * @throws CommandError where there is none; nothing is made then
 */
export async function withDatabase<T>(work: (tools: Tools) => Promise<T>): Promise<T> {
  const config = readConfig(process.env)
  if (!(await isDatabase(config))) throw noAccount(config)
  return withOpened(config, work)
}

/** Like `withDatabase`, for the command that makes the first account: makes what is missing. */
export function withNewDatabase<T>(work: (tools: Tools) => Promise<T>): Promise<T> {
  return withOpened(readConfig(process.env), work)
}

/** Says where it looked: most often another folder was meant. */
export function noAccount(config: Config): CommandError {
  return new CommandError(
    `There is no account in ${placeOf(config)}: start the server once, or use "hatstand account add DOMAIN". ` +
      'HATSTAND_DATA_DIR names another folder, DATABASE_URL a database.',
  )
}

function placeOf({ dataDir, databaseUrl }: Config): string {
  if (databaseUrl === undefined) return `the folder ${resolve(dataDir)}`
  // Neither the password nor what follows the ?, which may hold one, too.
  const { protocol, username, host, pathname } = new URL(databaseUrl)
  return `the database ${protocol}//${username && `${username}@`}${host}${pathname}`
}

async function withOpened<T>(config: Config, work: (tools: Tools) => Promise<T>): Promise<T> {
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
  return withDatabase(async (tools) => work(await chooseAccount(tools, options.account), tools))
}

async function chooseAccount({ config, database }: Tools, domain: string | undefined): Promise<Account> {
  const accounts = await database.read(listAccounts)
  const [first, second] = accounts
  if (first === undefined) throw noAccount(config)
  if (domain === undefined && second)
    throw new CommandError(`There are several accounts; choose one with --account: ${namesOf(accounts)}.`)
  const chosen =
    domain === undefined ? first : accounts.find((account) => account.domain === domain.toLowerCase())
  if (chosen === undefined) throw new CommandError(`There is no account with the domain ${domain}.`)
  return { pda: chosen.pda_id, domain: chosen.domain }
}

/** Reads one line: typed unseen at a terminal, otherwise the first line of standard input. */
export async function readSecret(question: string): Promise<string> {
  if (!process.stdin.isTTY) return firstLine()
  process.stderr.write(question)
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() })
  const reader = createInterface({ input: process.stdin, output: unseen, terminal: true })
  reader.on('SIGINT', () => process.exit(130))
  const answer = await reader.question('')
  reader.close()
  process.stderr.write('\n')
  return answer
}

/** Asks a question at the terminal; anything but yes is no. Without a terminal, nobody can say yes. */
export async function isAgreed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false
  const reader = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await reader.question(`${question} [y/N] `)
  reader.close()
  return /^y(es)?$/i.test(answer.trim())
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line
  return ''
}
