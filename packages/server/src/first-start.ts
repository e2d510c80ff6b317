import { randomUUID } from 'node:crypto'
import { makeSigningKey } from './auth/keys.ts'
import { makeSetupCode, type SetupCode } from './auth/opaque-tokens.ts'
import { hashPassword } from './auth/passwords/passwords.ts'
import { passwordProblem } from './auth/passwords/strength.ts'
import type { Config } from './config.ts'
import type { Database } from './database/port.ts'
import { addAccount, listAccounts, moveAccount } from './store/access/accounts.ts'
import { addOwner, findOwner } from './store/access/owners.ts'

const maxNamed = 5

/** The account of HATSTAND_DOMAIN, and the set-up code while it has no owner. */
export interface FirstAccount {
  domain: string
  setupCode: (SetupCode & { code: string }) | undefined
}

/**
 * Makes what the first start makes, and nothing on later ones: the account of HATSTAND_DOMAIN with its signing key, and the
 * owner the settings name.
 * @param fixedPort false when the port is another one at each start
 * @throws an Error with a sentence when there are accounts, and none is at that domain, or when the password is easily guessed
 */
export async function ensureFirstAccount(
  database: Database,
  config: Config,
  fixedPort: boolean,
  now: number,
): Promise<FirstAccount> {
  const { pda, domain } = await ensureAccount(database, config, fixedPort, now)
  const known = await database.of(pda).read((unit) => findOwner(unit))
  if (known) return { domain, setupCode: undefined }
  const { owner: name, ownerPassword: password, ownerEmail: email } = config
  if (name === undefined || password === undefined) return { domain, setupCode: makeSetupCode(pda) }
  const problem = await passwordProblem(password, [name, email ?? '', domain])
  if (problem) throw new Error(`HATSTAND_OWNER_PASSWORD is refused: ${problem}`)
  const owner = { name, passwordHash: await hashPassword(password), subject: randomUUID(), email }
  await database.of(pda).write((unit) => addOwner(unit, owner, now))
  return { domain, setupCode: undefined }
}

async function ensureAccount(database: Database, config: Config, fixedPort: boolean, now: number) {
  const accounts = await database.read(listAccounts)
  const [first, ...others] = accounts
  if (first === undefined) return createAccount(database, config.domain, now)
  const same = accounts.find((account) => account.domain === config.domain)
  if (same) return { pda: same.pda_id, domain: same.domain }
  if (others.length > 0 || !isLocal(first.domain))
    throw new Error(
      `No account has the domain ${config.domain}; there is ${namesOf(accounts)}. ` +
        'Set HATSTAND_DOMAIN to one of them, or add the account with: hatstand account add DOMAIN',
    )
  // A trial on this machine moves along with its port, or goes public. Port 0 is another one each time, and moves nothing; nor does
  // a port where PostgreSQL may serve another server that runs: its tokens would stop counting.
  const moves = fixedPort && config.databaseUrl === undefined
  if (!moves && isLocal(config.domain)) return { pda: first.pda_id, domain: first.domain }
  await database.of(first.pda_id).write((unit) => moveAccount(unit, config.domain))
  return { pda: first.pda_id, domain: config.domain }
}

/** The accounts' domains, for a message: of very many five and a count. */
export function namesOf(accounts: readonly { domain: string }[]): string {
  const named = accounts.length > maxNamed + 1 ? accounts.slice(0, maxNamed) : accounts
  const rest = accounts.length - named.length
  return named.map(({ domain }) => domain).join(', ') + (rest > 0 ? ` and ${rest} others` : '')
}

async function createAccount(
  database: Database,
  domain: string,
  now: number,
): Promise<{ pda: number; domain: string }> {
  await addAccount(database, domain, await makeSigningKey(), now)
  // Another process may have made it in the same moment: whoever did, this is the account.
  const account = (await database.read(listAccounts)).find((each) => each.domain === domain)
  if (account === undefined) throw new Error(`The account ${domain} could not be made.`)
  return { pda: account.pda_id, domain }
}

function isLocal(domain: string): boolean {
  return /^localhost(:\d+)?$/.test(domain)
}
