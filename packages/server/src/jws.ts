import { createPrivateKey, sign } from 'node:crypto'

/**
 * Signs a text as a compact JWS (RFC 7515): RS256, the key named by `kid`. The same text and key are always the same JWS.
 * @param type what it is, the header's `typ`: so that it is taken for nothing else that the same key signs
 */
export function compactJws(
  { keyId, privatePem }: { keyId: string; privatePem: string },
  type: string,
  payload: string,
): string {
  const header = JSON.stringify({ alg: 'RS256', kid: keyId, typ: type })
  const signed = `${base64url(header)}.${base64url(payload)}`
  return `${signed}.${sign('sha256', Buffer.from(signed), createPrivateKey(privatePem)).toString('base64url')}`
}

/** What the header of a signed consent receipt calls it. */
export const receiptType = 'consent-receipt+jws'

/** What the header of a compact JWS says, not verified; undefined when it is none. */
export function jwsHeader(jws: string): { alg?: unknown; typ?: unknown; kid?: unknown } | undefined {
  const parts = jws.split('.')
  try {
    return parts.length === 3 ? JSON.parse(Buffer.from(parts[0]!, 'base64url').toString('utf8')) : undefined
  } catch {
    return undefined
  }
}

/** What a compact JWS says, not verified. */
export const jwsPayload = (jws: string): string =>
  Buffer.from(jws.split('.', 2)[1] ?? '', 'base64url').toString('utf8')

const base64url = (text: string) => Buffer.from(text).toString('base64url')
