import type { ErrorCode } from '@hatstand/api/errors.ts'
import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { type Caller, isOwner } from '../domain/access/rights.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { errors } from '../errors.ts'
import { appendAlone, appendSums } from '../store/ledger/entries.ts'
import { entryAt, type Noted } from './entries.ts'

/** How many different sums are kept before they are written down. */
const maxSums = 1000

/** What the ledger keeps in memory for up to a minute. */
export interface LedgerSums {
  /** Adds what the owner read, or what a stranger was refused, to a sum of its kind. */
  add(request: FastifyRequest, action: LedgerAction, noted: Noted): void
  /** Writes the sums down as entries. */
  flush(): Promise<void>
}

type Sum = { pda: number; entry: LedgerEntry; detail: Record<string, unknown>; times: number }

declare module 'fastify' {
  interface FastifyInstance {
    ledger: LedgerSums
  }
}

/** Keeps the sums, as `app.ledger`, and writes them down when the server closes. */
export function sumLedger(app: App, context: Context): void {
  const sums = ledgerSums(context)
  app.decorate('ledger', sums)
  app.addHook('onClose', () =>
    sums.flush().catch((error: unknown) => app.log.error(error, 'the last sums are not in the ledger')),
  )
}

function ledgerSums({ database, now }: Context): LedgerSums {
  let sums = new Map<string, Sum>()

  async function flush(): Promise<void> {
    const written = [...sums]
    sums = new Map()
    for (const [pda, list] of Map.groupBy(written, ([, sum]) => sum.pda)) {
      const entries = list.map(([, sum]) => summedUp(sum))
      try {
        await database.of(pda).write((unit) => appendSums(unit, entries))
      } catch (error) {
        // Tried again with the next; what is beyond the bound is lost while the database is away.
        for (const [key, sum] of list) if (sums.size < maxSums) sums.set(key, together(sum, sums.get(key)))
        throw error
      }
    }
  }

  return {
    flush,
    add(request, action, noted) {
      const { account, caller } = request
      // Strangers are counted together, wherever they come from.
      const ip = caller === undefined ? '' : request.ip
      const { endpoints = [], detail = {} } = noted
      const key = JSON.stringify([account.pda, action, caller?.tokenId, ip, endpoints, detail])
      const sum = {
        pda: account.pda,
        entry: entryAt(now(), action, { caller, ip }, noted),
        detail,
        times: 1,
      }
      const before = sums.get(key)
      sums.set(key, before ? together(before, sum) : sum)
      if (sums.size > maxSums) flush().catch(() => undefined)
    },
  }
}

function summedUp({ entry, detail, times }: Sum): LedgerEntry {
  return times === 1 ? entry : { ...entry, detail: JSON.stringify({ ...detail, times }) }
}

function together(sum: Sum, later: Sum | undefined): Sum {
  if (later === undefined) return sum
  const entry = { ...sum.entry, records: sum.entry.records + later.entry.records }
  return { ...sum, entry, times: sum.times + later.times }
}

/** Notes that a caller was refused before it is told so; of strangers only counts it. */
export async function appendRefused(
  request: FastifyRequest,
  { config, database, now }: Context,
  code: ErrorCode,
): Promise<void> {
  const { method, routeOptions, caller, account } = request
  if (config.ledger === 'off' || account === undefined || !isRefusal(code, caller)) return
  const detail = { code, route: `${method} ${routeOptions.url ?? ''}` }
  if (caller === undefined) return request.server.ledger.add(request, 'refused_unknown', { detail })
  const noted = { detail, endpoints: endpointIn(request.params) }
  await appendAlone(database.of(account.pda), entryAt(now(), 'refused', request, noted))
}

/** Whether somebody was kept from something: mistakes in a request are none. What is not there may be there for others than the owner. */
function isRefusal(code: ErrorCode, caller: Caller | undefined): boolean {
  const { status } = errors[code]
  if (status === 404) return code !== 'route_unknown' && caller !== undefined && !isOwner(caller)
  return [401, 403, 413, 429].includes(status)
}

/** The endpoint a route names, if it names one. */
function endpointIn(params: unknown): string[] {
  const { namespace, '*': path } = (params ?? {}) as { namespace?: string; '*'?: string }
  return namespace === undefined || path === undefined ? [] : [`${namespace}/${path}`]
}
