/** The tables of data debits; times are milliseconds since 1970 (UTC). */
export interface DataDebitTables {
  /** Who asks for data, and under which id; a deleted one keeps its id. */
  data_debit: {
    pda_id: number
    debit_id: string
    /** Who proposed it: `owner`, an application's id, or `user:` and an id. */
    holder: string
    /** The form it was proposed in: `2.6`, or `2.0`. */
    form: '2.6' | '2.0'
    /** 32 random bytes in base64url: what names of records and pages are hidden with. */
    secret: string
    client_name: string
    client_url: string
    client_logo_url: string
    client_callback_url: string | null
    application: string | null
    description: string | null
    /** The newest permission that the owner has read; 0 before. */
    seen: number
    created_at: number
    deleted_at: number | null
  }
  /** One version of what a data debit asks for: up to `created_at` as it was proposed and never changed, then what the owner decided. */
  data_debit_permission: {
    pda_id: number
    debit_id: string
    /** 1 for the first. */
    permission: number
    purpose: string
    start_at: number
    /** Milliseconds. */
    period: number
    cancel_at_end: number
    terms_url: string
    bundle_name: string
    /** JSON, as it was proposed. */
    bundle: string
    conditions_name: string | null
    conditions: string | null
    read_limit: number | null
    once: number
    created_at: number
    rejected_at: number | null
    accepted_at: number | null
    /** JSON: what the owner took away of the bundle. */
    narrowing: string | null
    until_at: number | null
    taken_limit: number | null
    taken_once: number
    canceled_at: number | null
    canceled_at_end: number
    /** When it was read, of what may be read once. */
    used_up_at: number | null
  }
  /** How often values were read in a period of a permission that says how often they may be. */
  data_debit_read: {
    pda_id: number
    debit_id: string
    permission: number
    /** 0 for the first. */
    period_number: number
    reads: number
  }
}
