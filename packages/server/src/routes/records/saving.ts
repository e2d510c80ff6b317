import { namespaceOf } from '@hatstand/api/endpoint-name.ts'
import { skipValue } from '@hatstand/api/json.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Context } from '../../context.ts'
import { holderOf, mayRead, mayWrite, mayWriteSomewhere } from '../../domain/access/rights.ts'
import { canonical, fingerprint } from '../../domain/json/fingerprint.ts'
import { ApiError } from '../../errors.ts'
import { arrayOf, sendJson } from '../../http/answers.ts'
import { isArray, readElements, readOne } from '../../http/json-stream.ts'
import { type Body, receiveBody } from '../../http/receive-body.ts'
import { entryOf } from '../../ledger/entries.ts'
import { type Draft, type Duplicate, recordsAt, saveRecords } from '../../store/records/save.ts'
import type { Refusal } from '../../store/records/update.ts'
import { type Drafts, type Element, gatherDrafts, nodesOf } from './drafts.ts'
import { type Kind, readEnvelope } from './envelopes.ts'

/** How many left-out positions `X-Skipped` names. */
const skippedTold = 500

/** Receives a body and lets it go when the answer is out, or the request refused. */
export async function withBody(
  request: FastifyRequest,
  reply: FastifyReply,
  { config }: Context,
  work: (body: Body) => Promise<void>,
): Promise<FastifyReply> {
  const body = await receiveBody(request, config)
  try {
    await work(body)
    if (reply.raw.closed) body.close()
    else reply.raw.once('close', body.close)
    return reply
  } catch (error) {
    body.close()
    throw error
  }
}

const noLinks: readonly Draft[] = []

/** The records a body holds for one endpoint: the elements of an array, or its one value. */
export function plainDrafts(body: Body, endpoint: string, { config }: Context): Promise<Drafts> {
  const first = (text: string, start: number): Element => {
    const value = canonical(text, start, config.maxDepth)
    const { end, awkward } = value
    const print = fingerprint(endpoint, value.text)
    return {
      endpoint,
      recordId: '',
      text: text.slice(start, end),
      fingerprint: print,
      awkward,
      links: noLinks,
      end,
    }
  }
  const again = (text: string, start: number): Element => {
    const end = skipValue(text, start, config.maxDepth)
    return {
      endpoint,
      recordId: '',
      text: text.slice(start, end),
      fingerprint: '',
      awkward: false,
      links: noLinks,
      end,
    }
  }
  const list = isArray(body)
  const read = (isFirst: boolean) => {
    const reader = isFirst ? first : again
    return list ? readElements(body, reader, config) : [readOne(body, reader, config)]
  }
  return gatherDrafts(read, list, config)
}

/** The records a body holds as envelopes with their endpoints, each in a namespace the caller may write. */
export function envelopeDrafts(
  request: FastifyRequest,
  body: Body,
  kind: Kind,
  { config }: Context,
): Promise<Drafts> {
  const read = (isFirst: boolean) => {
    const reading = { kind, depth: config.maxDepth, isFirst }
    let index = 0
    const reader = (text: string, at: number): Element => {
      const element = readEnvelope(text, at, `the record at index ${index}`, reading)
      for (const { endpoint } of isFirst ? nodesOf(element) : []) requireWrite(request, namespaceOf(endpoint))
      index += 1
      return element
    }
    return readElements(body, reader, config)
  }
  return gatherDrafts(read, true, config)
}

export function requireWrite({ caller }: FastifyRequest, namespace: string): void {
  if (!mayWrite(caller, namespace))
    throw new ApiError('forbidden', `No rights to write in the namespace ${namespace}`)
}

/** Refuses, before its body is read, a caller who may write nowhere. */
export function requireSomeWrite({ caller }: FastifyRequest): void {
  if (!mayWriteSomewhere(caller)) throw new ApiError('forbidden', 'No rights to write in any namespace')
}

/** Saves drafts and answers with the records as they were saved. */
export async function save(
  request: FastifyRequest,
  reply: FastifyReply,
  context: Context,
  drafts: Drafts,
  skipDuplicates: boolean,
): Promise<void> {
  const { saved, duplicates } = await saveRecords(context.database.of(request.account.pda), {
    writer: holderOf(request.caller),
    now: context.now(),
    weight: drafts.weight,
    slices: drafts.slices,
    skipDuplicates,
    entry: entryOf(request, context, 'create'),
  })
  if (!saved) throw await duplicatesRefused(request, context, duplicates)
  const left = new Set(duplicates.map(({ index }) => index))
  if (skipDuplicates) reply.header('x-skipped', [...left].slice(0, skippedTold).join())
  sendDrafts(reply, drafts, left)
}

/** Answers 201 with drafts as records: an array for an array, one record for one value. */
export function sendDrafts(reply: FastifyReply, drafts: Drafts, left: ReadonlySet<number>): void {
  const answers = drafts.answers(left)
  const whole = drafts.weight !== undefined ? [...answers].join() : undefined
  reply.code(201)
  if (whole === undefined) sendJson(reply, arrayOf(answers))
  else sendJson(reply, { first: drafts.list ? `[${whole}]` : whole, rest: undefined })
}

/** The refusal of duplicates; it names stored records only to a caller who may read them. */
async function duplicatesRefused(
  request: FastifyRequest,
  { database }: Context,
  duplicates: Duplicate[],
): Promise<ApiError> {
  const { pda } = request.account
  const places = duplicates.flatMap(({ place }) => place ?? [])
  const records =
    places.length === 0 ? new Map() : await database.of(pda).read((unit) => recordsAt(unit, places))
  const told = duplicates.slice(0, skippedTold).map(({ index, place, of }) => {
    const record = place === undefined ? undefined : records.get(place)
    if (of !== undefined) return { index, of }
    return record && mayRead(request.caller, namespaceOf(record.endpoint))
      ? { index, recordId: record.recordId }
      : { index }
  })
  return new ApiError('duplicate_data', 'Could not insert data - Duplicate data', { duplicates: told })
}

/** Why an update changed nothing. */
export async function updateRefused(
  request: FastifyRequest,
  context: Context,
  refusal: Refusal,
): Promise<ApiError> {
  if (refusal.reason === 'duplicates') return duplicatesRefused(request, context, refusal.duplicates)
  const record = `the record at index ${refusal.index}`
  if (refusal.reason === 'missing')
    return new ApiError('data_missing', `Could not update records: ${record} does not exist`)
  if (refusal.reason === 'forbidden')
    return new ApiError('forbidden', `No rights to write in the namespace of ${record}`)
  if (refusal.reason === 'twice')
    return new ApiError('record_twice', `Could not update records: ${record} is in the request twice`)
  return new ApiError(
    'endpoint_changed',
    `Could not update records: the endpoint of ${record} is another, and a record never moves`,
  )
}
