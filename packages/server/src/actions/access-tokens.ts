import type { AccountDatabase } from '../database/port.ts'
import type { LedgerEntry } from '../domain/ledger.ts'
import * as store from '../store/access/access-tokens.ts'
import { writeWithEntry } from '../store/ledger/entries.ts'

/**
 * Ends an access token or a session; of an OAuth token, the whole consent it came of. It counts for nothing with the next request,
 * on every process.
 * @param entry what the ledger says of it; nothing where nothing ended
 * @returns whether there was one with this id
 */
export function revoke(
  database: AccountDatabase,
  tokenId: string,
  entry: LedgerEntry | undefined,
): Promise<boolean> {
  return writeWithEntry(database, entry, (unit) => store.revokeAccessToken(unit, tokenId))
}

/**
 * Ends the access tokens and sessions that are chosen, in one unit.
 * @param now milliseconds since 1970
 * @returns how many ended that counted
 */
export function revokeMany(
  database: AccountDatabase,
  chosen: store.Chosen,
  entry: LedgerEntry | undefined,
  now: number,
): Promise<number> {
  return writeWithEntry(database, entry, (unit) => store.revokeAccessTokens(unit, chosen, now))
}
