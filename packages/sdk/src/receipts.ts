import type { ConsentReceipt } from '@hatstand/api/receipts.ts'
import type { Connection } from './connection.ts'
import { api } from './paths.ts'

export interface ReceiptOptions {
  /** Whose copy: the caller's own when it is left out. The owner may read both. */
  copy?: 'owner' | 'requester'
}

const at = (receiptId: string) => `${api}/consent-receipts/${encodeURIComponent(receiptId)}`

const as = (type: string, { copy }: ReceiptOptions = {}) => ({ query: { copy }, headers: { Accept: type } })

/** What became of consents, signed for both sides. */
export function receipts({ ask, send }: Connection) {
  return {
    /** The receipts of a data debit, newest first; at most 1000. */
    list: (dataDebit: string, options: { take?: number } = {}) =>
      ask<ConsentReceipt[]>(`${api}/data-debit/${encodeURIComponent(dataDebit)}/receipts`, {
        query: { ...options },
      }),
    /** What a receipt says, in the terms of ISO/IEC TS 27560. */
    get: (receiptId: string, options?: ReceiptOptions) =>
      ask<Record<string, unknown>>(at(receiptId), as('application/json', options)),
    /** The receipt as it was signed, a compact JWS: `key` gives what verifies it. */
    signed: async (receiptId: string, options?: ReceiptOptions) =>
      (await send(at(receiptId), as('application/jose', options))).text,
    /** Its policy: JSON-LD, ODRL in the words of DPV. */
    policy: (receiptId: string, options?: ReceiptOptions) =>
      ask<Record<string, unknown>>(at(receiptId), as('application/ld+json', options)),
    /** The PEM of a key by its id, also of one that signs no more. */
    key: async (keyId: string) => (await send(`/publickey/${encodeURIComponent(keyId)}`)).text,
    /** The key that verifies notices, `whpk_` and base64. */
    noticeKey: async () => (await send('/notice-key')).text,
  }
}
