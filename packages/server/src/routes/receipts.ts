import {
  type ConsentReceipt,
  listReceipts,
  readNoticeKey,
  readOlderKey,
  readReceipt,
} from '@hatstand/api/receipts.ts'
import type { FastifyRequest } from 'fastify'
import { allowed, notYours } from '../actions/data-debits.ts'
import { accountOf } from '../auth/authenticate.ts'
import { noticeKeyOf } from '../auth/keys.ts'
import type { App, Context } from '../context.ts'
import { decides, writtenMoment } from '../domain/consent/data-debit.ts'
import type { Copy } from '../domain/consent/policy.ts'
import { valueAt } from '../domain/json/comparing.ts'
import { ApiError } from '../errors.ts'
import { linkNext } from '../http/answers.ts'
import { jwsPayload } from '../jws.ts'
import { expiryEntry } from '../ledger/entries.ts'
import { findPublicKey } from '../store/access/signing-keys.ts'
import { findDebit } from '../store/consent/data-debits.ts'
import { appendExpiries } from '../store/consent/decisions.ts'
import { findReceipt, listReceipts as findReceipts, type Receipt } from '../store/consent/receipts.ts'

/** The most receipts of one answer. */
const maxListed = 1000

/** What both sides have in hand of a consent, and the keys that show that it is genuine. */
export function receiptRoutes(app: App, context: Context): void {
  const { database, now } = context
  app.get(listReceipts.path, { schema: listReceipts }, async (request, reply) => {
    const { account, params, query } = request
    await checkReader(request, params.dataDebit)
    await appendExpiries(database.of(account.pda), now(), expiryEntry(context))
    const most = Math.min(Number(query.take), maxListed)
    const before = query.after === undefined ? undefined : Number(query.after)
    const found = await database
      .of(account.pda)
      .read((unit) => findReceipts(unit, params.dataDebit, before, most + 1))
    const receipts = found.slice(0, most)
    if (found.length > most && most > 0) linkNext(reply, request, String(receipts.at(-1)!.number))
    return receipts.map(shown)
  })

  app.get(readReceipt.path, { schema: readReceipt }, async (request, reply) => {
    const { account, caller, params, query } = request
    const own: Copy = decides(caller) ? 'owner' : 'requester'
    const copy = query.copy ?? own
    const found = await database
      .of(account.pda)
      .read((unit) => findReceipt(unit, params.receiptId.toLowerCase(), copy))
    // Who may not read it is not told whether there is one.
    if (found === undefined && own === 'owner')
      throw new ApiError('receipt_unknown', `There is no receipt ${params.receiptId}`)
    if (found === undefined || (own === 'requester' && copy === 'owner')) throw notYours()
    await checkReader(request, found.dataDebit)
    const [type, text] = inForm(found.jws, request.headers.accept)
    return reply.header('content-type', type).header('vary', 'Accept').send(text)
  })

  /** Deleted or not: whose data debit it was may still see its receipts. */
  async function checkReader(request: FastifyRequest, dataDebit: string): Promise<void> {
    const debit = await database.of(request.account.pda).read((unit) => findDebit(unit, dataDebit))
    allowed(request, dataDebit, debit && { ...debit, deletedAt: undefined })
  }
}

/** For everyone: `GET /publickey/:keyId` and `GET /notice-key`. */
export function receiptKeyRoutes(app: App, context: Context): void {
  const { database } = context
  app.get(readOlderKey.path, { schema: readOlderKey, config: { public: true } }, async (request, reply) => {
    const { pda } = await accountOf(context, request)
    const { keyId } = request.params
    const pem = await database.of(pda).read((unit) => findPublicKey(unit, keyId.replaceAll('\0', '')))
    if (pem === undefined) throw new ApiError('key_unknown', 'This account never had a key with this id')
    return reply.type('text/plain; charset=utf-8').send(pem)
  })

  app.get(readNoticeKey.path, { schema: readNoticeKey, config: { public: true } }, async (request, reply) => {
    const { pda } = await accountOf(context, request)
    const { publicKey } = await noticeKeyOf(context, pda)
    return reply.type('text/plain; charset=utf-8').send(publicKey)
  })
}

const forms = ['application/ld+json', 'application/jose', 'application/jwt', 'application/json']

/** A receipt as it is asked for: signed, its policy, or what it says. */
function inForm(jws: string, accept = ''): [type: string, text: string] {
  const asked = accept.split(',').map((type) => type.replace(/;.*/s, '').trim().toLowerCase())
  const form = asked.find((type) => forms.includes(type)) ?? 'application/json'
  if (form === 'application/jose' || form === 'application/jwt') return [form, jws]
  const text = jwsPayload(jws)
  if (form === 'application/json') return ['application/json; charset=utf-8', text]
  const policy = valueAt(text, ['policy'])!
  return ['application/ld+json', text.slice(policy.start, policy.end)]
}

function shown({ receiptId, dataDebit, permission, event, at, keyId }: Receipt): ConsentReceipt {
  return { receiptId, dataDebit, permission, event, at: writtenMoment(at), keyId }
}
