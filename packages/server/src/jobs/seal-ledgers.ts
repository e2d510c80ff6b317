import { signText } from '../auth/keys.ts'
import type { App, Context } from '../context.ts'
import { sealAccount, unsealedAccounts } from '../store/ledger/seals.ts'

/** How long what happened waits for its seal, in milliseconds: many entries share one. */
const interval = 500
/** How often the sums of what was read and refused are written down, in milliseconds. */
const summing = 60_000
/** How long after a failure it is tried again: the disk is full, or the database away. */
const failedInterval = 10_000

/**
 * Seals the ledgers, from when the server listens until it closes: what was left at the start, and within a second what happens.
 * A server that nobody asks does nothing.
 */
export function sealLedgers(app: App, context: Context): void {
  let [open, asked, closed] = [0, true, false]
  let timer: NodeJS.Timeout | undefined
  let running: Promise<number | undefined> | undefined
  const seal = async () => {
    timer = undefined
    asked = false
    running = sealOnce(context).catch((error: unknown) => {
      app.log.error(error, 'the ledger was not sealed; tried again in ten seconds')
      return undefined
    })
    const sealed = await running
    running = undefined
    if (sealed === undefined) arm(failedInterval)
    else if (sealed > 0 || asked || open > 0) arm()
  }
  const arm = (milliseconds = interval) => {
    if (!closed && running === undefined) timer ??= setTimeout(() => void seal(), milliseconds).unref()
  }
  app.addHook('onRequest', (_request, _reply, done) => {
    open += 1
    asked = true
    arm()
    done()
  })
  app.addHook('onResponse', (_request, _reply, done) => {
    open -= 1
    asked = true
    arm()
    done()
  })
  const sums = setInterval(() => {
    app.ledger.flush().then(
      () => arm(),
      (error: unknown) => app.log.error(error, 'sums of a minute are not in the ledger'),
    )
  }, summing).unref()
  app.addHook('onListen', async () => arm())
  app.addHook('onClose', async () => {
    closed = true
    clearTimeout(timer)
    clearInterval(sums)
    await running
    const atStart = (error: unknown) => app.log.error(error, 'the ledger is sealed at the next start')
    await app.ledger
      .flush()
      .then(() => sealOnce(context))
      .catch(atStart)
  })
}

/** Seals what happened in every account. @returns how many entries */
export async function sealOnce({ database, now }: Pick<Context, 'database' | 'now'>): Promise<number> {
  let sealed = 0
  for (const account of await unsealedAccounts(database))
    sealed += await sealAccount(database.of(account.pda), account.domain, now(), signText)
  return sealed
}
