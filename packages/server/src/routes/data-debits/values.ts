import { readDataDebitValues } from '@hatstand/api/data-debits.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { met, showFor } from '../../actions/data-debit-values.ts'
import { allowed, entryAbout } from '../../actions/data-debits.ts'
import { hiddenText, shownText } from '../../auth/passwords/hidden-names.ts'
import type { Account, App, Context } from '../../context.ts'
import { endpointsIn, hidesTimes, type Disclosure, disclosureBy } from '../../domain/consent/acceptance.ts'
import {
  activePermission,
  type DataDebit,
  isActive,
  type Permission,
  decides,
} from '../../domain/consent/data-debit.ts'
import { QueryError } from '../../domain/queries/text.ts'
import { ApiError } from '../../errors.ts'
import { sendJson, linkNext } from '../../http/answers.ts'
import { sendPages } from '../../http/lists.ts'
import { appendRead, type Noted } from '../../ledger/entries.ts'
import { queryContextOf } from '../../ledger/reading.ts'
import { findDebit, findPermission } from '../../store/consent/data-debits.ts'
import { claimRead } from '../../store/consent/reads.ts'
import { type BundlePlace, readBundle, readBundlePart } from '../../store/queries/bundles.ts'
import type { QueryContext } from '../../store/queries/context.ts'
import { cursorOf, placeAt } from '../../store/records/orders.ts'

/** Where the order must not tell the time of saving, pages are not smaller than this: within one there is no such order. */
const minUnordered = 1000

type Asked = FastifyRequest<{
  Params: { dataDebit: string }
  Querystring: { take?: number | string; after?: string }
}>

/** A read of what a permission lets leave. */
interface Reading {
  debit: DataDebit
  permission: Permission
  disclosure: Disclosure
  /** When it began: for every page of it. */
  begun: number
  place: BundlePlace | undefined
}

/** What leaves: the values of a data debit. */
export function valueRoutes(app: App, context: Context): void {
  app.get(readDataDebitValues.path, { schema: readDataDebitValues }, async (request, reply) => {
    const { dataDebit: id } = request.params
    const debit = allowed(
      request,
      id,
      await context.database.of(request.account.pda).read((unit) => findDebit(unit, id)),
    )
    try {
      return await answer(request, reply, context, debit)
    } catch (error) {
      throw asRefusal(error, id)
    }
  })
}

async function answer(request: Asked, reply: FastifyReply, context: Context, debit: DataDebit) {
  const { after, take } = request.query
  const reading = after === undefined ? begin(debit, context) : resume(request, debit, context, after)
  const queries = queryContextFor(request, context, reading)
  // A read that goes on has met its conditions.
  const conditions =
    after === undefined &&
    reading.disclosure.conditions &&
    (await met(queries, reading.disclosure.conditions))
  const gives = !conditions || [...conditions.values()].every(Boolean)
  if (after === undefined && !decides(request.caller)) await claim(request, context, reading, gives)
  const head = conditions
    ? `{"conditions":${JSON.stringify(Object.fromEntries(conditions))},"bundle":`
    : '{"bundle":'
  if (!gives) {
    await appendRead(request, context, { ...aboutOf(reading), records: 0 }, 'values')
    return sendJson(reply, { first: `${head}{}}`, rest: undefined })
  }
  const show = showFor(debit, reading.permission)
  if (take !== undefined || after !== undefined)
    return sendPage(request, reply, queries, reading, head, Number(take ?? 1000))
  const pages = await readBundle(queries, reading.disclosure.bundle, show)
  return sendPages(reply, request, pages, { begin: head, end: '}' })
}

/** Before anything leaves: the permission still holds at this moment, and the ledger says what leaves. */
function queryContextFor(request: Asked, context: Context, reading: Reading): QueryContext {
  const { debit, permission, begun } = reading
  const queries = queryContextOf(request, context, 'values', aboutOf(reading))
  return {
    ...queries,
    async release(what) {
      const found = await context.database
        .of(request.account.pda)
        .read((unit) => findPermission(unit, debit.id, permission.number))
      const own = found && found.usedUpAt === begun ? { ...found, usedUpAt: undefined } : found
      if (!own || own.acceptedAt !== permission.acceptedAt || !isActive(own, context.now()))
        throw inactive(debit.id)
      await queries.release(what)
    },
  }
}

/** What the ledger says of a read beside how many records it gave. */
const aboutOf = ({ debit, permission, disclosure }: Reading): Noted => ({
  dataDebit: debit.id,
  permission: String(permission.number),
  endpoints: endpointsIn(disclosure.bundle),
})

function begin(debit: DataDebit, { now }: Context): Reading {
  const begun = now()
  const permission = activePermission(debit, begun)
  if (!permission) throw inactive(debit.id)
  return { debit, permission, disclosure: disclosureBy(permission), begun, place: undefined }
}

function resume({ account }: Asked, debit: DataDebit, { now }: Context, after: string): Reading {
  const read = readCursor(account, debit, after, now())
  if (!read)
    throw new ApiError(
      'invalid_query',
      'The parameter after must be taken from the Link header of an answer of the last hour',
    )
  const permission = goingOn(debit, read)
  if (!permission || !isActive(permission, now())) throw inactive(debit.id)
  return { debit, permission, disclosure: disclosureBy(permission), begun: read.begun, place: read.place }
}

async function claim(request: Asked, context: Context, reading: Reading, gives: boolean): Promise<void> {
  const { debit, permission, begun } = reading
  const entry = entryAbout(request, context, 'expire', debit, permission)
  const { pda } = request.account
  const claimed = await claimRead(context.database.of(pda), debit.id, {
    permission,
    now: begun,
    gives,
    entry,
  })
  if (claimed === 'claimed') return
  if (claimed === 'inactive') throw inactive(debit.id)
  const seconds = String(Math.max(1, Math.ceil((claimed.limit - begun) / 1000)))
  throw new ApiError(
    'data_debit_limit',
    `Data Debit ${debit.id} was read as often as it may be in this period`,
    {
      headers: { 'retry-after': seconds },
    },
  )
}

/** At most so many records, and where the read goes on. */
async function sendPage(
  request: Asked,
  reply: FastifyReply,
  queries: QueryContext,
  { debit, permission, disclosure, begun, place }: Reading,
  head: string,
  most: number,
) {
  const take = hidesTimes(permission.narrowing) ? Math.max(most, minUnordered) : most
  const show = showFor(debit, permission)
  const { text, next } = await readBundlePart(queries, disclosure.bundle, show, { take, after: place })
  const cursor = { permission: permission.number, acceptedAt: permission.acceptedAt!, begun }
  if (next) linkNext(reply, request, cursorText(request.account, debit, { ...cursor, place: next }))
  return sendJson(reply, { first: `${head}${text}}`, rest: undefined })
}

const inactive = (id: string) => new ApiError('data_debit_inactive', `Data Debit ${id} not enabled`)

/** What a mapping makes of the records there are may be too much; that was not to be seen before. */
export const asRefusal = (error: unknown, id: string): unknown =>
  error instanceof QueryError
    ? new ApiError('data_debit_bundle', `Data Debit ${id} active bundle malformed: ${error.message}`)
    : error

/** How long after its beginning a read goes on, page by page, in milliseconds. */
const maxReadAge = 3_600_000

/** A read that is answered page by page: of which permission, when it was accepted and when the read began, and where it goes on. */
interface ReadCursor {
  permission: number
  acceptedAt: number
  begun: number
  place: BundlePlace
}

/** Where a read goes on, as its requester gets it: it can neither be read nor made. */
function cursorText(account: Account, { secret }: DataDebit, { place, ...read }: ReadCursor): string {
  const after = place.after && cursorOf(account, place.after)
  return hiddenText(secret, JSON.stringify({ ...read, place: { ...place, after } }))
}

/** @returns undefined when it is not of this data debit, or too old */
function readCursor(
  account: Account,
  { secret }: DataDebit,
  text: string,
  now: number,
): ReadCursor | undefined {
  const spelled = shownText(secret, text)
  if (spelled === undefined) return undefined
  const { place, ...read } = JSON.parse(spelled)
  if (!place || now < read.begun || now > read.begun + maxReadAge) return undefined
  return { ...read, place: { ...place, after: place.after && placeAt(account, place.after) } }
}

/** The permission as it is for a read that has begun: that the read used it up does not end the read. */
function goingOn({ permissions }: DataDebit, read: ReadCursor): Permission | undefined {
  const found = permissions[read.permission - 1]
  if (!found || found.acceptedAt !== read.acceptedAt) return undefined
  return found.usedUpAt === read.begun ? { ...found, usedUpAt: undefined } : found
}
