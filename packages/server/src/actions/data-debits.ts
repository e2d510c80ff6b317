import type { Acceptance } from '@hatstand/api/data-debit-request.ts'
import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import { makeOpaqueToken } from '../auth/opaque-tokens.ts'
import type { Account, Context } from '../context.ts'
import type { Unit } from '../database/port.ts'
import { type Caller, holderOf } from '../domain/access/rights.ts'
import { accepted, endpointsIn } from '../domain/consent/acceptance.ts'
import {
  type DataDebit,
  decides,
  isRequester,
  mayPropose,
  openPermission,
  type Permission,
} from '../domain/consent/data-debit.ts'
import { type Proposal, proposedPermission } from '../domain/consent/proposal.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import { readBundle } from '../domain/queries/query.ts'
import { QueryError } from '../domain/queries/text.ts'
import { ApiError } from '../errors.ts'
import { entryOf, expiryEntry } from '../ledger/entries.ts'
import { findDebit } from '../store/consent/data-debits.ts'
import * as store from '../store/consent/decisions.ts'
import { agreeToHost } from '../store/consent/notices.ts'

/** Who acts, by whichever door: a request of the API is one. */
export interface Actor {
  account: Account
  caller: Caller
  /** The address they act from. */
  ip: string
  /** On the owner's page: entries of the ledger name the permission that was shown, but no endpoints. */
  onPage?: true
}

/** The entry of the ledger for what somebody does to a data debit. */
export function entryAbout(
  by: Actor,
  context: Context,
  action: LedgerAction,
  debit: DataDebit,
  permission?: Permission,
): LedgerEntry | undefined {
  return entryOf(by, context, action, {
    dataDebit: debit.id,
    ...(permission && {
      permission: String(permission.number),
      endpoints: by.onPage ? [] : endpointsIn(readBundle(permission.bundle.text)),
    }),
  })
}

/**
 * Proposes a new data debit.
 * @throws `forbidden`, `data_debit_exists`, `bundle_exists`, `data_debit_malformed`
 */
export async function propose(
  context: Context,
  by: Actor,
  id: string,
  { form, client, request: asked }: Proposal,
): Promise<DataDebit> {
  requireProposer(by)
  // Those are made when an application is set up, and nobody can have one ready before.
  if (id.startsWith('app-')) throw malformed('an id that begins with app- is that of an application')
  const now = context.now()
  const { pda } = by.account
  const permission = proposedPermission(asked, 1, now)
  const debit: DataDebit = {
    id,
    holder: holderOf(by.caller),
    form,
    secret: makeOpaqueToken(),
    client,
    seen: decides(by.caller) ? 1 : 0,
    createdAt: now,
    deletedAt: undefined,
    permissions: [permission],
  }
  const entry = entryAbout(by, context, 'propose', debit, permission)
  const refusal = await context.database.of(pda).write((unit) => store.proposeDebit(unit, debit, entry))
  if (refusal) throw refusedProposal(refusal)
  return debit
}

/**
 * Proposes a change of a data debit: a permission that the owner has to accept. Who asks stays as it was.
 * @throws `forbidden`, `data_debit_missing`, `bundle_exists`, `data_debit_malformed`
 */
export async function proposeChange(
  context: Context,
  by: Actor,
  id: string,
  { request: asked }: Proposal,
): Promise<DataDebit> {
  const { pda } = by.account
  const result = await context.database.of(pda).write(async (unit) => {
    await unit.lock()
    const found = await findDebit(unit, id)
    if (decides(by.caller) && (found === undefined || found.deletedAt !== undefined))
      throw new ApiError(
        'data_debit_missing',
        'Data Debit request malformed: Data Debit being updated does not exist',
      )
    const before = allowed(by, id, found)
    const permission = proposedPermission(asked, before.permissions.at(-1)!.number + 1, context.now())
    const seen = decides(by.caller) ? permission.number : before.seen
    const debit = { ...before, seen, permissions: [...before.permissions, permission] }
    const entry = entryAbout(by, context, 'propose', debit, permission)
    return (await store.proposePermission(unit, debit, permission, entry)) ?? debit
  })
  if ('reason' in result) throw refusedProposal(result)
  return result
}

function refusedProposal({ reason, name = '' }: store.Refusal): ApiError {
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

/** Which data debit is decided on, and the host its requester may be told at from now on, if the owner names one. */
interface Decided {
  id: string
  notify?: string | undefined
}

/** What is accepted: which permission, and what less of it. */
interface Accepting extends Decided {
  acceptance: Acceptance
  /** The same as JSON, to the letter. */
  text: string
  /** The name of the bundle that is meant; undefined where none was named. */
  bundle?: string | undefined
}

/**
 * Puts the open permission of a data debit in force, narrowed as the owner likes, if it is the one that is meant.
 * @throws `forbidden`, `data_debit_unknown`, `data_debit_changed`, `data_debit_malformed`; `invalid_query` for another host
 */
export function accept(context: Context, by: Actor, accepting: Accepting): Promise<DataDebit> {
  const { acceptance, text, bundle } = accepting
  return decide(context, by, accepting, async (unit, debit) => {
    const open = openPermission(debit)
    const isMeant =
      acceptance.permission === undefined ? !isNews(debit) : acceptance.permission === open.number
    if (!isMeant || (bundle !== undefined && bundle !== open.bundle.name)) throw changed(open)
    const permission = orMalformed(() => accepted(open, acceptance, text, context.now()))
    const entry = entryAbout(by, context, 'enable', debit, permission)
    return store.acceptPermission(unit, debit, permission, entry)
  })
}

/** Whether something was proposed since the owner read the data debit; who never read it accepts whatever it says. */
const isNews = (debit: DataDebit) => debit.seen > 0 && openPermission(debit).number > debit.seen

/**
 * Declines what was proposed and not accepted.
 * @param rejecting `permission`: only if that is still the open one
 * @throws `forbidden`, `data_debit_unknown`, `data_debit_changed`; `invalid_query` for another host
 */
export function reject(
  context: Context,
  by: Actor,
  rejecting: Decided & { permission?: number },
): Promise<DataDebit> {
  return decide(context, by, rejecting, async (unit, debit) => {
    const open = openPermission(debit)
    const isNamed = rejecting.permission !== undefined
    if (isNamed && rejecting.permission !== open.number) throw changed(open)
    const entry = entryAbout(by, context, 'reject', debit, isNamed ? open : undefined)
    return store.rejectDebit(unit, debit, context.now(), entry)
  })
}

const changed = ({ number }: Permission) =>
  new ApiError(
    'data_debit_changed',
    `The data debit asks for something else by now, permission ${number}: read it again`,
  )

/**
 * Ends all permissions of a data debit, at once or at the end of the period each is in.
 * @throws `forbidden`, `data_debit_unknown`; `invalid_query` for another host
 */
export function disable(
  context: Context,
  by: Actor,
  disabling: Decided & { atPeriodEnd: boolean },
): Promise<DataDebit> {
  const when = { now: context.now(), atPeriodEnd: disabling.atPeriodEnd }
  return decide(context, by, disabling, (unit, debit) =>
    store.disableDebit(unit, debit, when, entryAbout(by, context, 'disable', debit)),
  )
}

/** Ends a data debit for ever, for the owner or who proposed it. @throws `forbidden`, `data_debit_unknown` */
export async function remove(context: Context, by: Actor, id: string): Promise<void> {
  const { database, now } = context
  const { pda } = by.account
  await database.of(pda).write(async (unit) => {
    await unit.lock()
    const debit = allowed(by, id, await findDebit(unit, id))
    await store.deleteDebit(unit, debit, now(), entryAbout(by, context, 'remove', debit))
  })
}

type Decide = (unit: Unit, debit: DataDebit) => Promise<DataDebit>

/** Decides on a data debit in one unit, in which nobody else changes it. */
async function decide(context: Context, by: Actor, { id, notify }: Decided, how: Decide): Promise<DataDebit> {
  requireDecider(by)
  const { database, now } = context
  const { pda } = by.account
  return database.of(pda).write(async (unit) => {
    await unit.lock()
    const debit = await findDebit(unit, id)
    if (debit === undefined || debit.deletedAt !== undefined) throw unknownDebit(id)
    await store.appendExpiry(unit, debit, now(), expiryEntry(context))
    if (notify !== undefined && !(await agreeToHost(unit, debit, notify, now())))
      throw new ApiError(
        'invalid_query',
        'The query parameter notify must be the host, with its port if it has one, of the requestClientCallbackUrl',
      )
    return how(unit, debit)
  })
}

/** @throws `forbidden` for whoever may not ask for data */
export function requireProposer({ caller }: Pick<Actor, 'caller'>): void {
  if (!mayPropose(caller)) throw new ApiError('forbidden', 'Proposing a data debit needs the role datadebit')
}

/** @throws `forbidden` for whoever does not decide */
export function requireDecider({ caller }: Pick<Actor, 'caller'>): void {
  if (!decides(caller)) throw new ApiError('forbidden', 'Only the owner decides on data debits')
}

/** The data debit, if this caller may have to do with it. @throws `forbidden`, `data_debit_unknown` */
export function allowed(
  { caller }: Pick<Actor, 'caller'>,
  id: string,
  found: DataDebit | undefined,
): DataDebit {
  const debit = found?.deletedAt === undefined ? found : undefined
  if (!decides(caller) && !(debit && isRequester(caller, debit))) throw notYours()
  if (debit === undefined) throw unknownDebit(id)
  return debit
}

/** The refusal of somebody who may not have to do with a data debit, in the same words whether there is one or not. */
export const notYours = () =>
  new ApiError('forbidden', 'Only the owner, and who proposed it, may have to do with a data debit')

const unknownDebit = (id: string) => new ApiError('data_debit_unknown', `Data Debit ${id} not found`)

/** Answers what is wrong with a request, bundle or narrowing with its path. @throws `data_debit_malformed` */
export function orMalformed<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (error instanceof QueryError) throw malformed(error.message)
    throw error
  }
}

/** The refusal of what is proposed or accepted; its beginning is what clients of the API know. */
export const malformed = (cause: string) =>
  new ApiError('data_debit_malformed', `Data Debit request malformed: ${cause}`)
