import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import type { FastifyRequest } from 'fastify'
import { makeOpaqueToken } from '../../auth/opaque-tokens.ts'
import type { Context } from '../../context.ts'
import { holderOf } from '../../domain/access/rights.ts'
import { endpointsIn } from '../../domain/consent/acceptance.ts'
import { type DataDebit, type Permission, decides } from '../../domain/consent/data-debit.ts'
import { type Proposal, proposedPermission } from '../../domain/consent/proposal.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { readBundle } from '../../domain/queries/query.ts'
import { ApiError } from '../../errors.ts'
import { entryOf } from '../../ledger/entries.ts'
import { findDebit } from '../../store/consent/data-debits.ts'
import { type Refusal, proposeDebit, proposePermission } from '../../store/consent/decisions.ts'
import { malformed } from '../data-debit-bodies.ts'
import { allowed } from '../data-debit-callers.ts'

/** The entry of the ledger for what a request does to a data debit. */
export function entryAbout(
  request: FastifyRequest,
  context: Context,
  action: LedgerAction,
  debit: DataDebit,
  permission?: Permission,
): LedgerEntry | undefined {
  return entryOf(request, context, action, {
    dataDebit: debit.id,
    ...(permission && {
      permission: String(permission.number),
      endpoints: endpointsIn(readBundle(permission.bundle.text)),
    }),
  })
}

/**
 * Proposes a new data debit.
 * @throws `data_debit_exists`, `bundle_exists`, `data_debit_malformed`
 */
export async function propose(
  context: Context,
  request: FastifyRequest,
  id: string,
  { form, client, request: asked }: Proposal,
): Promise<DataDebit> {
  // Those are made when an application is set up, and nobody can have one ready before.
  if (id.startsWith('app-')) throw malformed('an id that begins with app- is that of an application')
  const now = context.now()
  const { pda } = request.account
  const permission = proposedPermission(asked, 1, now)
  const debit: DataDebit = {
    id,
    holder: holderOf(request.caller),
    form,
    secret: makeOpaqueToken(),
    client,
    seen: decides(request.caller) ? 1 : 0,
    createdAt: now,
    deletedAt: undefined,
    permissions: [permission],
  }
  const entry = entryAbout(request, context, 'propose', debit, permission)
  const refusal = await context.database.write(pda, (unit) => proposeDebit(unit, pda, debit, entry))
  if (refusal) throw refusedProposal(refusal)
  return debit
}

/**
 * Proposes a change of a data debit: a permission that the owner has to accept. Who asks stays as it was.
 * @throws `forbidden`, `data_debit_missing`, `bundle_exists`, `data_debit_malformed`
 */
export async function update(
  context: Context,
  request: FastifyRequest,
  id: string,
  { request: asked }: Proposal,
): Promise<DataDebit> {
  const { pda } = request.account
  const result = await context.database.write(pda, async (unit) => {
    await unit.count(0)
    const found = await findDebit(unit, pda, id)
    if (decides(request.caller) && (found === undefined || found.deletedAt !== undefined))
      throw new ApiError(
        'data_debit_missing',
        'Data Debit request malformed: Data Debit being updated does not exist',
      )
    const before = allowed(request, id, found)
    const permission = proposedPermission(asked, before.permissions.at(-1)!.number + 1, context.now())
    const seen = decides(request.caller) ? permission.number : before.seen
    const debit = { ...before, seen, permissions: [...before.permissions, permission] }
    const entry = entryAbout(request, context, 'propose', debit, permission)
    return (await proposePermission(unit, pda, debit, permission, entry)) ?? debit
  })
  if ('reason' in result) throw refusedProposal(result)
  return result
}

function refusedProposal({ reason, name = '' }: Refusal): ApiError {
  const begin = 'Data Debit request malformed:'
  if (reason === 'exists')
    return new ApiError('data_debit_exists', `${begin} Data Debit with such ID already exists`)
  if (reason === 'bundle')
    return new ApiError('bundle_exists', `${begin} Data bundle with such ID already exists`)
  if (reason === 'linked')
    return new ApiError(
      'bundle_exists',
      `${begin} Bundle ${name} already linked and could not be reassigned to a different data debit`,
    )
  return malformed(name)
}
