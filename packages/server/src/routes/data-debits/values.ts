import { readDataDebitValues } from '@hatstand/api/data-debits.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { hiddenName, hiddenText, shownText } from '../../auth/passwords/hidden-names.ts'
import type { App, Context } from '../../context.ts'
import {
  type Bundle,
  endpointsIn,
  hidesTimes,
  type Leaving,
  leavingBy,
} from '../../domain/consent/acceptance.ts'
import {
  activePermission,
  type DataDebit,
  isActive,
  type Permission,
  decides,
} from '../../domain/consent/data-debit.ts'
import { shown } from '../../domain/consent/disclosure.ts'
import { QueryError } from '../../domain/queries/text.ts'
import { ApiError } from '../../errors.ts'
import { sendJson, linkNext } from '../../http/answers.ts'
import { noteRead } from '../../ledger/entries.ts'
import { findDebit, findPermission } from '../../store/consent/data-debits.ts'
import { claimRead } from '../../store/consent/reads.ts'
import { type BundlePlace, readBundle } from '../../store/queries/bundles.ts'
import { type Asking, listOf, readList, type RecordPage, type Show } from '../../store/queries/queries.ts'
import { askingOf } from '../queries.ts'
import { allowed, entryAbout } from './proposals.ts'

/** Where the order must not tell the time of saving, pages are not smaller than this: within one there is no such order. */
const fewestUnordered = 1000

type Asked = FastifyRequest<{
  Params: { dataDebit: string }
  Querystring: { take?: number | string; after?: string }
}>

/** A read of what a permission lets leave. */
interface Reading {
  debit: DataDebit
  permission: Permission
  leaving: Leaving
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
      await context.database.read((unit) => findDebit(unit, request.account.pda, id)),
    )
    try {
      return await answer(request, reply, context, debit)
    } catch (error) {
      throw asRefusal(error, id)
    }
  })
}

async function answer(request: Asked, reply: FastifyReply, context: Context, debit: DataDebit) {
  const { after } = request.query
  const reading = after === undefined ? begin(debit, context) : resume(debit, context, after)
  const asking = askingOf(request, context)
  // A read that goes on has met its conditions.
  const conditions =
    after === undefined && reading.leaving.conditions && (await met(asking, reading.leaving.conditions))
  const gives = !conditions || [...conditions.values()].every(Boolean)
  if (after === undefined && !decides(request.caller)) await claim(request, context, reading, gives)
  const head = conditions
    ? `{"conditions":${JSON.stringify(Object.fromEntries(conditions))},"bundle":`
    : '{"bundle":'
  if (!gives) {
    await note(request, context, reading, 0)
    return sendJson(reply, { first: `${head}{}}`, rest: undefined })
  }
  const { take } = request.query
  if (take === undefined && after === undefined) return sendAll(request, reply, context, reading, head)
  return sendPage(request, reply, context, reading, head, Number(take ?? 1000))
}

function begin(debit: DataDebit, { now }: Context): Reading {
  const begun = now()
  const permission = activePermission(debit, begun)
  if (!permission) throw inactive(debit.id)
  return { debit, permission, leaving: leavingBy(permission), begun, place: undefined }
}

function resume(debit: DataDebit, { now }: Context, after: string): Reading {
  const read = readCursor(debit, after, now())
  if (!read)
    throw new ApiError(
      'invalid_query',
      'The parameter after must be taken from the Link header of an answer of the last hour',
    )
  const permission = goingOn(debit, read)
  if (!permission || !isActive(permission, now())) throw inactive(debit.id)
  return { debit, permission, leaving: leavingBy(permission), begun: read.begun, place: read.place }
}

/** Which conditions are met: those that have a record. */
export async function met(asking: Asking, conditions: Bundle): Promise<Map<string, boolean>> {
  const result = new Map<string, boolean>()
  for (const [name, property] of conditions) {
    const list = { ...listOf(property), orderBy: undefined }
    const stretch = { after: undefined, skip: 0, take: Math.min(1, property.limit ?? 1) }
    const { first } = await readList(asking, list, stretch, () => 'null')
    result.set(name, first.records > 0)
  }
  return result
}

async function claim(request: Asked, context: Context, reading: Reading, gives: boolean): Promise<void> {
  const { debit, permission, begun } = reading
  const entry = entryAbout(request, context, 'expire', debit, permission)
  const { pda } = request.account
  const claimed = await claimRead(context.database, pda, debit.id, { permission, now: begun, gives, entry })
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

/** How records are shown to who asked for them. */
export function showFor({ secret }: DataDebit, { narrowing }: Pick<Permission, 'narrowing'>): Show {
  if (!hidesTimes(narrowing)) return shown
  return Object.assign((...of: Parameters<typeof shown>) => shown(...of), {
    nameOf: (recordId: string) => hiddenName(secret, recordId),
  })
}

type Pages = AsyncGenerator<RecordPage, BundlePlace | undefined>

function pagesOf(request: Asked, context: Context, reading: Reading, take: number): Pages {
  const { debit, permission, leaving, place } = reading
  const stretch = { take, after: place }
  return readBundle(askingOf(request, context), leaving.bundle, showFor(debit, permission), stretch)
}

/** Everything in one answer, of any length. */
async function sendAll(
  request: Asked,
  reply: FastifyReply,
  context: Context,
  reading: Reading,
  head: string,
) {
  const pages = pagesOf(request, context, reading, Infinity)
  let first = head
  let records = 0
  let end = false
  // Up to the first records: what fails there is refused, and not cut off.
  while (records === 0 && !end) {
    const { value, done } = await pages.next()
    end = done === true
    if (done) first += '}'
    else [first, records] = [first + value.text, value.shown.records]
  }
  await letLeave(request, context, reading, records)
  return sendJson(reply, { first, rest: end ? undefined : following(request, context, reading, pages) })
}

async function* following(
  request: Asked,
  context: Context,
  reading: Reading,
  pages: Pages,
): AsyncGenerator<string> {
  for await (const {
    text,
    shown: { records },
  } of pages) {
    if (records > 0) await letLeave(request, context, reading, records)
    yield text
  }
  yield '}'
}

/** At most so many records, and where the read goes on. */
async function sendPage(
  request: Asked,
  reply: FastifyReply,
  context: Context,
  reading: Reading,
  head: string,
  most: number,
) {
  const { debit, permission, begun } = reading
  const take = hidesTimes(permission.narrowing) ? Math.max(most, fewestUnordered) : most
  const pages = pagesOf(request, context, reading, take)
  let text = head
  let records = 0
  let step = await pages.next()
  for (; !step.done; step = await pages.next()) {
    text += step.value.text
    records += step.value.shown.records
  }
  await letLeave(request, context, reading, records)
  const cursor = { permission: permission.number, acceptedAt: permission.acceptedAt!, begun }
  if (step.value) linkNext(reply, request, cursorText(debit, { ...cursor, place: step.value }))
  return sendJson(reply, { first: `${text}}`, rest: undefined })
}

/** Before a page leaves: the permission still holds at this moment, and the ledger says what leaves. */
async function letLeave(request: Asked, context: Context, reading: Reading, records: number): Promise<void> {
  const { debit, permission, begun } = reading
  const found = await context.database.read((unit) =>
    findPermission(unit, request.account.pda, debit.id, permission.number),
  )
  const own = found && found.usedUpAt === begun ? { ...found, usedUpAt: undefined } : found
  if (!own || own.acceptedAt !== permission.acceptedAt || !isActive(own, context.now()))
    throw inactive(debit.id)
  await note(request, context, reading, records)
}

async function note(request: Asked, context: Context, reading: Reading, records: number): Promise<void> {
  const { debit, permission, leaving } = reading
  const about = { dataDebit: debit.id, permission: String(permission.number) }
  await noteRead(request, context, { ...about, endpoints: endpointsIn(leaving.bundle), records }, 'values')
}

const inactive = (id: string) => new ApiError('data_debit_inactive', `Data Debit ${id} not enabled`)

/** What a mapping makes of the records there are may be too much; that was not to be seen before. */
export const asRefusal = (error: unknown, id: string): unknown =>
  error instanceof QueryError
    ? new ApiError('data_debit_bundle', `Data Debit ${id} active bundle malformed: ${error.message}`)
    : error

/** How long after its beginning a read goes on, page by page, in milliseconds. */
const longestRead = 3_600_000

/** A read that is answered page by page: of which permission, when it was accepted and when the read began, and where it goes on. */
interface ReadCursor {
  permission: number
  acceptedAt: number
  begun: number
  place: BundlePlace
}

/** Where a read goes on, as its requester gets it: it can neither be read nor made. */
function cursorText({ secret }: DataDebit, { place, ...read }: ReadCursor): string {
  const { after, ...where } = place
  const key = after?.key && Buffer.from(after.key).toString('base64url')
  return hiddenText(secret, JSON.stringify({ ...read, ...where, ...after, key }))
}

/** @returns undefined when it is not of this data debit, or too old */
function readCursor({ secret }: DataDebit, text: string, now: number): ReadCursor | undefined {
  const spelled = shownText(secret, text)
  if (spelled === undefined) return undefined
  const { permission, acceptedAt, begun, property, given, key, back, index } = JSON.parse(spelled)
  if (now < begun || now > begun + longestRead) return undefined
  const after =
    back === undefined ? undefined : { back, index, ...(key && { key: Buffer.from(key, 'base64url') }) }
  return { permission, acceptedAt, begun, place: { property, given, after } }
}

/** The permission as it is for a read that has begun: that the read used it up does not end the read. */
function goingOn({ permissions }: DataDebit, read: ReadCursor): Permission | undefined {
  const found = permissions[read.permission - 1]
  if (!found || found.acceptedAt !== read.acceptedAt) return undefined
  return found.usedUpAt === read.begun ? { ...found, usedUpAt: undefined } : found
}
