import { noticeHeaders, noticeKeyOf } from '../auth/keys.ts'
import type { App, Context } from '../context.ts'
import { nextAttempt, noticeBody } from '../domain/consent/notices.ts'
import { accountsToTell, settleNotice, takeNotices, type TakenNotice } from '../store/consent/notices.ts'

/** How often notices that failed are looked for, in milliseconds; those of a decision that was just made wait only a moment. */
const interval = 30_000
const moment = 200
const decisions = /\/data-debit\/.*\/(enable|disable|reject)/
/** How long an attempt may take; and after how long another process may make the next one, should this one have died. */
const attemptMilliseconds = 15_000
const leaseMilliseconds = 60_000
/** So many of an account are sent at once, and for so many accounts. */
const atOnce = 10
const accountsAtOnce = 8

/** Tells requesters what was decided, from when the server listens until it closes. */
export function sendNotices(app: App, context: Context): void {
  let running: Promise<unknown> | undefined
  let soon: NodeJS.Timeout | undefined
  const send = () => {
    soon = undefined
    running ??= sendOnce(context)
      .catch((error: unknown) => app.log.error(error, 'notices were not sent; tried again in half a minute'))
      .finally(() => (running = undefined))
  }
  app.addHook('onResponse', (request, _reply, done) => {
    if (decisions.test(request.routeOptions.url ?? '')) soon ??= setTimeout(send, moment).unref()
    done()
  })
  const timer = setInterval(send, interval).unref()
  app.addHook('onListen', async () => send())
  app.addHook('onClose', async () => {
    clearInterval(timer)
    clearTimeout(soon)
    await running
  })
}

/** Sends the notices of all accounts that are due. @returns how many were tried */
export async function sendOnce(context: Context): Promise<number> {
  const accounts = (await accountsToTell(context.database, context.now())).values()
  const one = async () => {
    let sent = 0
    for (const account of accounts) sent += await sendOf(context, account)
    return sent
  }
  // One account's requesters that do not answer keep the others waiting only so much.
  const each = await Promise.all(Array.from({ length: accountsAtOnce }, one))
  return each.reduce((sum, sent) => sum + sent, 0)
}

async function sendOf(context: Context, account: { pda: number; domain: string }): Promise<number> {
  const { database, now } = context
  const { privatePem } = await noticeKeyOf(context, account.pda)
  let sent = 0
  for (let last = atOnce; last === atOnce; sent += last) {
    const taken = await takeNotices(
      database.of(account.pda),
      account.domain,
      now(),
      now() + leaseMilliseconds,
      atOnce,
    )
    await Promise.all(taken.map((notice) => sendNotice(context, account.pda, privatePem, notice)))
    last = taken.length
  }
  return sent
}

/** Makes one attempt. Of the answer only its status is looked at and kept. */
async function sendNotice(
  context: Context,
  pda: number,
  privatePem: string,
  notice: TakenNotice,
): Promise<void> {
  const { config, database, now } = context
  const body = noticeBody(notice)
  const headers = noticeHeaders(notice.noticeId, body, privatePem, now())
  const status = await statusOf(notice.address, headers, body, config.privateHosts)
  const isTold = status >= 200 && status < 300
  const nextAt = isTold ? undefined : nextAttempt(notice.attempts, status, now(), Math.random())
  await database.of(pda).write((unit) => settleNotice(unit, notice, status, nextAt))
}

async function statusOf(
  address: string,
  headers: Record<string, string>,
  body: string,
  privateHosts: readonly string[],
): Promise<number> {
  const { FetchRefusedError, guardedFetch } = await import('../http/guarded-fetch.ts')
  try {
    const answer = await guardedFetch(address, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json', 'user-agent': 'hatstand' },
      body,
      timeoutMs: attemptMilliseconds,
      maxBytes: 1_048_576,
      privateHosts,
    })
    return answer.status
  } catch (error) {
    if (error instanceof FetchRefusedError) return 0
    throw error
  }
}
