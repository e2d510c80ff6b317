import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import type { FastifyRequest } from 'fastify'
import type { Context } from '../context.ts'
import { type QueryContext, usualBounds } from '../store/queries/context.ts'
import { appendRead, type Noted } from './entries.ts'

/**
 * What a request reads records with: what a page shows is in the ledger before the page leaves.
 * @param about what the entries say beside that, or instead of it
 */
export const queryContextOf = (
  request: FastifyRequest,
  context: Context,
  action: LedgerAction,
  about: Noted = {},
): QueryContext => ({
  ...readingFor(context, request.account.pda),
  isGone: () => request.raw.socket.destroyed,
  release: (what) => appendRead(request, context, { ...what, ...about }, action),
})

/** What a page for the owner's own eyes is made with: that is in no ledger. */
export const ownersQueryContext = (context: Context, pda: number): QueryContext => ({
  ...readingFor(context, pda),
  release: async () => undefined,
})

const readingFor = ({ config, database, now }: Context, pda: number) => ({
  database: database.of(pda),
  now: now(),
  orderPaths: config.orderPaths,
  bounds: usualBounds,
})
