import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import type { FastifyRequest } from 'fastify'
import type { Account, Context } from '../context.ts'
import { type Caller, holderOf, isOwner, ownerHolder } from '../domain/access/rights.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { appendAlone } from '../store/ledger/entries.ts'
import { newUuidAt } from '../uuids.ts'

/** What an entry says beside who asked and when; `holder` and `tokenId` where the request has no caller. */
export interface Noted {
  endpoints?: readonly string[]
  records?: number
  /** Something short; never data, a record's id, a password or a token. */
  detail?: Record<string, unknown>
  holder?: string
  tokenId?: string
  dataDebit?: string
  permission?: string
}

/** Who asks, and from where: a request; without `caller` where its token says nothing of it. */
type Asking = { caller?: Caller; ip: string }

/**
 * An entry for what a request does, to be noted in the same unit.
 * @param request undefined where nobody knows which one it is
 * @returns undefined where no ledger is kept
 */
export function entryOf(
  request: Asking | undefined,
  { config, now }: { config?: Pick<Context['config'], 'ledger'>; now: Context['now'] },
  action: LedgerAction,
  noted: Noted = {},
): LedgerEntry | undefined {
  if (config?.ledger === 'off') return undefined
  return entryAt(now(), action, request, noted)
}

/** An entry for what the owner does on a page, in a browser that is signed in. */
export function entryOfPage(
  { ip }: FastifyRequest,
  context: Context,
  { tokenId }: { tokenId: string },
  action: LedgerAction,
  detail?: Noted['detail'],
): LedgerEntry | undefined {
  const by = { holder: ownerHolder, tokenId, ...(detail && { detail }) }
  return entryOf({ ip }, context, action, by)
}

/** Notes that the owner declined what an application asked for. */
export async function declined(
  request: FastifyRequest,
  context: Context,
  session: { tokenId: string; account: Account },
  application: string,
): Promise<void> {
  const entry = entryOfPage(request, context, session, 'consent', { application, declined: true })
  if (entry) await appendAlone(context.database.of(session.account.pda), entry)
}

/** An entry for what a command does. */
export function entryOfCommand(
  { config, now }: { config: Context['config']; now: number },
  action: LedgerAction,
  noted: Noted = {},
): LedgerEntry | undefined {
  if (config.ledger === 'off') return undefined
  return entryAt(now, action, undefined, { holder: 'command line', ...noted })
}

/** An entry for what a request does, whether a ledger is kept or not. */
export function entryAt(
  at: number,
  action: LedgerAction,
  request: Asking | undefined,
  { endpoints = [], records = 0, detail, holder, tokenId, dataDebit, permission }: Noted,
): LedgerEntry {
  const caller = request?.caller
  return {
    entryId: newUuidAt(at),
    at,
    action,
    holder: holder ?? (caller === undefined ? '' : holderOf(caller)),
    tokenId: tokenId ?? caller?.tokenId ?? '',
    dataDebit: dataDebit ?? null,
    permission: permission ?? null,
    endpoints,
    records,
    address: request?.ip ?? '',
    detail: detail === undefined ? '' : JSON.stringify(detail),
  }
}

/**
 * Notes what is about to be answered: resolves when that is durable. What the owner reads in person is only summed up, and costs no wait.
 * @throws what the database throws: then nothing may be answered
 */
export async function appendRead(
  request: FastifyRequest,
  context: Context,
  noted: Noted,
  action: LedgerAction = 'read',
): Promise<void> {
  if (context.config.ledger === 'off') return
  const { pda } = request.account
  if (isOwner(request.caller)) return request.server.ledger.add(request, action, noted)
  await appendAlone(context.database.of(pda), entryAt(context.now(), action, request, noted))
}

/** Makes the entry of the ledger for a consent that has ended by itself; nobody did it. */
export const expiryEntry =
  ({ config, now }: Pick<Context, 'config' | 'now'>) =>
  (dataDebit: string, permission: number): LedgerEntry | undefined =>
    config.ledger === 'off'
      ? undefined
      : entryAt(now(), 'expire', undefined, { dataDebit, permission: String(permission) })
