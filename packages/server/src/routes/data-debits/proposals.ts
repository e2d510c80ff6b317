import {
  type Acceptance,
  AcceptanceForm,
  ContractRequestForm,
  DataDebitRequestForm,
  PreviewForm,
  type PreviewRequest,
} from '@hatstand/api/data-debit-request.ts'
import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'
import type { TSchema } from '@hatstand/api/type.ts'
import type { FastifyRequest } from 'fastify'
import { makeOpaqueToken } from '../../auth/opaque-tokens.ts'
import type { Context, App } from '../../context.ts'
import { holderOf } from '../../domain/access/rights.ts'
import { endpointsIn } from '../../domain/consent/acceptance.ts'
import { type DataDebit, type Permission, decides, isRequester } from '../../domain/consent/data-debit.ts'
import { type Proposal, proposedPermission, isContract, readProposal } from '../../domain/consent/proposal.ts'
import type { LedgerEntry } from '../../domain/ledger.ts'
import { readBundle } from '../../domain/queries/query.ts'
import { QueryError } from '../../domain/queries/text.ts'
import { ApiError } from '../../errors.ts'
import { receiveText } from '../../http/receive-body.ts'
import { parseSmall, type Small, type Validate } from '../../http/small-body.ts'
import { entryOf } from '../../ledger/entries.ts'
import { findDebit } from '../../store/consent/data-debits.ts'
import { type Refusal, proposeDebit, proposePermission } from '../../store/consent/decisions.ts'
import type { Audience } from './json.ts'

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

/** How many bytes a proposal may have: its bundles, mostly. */
const mostBytes = 1_048_576

/** What is proposed, in either form. @throws ApiError `invalid_body`, `data_debit_malformed`; as `readSmall` */
export async function readProposed(request: FastifyRequest): Promise<Proposal> {
  const text = await receiveText(request, mostBytes)
  const forms = [DataDebitRequestForm, ContractRequestForm].map((schema) => compiled(request, schema))
  const validate: Validate = (value) => {
    const form = forms[isContract(value) ? 1 : 0]!
    const fits = form(value)
    validate.errors = form.errors ?? null
    return fits
  }
  const small = parseSmall<Parameters<typeof readProposal>[0]>(text, validate)
  return orMalformed(() => readProposal(small.value, small.text))
}

const compiled = (request: FastifyRequest, schema: TSchema) =>
  request.compileValidationSchema(schema) as Validate

/** What is accepted; nothing said where there is no body. @throws as `readSmall` */
export const readAccepted = (request: FastifyRequest) => readOptional<Acceptance>(request, AcceptanceForm)

/** What is to be previewed; nothing said where there is no body. @throws as `readSmall` */
export const readPreview = (request: FastifyRequest) => readOptional<PreviewRequest>(request, PreviewForm)

async function readOptional<T extends object>(request: FastifyRequest, schema: TSchema): Promise<Small<T>> {
  const { 'content-length': length, 'transfer-encoding': encoding } = request.headers
  if (Number(length ?? 0) === 0 && encoding === undefined) return { value: {} as T, text: '{}' }
  return parseSmall<T>(await receiveText(request, mostBytes), compiled(request, schema))
}

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

/** How a data debit is shown to a caller, below this prefix. */
export const audienceOf = (app: App, { now }: Context, { caller }: FastifyRequest): Audience => ({
  now: now(),
  owner: decides(caller),
  contract: app.prefix !== '/api/v2.6',
})

/** The refusal of somebody who may not have to do with a data debit, in the same words whether there is one or not. */
export const notYours = () =>
  new ApiError('forbidden', 'Only the owner, and who proposed it, may have to do with a data debit')

export const unknownDebit = (id: string) => new ApiError('data_debit_unknown', `Data Debit ${id} not found`)

/** The data debit, if this caller may have to do with it. @throws `forbidden`, `data_debit_unknown` */
export function allowed({ caller }: FastifyRequest, id: string, found: DataDebit | undefined): DataDebit {
  const debit = found?.deletedAt === undefined ? found : undefined
  if (!decides(caller) && !(debit && isRequester(caller, debit))) throw notYours()
  if (debit === undefined) throw unknownDebit(id)
  return debit
}
