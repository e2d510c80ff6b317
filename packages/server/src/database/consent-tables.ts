/** The tables of receipts and notices; times are milliseconds since 1970 (UTC). */
export interface ConsentTables {
  /** What became of a permission of a data debit, as it was signed for both sides: compact JWS. */
  consent_receipt: {
    pda_id: number
    debit_id: string
    /** 1 for the first of its data debit. */
    number: number
    receipt_id: string
    permission: number
    event: string
    at: number
    key_id: string
    /** When the consent ends by itself; null: it does not, or has ended. */
    ends_at: number | null
    owner_copy: string
    requester_copy: string
  }
  /** What a requester is to be told, until it was, or was given up. */
  notice: {
    pda_id: number
    notice_id: string
    debit_id: string
    receipt_id: string
    permission: number
    event: string
    address: string
    created_at: number
    attempts: number
    /** When it is sent next; null when no more. It is moved before each attempt: so two never send it at once. */
    next_at: number | null
    /** The status of the last answer; 0 for none. */
    status: number | null
  }
  /** The host that the owner has seen, and agreed to have told about a data debit. */
  notice_host: { pda_id: number; debit_id: string; host: string; agreed_at: number }
  /** The Ed25519 key that signs an account's notices. */
  notice_key: { pda_id: number; private_key: string; public_key: string; created_at: number }
}
