import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database } from '../database/port.ts'
import { touchAccessToken } from '../store/access/access-tokens.ts'

/** A new secret of 256 bits as text without points: a session's cookie, a link in a mail. */
export function makeOpaqueToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of an opaque token: its SHA-256, so that who reads the database cannot use it. It names no signing key. */
export function opaqueId(text: string): { tokenId: string; keyId: '' } {
  return { tokenId: createHash('sha256').update(text).digest('base64url'), keyId: '' }
}

/** How old what is kept may grow, in milliseconds. */
const precision = 60_000

/**
 * Keeps when tokens were last used, to the minute. Nobody waits for it, and what cannot be kept (the disk is full, the database is
 * away) is left: the next use tries again.
 */
export function lastUse(database: Database) {
  const underWay = new Set<string>()
  return (pda: number, tokenId: string, usedAt: number, now: number): void => {
    if (now - usedAt < precision || underWay.has(tokenId)) return
    underWay.add(tokenId)
    database
      .of(pda)
      .write((unit) => touchAccessToken(unit, tokenId, now))
      .catch(() => undefined)
      .finally(() => underWay.delete(tokenId))
  }
}

/** The one-time code of the set-up page: held by this process only, as a digest, and spent by its first use. */
export interface SetupCode {
  pda: number
  accepts: (code: string) => boolean
  spend: () => void
}

/** Makes a code for an account without an owner; `code` is shown once and kept nowhere. */
export function makeSetupCode(pda: number): SetupCode & { code: string } {
  const code = randomBytes(24).toString('base64url')
  let kept: Buffer | undefined = digest(code)
  return {
    code,
    pda,
    accepts: (text) => kept !== undefined && timingSafeEqual(kept, digest(text)),
    spend: () => {
      kept = undefined
    },
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
