import type { App, Context } from '../context.ts'
import { expiryEntry } from '../ledger/entries.ts'
import { forgetExpiredTokens } from '../store/access/access-tokens.ts'
import { listAccounts } from '../store/access/accounts.ts'
import { forgetModels } from '../store/access/oauth.ts'
import { forgetExpiredKeys } from '../store/access/signing-keys.ts'
import { appendExpiries } from '../store/consent/decisions.ts'
import { forgetNotices } from '../store/consent/notices.ts'
import { forgetOldVersions } from '../store/records/delete.ts'

/** How often what is old is looked for, in milliseconds. */
const interval = 3_600_000

/**
 * Forgets, from when the server listens until it closes, what counts no more: versions replaced longer ago than
 * HATSTAND_HISTORY_DAYS, access tokens, sessions, keys and what OAuth keeps that have ended, and notices. Consents that have ended by
 * themselves get their receipt.
 */
export function forgetWhatIsOld(app: App, context: Context): void {
  let running: Promise<void> | undefined
  const forget = () => {
    running ??= forgetOnce(context)
      .catch((error: unknown) =>
        app.log.error(error, 'what is old was not forgotten; tried again in an hour'),
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

/** Forgets what is older in every account than the settings, or its own end, allow. */
export async function forgetOnce({ config, database, now }: Context): Promise<void> {
  const accounts = await database.read(listAccounts)
  const bounds = { days: config.historyDays, versions: config.historyVersions }
  for (const pda of new Set(accounts.map((account) => account.pda_id))) {
    await forgetOldVersions(database.of(pda), bounds, now())
    await forgetExpiredTokens(database.of(pda), now())
    await forgetExpiredKeys(database.of(pda), now())
    await forgetModels(database.of(pda), now())
    await appendExpiries(database.of(pda), now(), expiryEntry({ config, now }))
    await forgetNotices(database.of(pda), now())
  }
}
