import * as api from '@hatstand/api/ledger.ts'
import type { FastifyRequest } from 'fastify'
import type { App, Context } from '../context.ts'
import { isOwner } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { linkNext } from '../http/answers.ts'
import { type LedgerFilter, type ListedEntry, listEntries } from '../store/ledger/entries.ts'
import { listSeals, newestSeal } from '../store/ledger/seals.ts'

/** The most entries or seals of one answer. */
const maxListed = 1000

/** The owner sees what happened in the account, and the seals that show that nothing was changed since. */
export function ledgerRoutes(app: App, { database }: Context): void {
  app.get(api.listLedger.path, { schema: api.listLedger }, async (request, reply) => {
    requireOwner(request)
    const { from, to, action, holder, endpoint, dataDebit, take, after } = request.query
    const filter: LedgerFilter = {
      ...(from !== undefined && { from: timeOf('from', from) }),
      ...(to !== undefined && { to: timeOf('to', to) }),
      ...(action !== undefined && { action }),
      ...(holder !== undefined && { holder }),
      ...(endpoint !== undefined && { endpoint }),
      ...(dataDebit !== undefined && { dataDebit }),
      ...(after !== undefined && { before: after }),
    }
    const most = Math.min(Number(take), maxListed)
    const found = await listEntries(database.of(request.account.pda), filter, most + 1)
    const entries = found.slice(0, most)
    if (found.length > most && most > 0) linkNext(reply, request, entries.at(-1)!.entryId)
    return entries.map(shown)
  })

  app.get(api.readLedgerHead.path, { schema: api.readLedgerHead }, async (request) => {
    requireOwner(request)
    const seal = await database.of(request.account.pda).read((unit) => newestSeal(unit))
    if (seal === undefined) throw new ApiError('ledger_empty', 'Nothing in the ledger is sealed yet')
    return seal
  })

  app.get(api.listSeals.path, { schema: api.listSeals }, async (request, reply) => {
    requireOwner(request)
    const { take, after } = request.query
    const most = Math.min(Number(take), maxListed)
    const before = after === undefined ? undefined : Number(after)
    const found = await database.of(request.account.pda).read((unit) => listSeals(unit, before, most + 1))
    const seals = found.slice(0, most)
    if (found.length > most && most > 0) linkNext(reply, request, String(seals.at(-1)!.seal))
    return seals
  })
}

function requireOwner({ caller }: FastifyRequest): void {
  if (!isOwner(caller)) throw new ApiError('forbidden', 'Only the owner may see the ledger')
}

function timeOf(name: string, text: string): number {
  const time = Date.parse(text)
  if (Number.isNaN(time))
    throw new ApiError('invalid_query', `The parameter ${name} must be a time there is, as in ISO 8601`)
  return time
}

function shown(entry: ListedEntry): api.LedgerEntry {
  const { entryId, at, action, holder, tokenId, dataDebit, permission, endpoints, records } = entry
  return {
    entryId,
    at: new Date(at).toISOString(),
    action,
    holder,
    ...(tokenId !== '' && { tokenId }),
    ...(dataDebit !== null && { dataDebit }),
    ...(permission !== null && { permission }),
    endpoints: [...endpoints],
    records,
    ...(entry.address !== '' && { address: entry.address }),
    ...(entry.detail !== '' && { detail: detailOf(entry.detail) }),
    ...(entry.seal !== undefined && { seal: entry.seal }),
  }
}

/** Somebody may have changed it by hand; the ledger is shown all the same. */
function detailOf(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return { text }
  }
}
