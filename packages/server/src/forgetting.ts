import type { App, Context } from './context.ts'
import { listAccounts } from './store/accounts.ts'
import { forgetOldVersions } from './store/record-history.ts'

/** How often old versions are looked for, in milliseconds. */
const interval = 3_600_000

/** Forgets, from when the server listens until it closes, versions replaced longer ago than HATSTAND_HISTORY_DAYS. */
export function forgetWhatIsOld(app: App, context: Context): void {
  if (context.config.historyDays === undefined) return
  let running: Promise<void> | undefined
  const forget = () => {
    running ??= forgetOnce(context)
      .catch((error: unknown) =>
        app.log.error(error, 'old versions were not forgotten; tried again in an hour'),
      )
      .finally(() => (running = undefined))
  }
  const timer = setInterval(forget, interval).unref()
  app.addHook('onListen', async () => forget())
  app.addHook('onClose', async () => {
    clearInterval(timer)
    await running
  })
}

/** Forgets the versions of every account that are older than the settings allow. */
export async function forgetOnce({ config, database, now }: Context): Promise<void> {
  const accounts = await database.read(listAccounts)
  const bounds = { days: config.historyDays, versions: config.historyVersions }
  for (const pda of new Set(accounts.map((account) => account.pda_id)))
    await forgetOldVersions(database, pda, bounds, now())
}
