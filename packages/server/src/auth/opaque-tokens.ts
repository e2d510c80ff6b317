import { createHash, randomBytes } from 'node:crypto'

/** A new secret of 256 bits as text without points: a session's cookie, a link in a mail. */
export function makeOpaqueToken(): string {
  return randomBytes(32).toString('base64url')
}

/** What is kept of an opaque token: its SHA-256, so that who reads the database cannot use it. It names no signing key. */
export function opaqueId(text: string): { tokenId: string; keyId: '' } {
  return { tokenId: createHash('sha256').update(text).digest('base64url'), keyId: '' }
}
