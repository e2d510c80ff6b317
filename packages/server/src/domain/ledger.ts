import { hash as digest } from 'node:crypto'
import type { LedgerAction } from '@hatstand/api/ledger-actions.ts'

/** What happened in an account. Never a record's data or id, a password or a token. Times in milliseconds since 1970. */
export interface LedgerEntry {
  /** A UUIDv7 whose beginning is `at`. */
  entryId: string
  at: number
  action: LedgerAction
  /** Who: `owner`, the id of an application, `user:` and an id, `command line`, or empty for somebody unknown. */
  holder: string
  /** On what authority: the id of the access token; empty when there was none. */
  tokenId: string
  /** The data debit and its permission, where the access came by one. */
  dataDebit: string | null
  permission: string | null
  /** Names of endpoints; of one that was erased what `nameless` leaves. */
  endpoints: readonly string[]
  records: number
  /** The network address the request came from; empty when there was none. */
  address: string
  /** More, as a short JSON text; empty when there is none. */
  detail: string
}

/** A sealed entry; `mark` is the beginning of the chain's hash behind it: it tells where the chain was broken. */
export type SealedEntry = LedgerEntry & { mark: string }

/** A seal as it is kept and shown: the block of entries it closes, and the signature over `sealText`. */
export interface Seal {
  domain: string
  /** 1 for the account's first, then without gaps. */
  seal: number
  at: number
  /** How many entries it seals. */
  entries: number
  /** SHA-256 of the chain behind the last of them, in base64url. */
  hash: string
  /** The hash of the seal before. */
  previous: string
  keyId: string
  /** RS256 over `sealText`, in base64url. */
  signature: string
}

/** What stands before the first seal. */
export const ledgerStart = '0'.repeat(43)

const markLength = 11

/** The name of an endpoint as it is hashed, and as it stays when the endpoint is erased: it opens nothing, and confirms a name that is known. */
export function nameless(entryId: string, name: string): string {
  return name.startsWith('#') ? name : `#${digest('sha256', `${entryId} ${name}`, 'base64url').slice(0, 22)}`
}

/** An entry as the one text that is hashed. */
function entryLine(entry: LedgerEntry): string {
  const { entryId, at, action, holder, tokenId, dataDebit, permission, records, address, detail } = entry
  const endpoints = entry.endpoints.map((name) => nameless(entryId, name))
  return JSON.stringify([
    entryId,
    at,
    action,
    holder,
    tokenId,
    dataDebit,
    permission,
    endpoints,
    records,
    address,
    detail,
  ])
}

/**
 * Chains entries to what was sealed before: each hash is SHA-256 of the one before, a line feed and the entry's text.
 * @param previous the hash of the seal before, or `ledgerStart`
 * @returns the last hash, and the mark of each entry
 */
export function chained(
  previous: string,
  entries: readonly LedgerEntry[],
): { hash: string; marks: string[] } {
  const marks: string[] = []
  let hash = previous
  for (const entry of entries) {
    hash = digest('sha256', `${hash}\n${entryLine(entry)}`, 'base64url')
    marks.push(hash.slice(0, markLength))
  }
  return { hash, marks }
}

/** A seal as the one text that is signed. */
export function sealText({ domain, seal, at, entries, hash, previous }: Omit<Seal, 'signature'>): string {
  return JSON.stringify({ domain, seal, at, entries, hash, previous })
}

/** The first thing in a ledger that is not as it was sealed. */
export type Fault =
  /** `entryId` is the first that does not fit: behind a removed one it is the next, if any. */
  | { what: 'entry'; how: 'altered' | 'removed' | 'inserted'; seal: number; entryId: string | undefined }
  | { what: 'seal'; how: 'missing' | 'altered' | 'unsigned' | 'cut' | 'other'; seal: number }

/**
 * What is wrong with a seal, given that all before it is right.
 * @param before the seal before; undefined for the first
 * @param entries its entries, by their ids
 * @param isSigned whether the signature is one of the account's keys
 */
export function sealFault(
  seal: Seal,
  before: Pick<Seal, 'seal' | 'hash'> | undefined,
  entries: readonly SealedEntry[],
  isSigned: (seal: Seal) => boolean,
): Fault | undefined {
  const expected = (before?.seal ?? 0) + 1
  if (seal.seal !== expected) return { what: 'seal', how: 'missing', seal: expected }
  const broken = (how: 'altered' | 'unsigned'): Fault => ({ what: 'seal', how, seal: seal.seal })
  if (seal.previous !== (before?.hash ?? ledgerStart)) return broken('altered')
  if (!isSigned(seal)) return broken('unsigned')
  return entriesFault(seal, entries)
}

function entriesFault(seal: Seal, entries: readonly SealedEntry[]): Fault | undefined {
  const more = entries.length - seal.entries
  const how = more === 0 ? 'altered' : more > 0 ? 'inserted' : 'removed'
  const { hash, marks } = chained(seal.previous, entries)
  const index = entries.findIndex((entry, at) => entry.mark !== marks[at])
  if (index === -1 && more === 0 && hash === seal.hash) return undefined
  // An entry put behind the last has the number of entries in front of it.
  const at = index === -1 && more > 0 ? seal.entries : index
  return { what: 'entry', how, seal: seal.seal, entryId: entries[at]?.entryId }
}

/**
 * Compares a ledger with a seal that was kept elsewhere.
 * @param found the seal the ledger has under the kept one's number; undefined when it ends before
 */
export function headFault(kept: Seal, found: Seal | undefined): Fault | undefined {
  if (found === undefined) return { what: 'seal', how: 'cut', seal: kept.seal }
  const same = sealText(kept) === sealText(found)
  return same ? undefined : { what: 'seal', how: 'other', seal: kept.seal }
}
