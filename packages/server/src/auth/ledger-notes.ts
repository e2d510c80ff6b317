import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { holderOf, isOwner } from '../domain/rights.ts'
import { noteAlone } from '../store/ledger.ts'
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

/** An entry for what a request does, to be noted in the same unit; undefined where no ledger is kept. */
export function entryOf(
  request: FastifyRequest,
  { config, now }: Pick<Context, 'config' | 'now'>,
  action: LedgerAction,
  noted: Noted = {},
): LedgerEntry | undefined {
  if (config.ledger === 'off') return undefined
  return entryAt(now(), action, request, noted)
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
  request: Pick<FastifyRequest, 'caller' | 'ip'> | undefined,
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
export async function noteRead(
  request: FastifyRequest,
  context: Context,
  noted: Noted,
  action: LedgerAction = 'read',
): Promise<void> {
  if (context.config.ledger === 'off') return
  const { pda } = request.account
  if (isOwner(request.caller)) return request.server.ledger.add(request, action, noted)
  await noteAlone(context.database, pda, entryAt(context.now(), action, request, noted))
}
