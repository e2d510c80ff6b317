import { flushCompileCache } from 'node:module'
import { createServer } from 'node:net'
import { createApp } from './app.ts'
import { originOf, type Config, readConfig, unknownSettings } from './config.ts'
import type { App } from './context.ts'
import { openDatabase } from './database/open.ts'
import type { Database } from './database/port.ts'
import { ensureFirstAccount, type FirstAccount, namesOf } from './first-start.ts'
import { collectAll } from './http/receive-body.ts'
import { forgetWhatIsOld } from './jobs/expire.ts'
import { sealLedgers } from './jobs/seal-ledgers.ts'
import { sendNotices } from './jobs/send-notices.ts'
import { listAccounts } from './store/access/accounts.ts'

/** A second signal this soon is the same one, sent to the whole terminal group and passed on by npm once more. */
const sameSignalMilliseconds = 500
/** How long what runs may take to finish, less than the ten seconds Docker waits: a client that stopped reading never would. */
const closingMilliseconds = 8000

/**
 * The server: reads the configuration, opens, listens, prints where, and closes on SIGTERM or SIGINT.
 * @param env the environment
 * @throws an Error whose message says in a sentence what keeps the server from starting
 */
export async function serve(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const asked = readConfig(env)
  const config = await withPort(asked)
  const database = await openDatabase(config, true)
  try {
    const first = await ensureFirstAccount(database, config, asked.port !== 0, Date.now())
    const context = {
      config,
      database,
      now: Date.now,
      ...(first.setupCode && { setupCode: first.setupCode }),
    }
    const app = await createApp(context)
    forgetWhatIsOld(app, context)
    sealLedgers(app, context)
    sendNotices(app, context)
    closeOnSignal(app, database)
    await listen(app, config)
    for (const name of unknownSettings(env)) app.log.warn(`There is no setting ${name}.`)
    announce(config, await database.read(listAccounts), first)
    // At its end the process would do it, too, but for one that is killed.
    flushCompileCache()
    collectAll()
  } catch (error) {
    await database.close()
    throw error
  }
}

/** For PORT=0 a free port, found before anything carries it in its name. */
async function withPort(config: Config): Promise<Config> {
  if (config.port !== 0) return config
  const port = await new Promise<number>((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, config.host, () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address ? address.port : 0))
    })
  })
  return Object.freeze({
    ...config,
    port,
    domain: config.domain.replace(/^localhost:0$/, `localhost:${port}`),
  })
}

async function listen(app: App, { host, port }: Config): Promise<void> {
  try {
    await app.listen({ host, port })
  } catch (error) {
    await app.close()
    throw new Error(listenProblem(error as NodeJS.ErrnoException, host, port), { cause: error })
  }
}

function listenProblem(error: NodeJS.ErrnoException, host: string, port: number): string {
  if (error.code === 'EADDRINUSE')
    return `Port ${port} of ${host} is in use by another program; choose another with PORT.`
  if (error.code === 'EACCES')
    return `Port ${port} may not be used without more rights; choose one above 1023 with PORT.`
  if (error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND')
    return `${host} is no address of this machine; choose another with HATSTAND_HOST.`
  return `The server cannot listen on ${host}, port ${port}: ${error.message}.`
}

/** Says in one piece where the server listens, which accounts it serves and, while there is no owner, where to set one up. */
function announce(
  config: Config,
  accounts: readonly { domain: string }[],
  { domain, setupCode }: FirstAccount,
): void {
  const shown = ['127.0.0.1', '::1', '0.0.0.0', '::'].includes(config.host) ? 'localhost' : config.host
  const lines = [`hatstand listens on http://${shown.includes(':') ? `[${shown}]` : shown}:${config.port}`]
  lines.push(
    accounts.length === 1
      ? `It serves the account ${namesOf(accounts)}.`
      : `It serves ${accounts.length} accounts: ${namesOf(accounts)}.`,
  )
  if (setupCode)
    lines.push(
      `The account ${domain} has no owner yet. Set it up, once, on this page:`,
      `  ${originOf(domain, config)}/setup?code=${setupCode.code}`,
    )
  console.log(lines.join('\n'))
}

/** Stops accepting, finishes what runs, closes the database and ends with 0. A second signal ends at once. */
function closeOnSignal(app: App, database: Database): void {
  let since: number | undefined
  const close = async () => {
    setTimeout(() => app.server.closeAllConnections(), closingMilliseconds).unref()
    await app.close()
    await database.close()
    process.exit(0)
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      if (since !== undefined && Date.now() - since > sameSignalMilliseconds) process.exit(1)
      if (since !== undefined) return
      since = Date.now()
      close().catch((error: unknown) => {
        app.log.fatal(error)
        process.exit(1)
      })
    })
}
