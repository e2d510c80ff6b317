import type { ConsentReceipt } from '@hatstand/api/receipts.ts'
import type { Connection } from './connection.ts'
import { api } from './paths.ts'

export interface ReceiptOptions {
  /** Whose copy: the caller's own when it is left out. The owner may read both. */
  copy?: 'owner' | 'requester'
}

/** What became of consents, signed for both sides. */
export function receipts({ send }: Connection) {
  const read = async (receiptId: string, accept: string, { copy }: ReceiptOptions = {}) =>
    send(`${api}/consent-receipts/${encodeURIComponent(receiptId)}`, {
      query: { copy },
      headers: { Accept: accept },
    })
  return {
    /** The receipts of a data debit, newest first; at most 1000. */
    list: async (dataDebit: string, options: { take?: number } = {}) =>
      (
        await send(`${api}/data-debit/${encodeURIComponent(dataDebit)}/receipts`, { query: { ...options } })
      ).json() as Promise<ConsentReceipt[]>,
    /** What a receipt says, in the terms of ISO/IEC TS 27560. */
    get: async (receiptId: string, options?: ReceiptOptions) =>
      (await read(receiptId, 'application/json', options)).json() as Promise<Record<string, unknown>>,
    /** The receipt as it was signed, a compact JWS: `key` gives what verifies it. */
    signed: async (receiptId: string, options?: ReceiptOptions) =>
      (await read(receiptId, 'application/jose', options)).text(),
    /** Its policy: JSON-LD, ODRL in the words of DPV. */
    policy: async (receiptId: string, options?: ReceiptOptions) =>
      (await read(receiptId, 'application/ld+json', options)).json() as Promise<Record<string, unknown>>,
    /** The PEM of a key by its id, also of one that signs no more. */
    key: async (keyId: string) => (await send(`/publickey/${encodeURIComponent(keyId)}`)).text(),
    /** The key that verifies notices, `whpk_` and base64. */
    noticeKey: async () => (await send('/notice-key')).text(),
  }
}
