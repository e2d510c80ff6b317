import { createCipheriv, createDecipheriv, createHash, createHmac, randomBytes } from 'node:crypto'

/**
 * A name that stands for a record's id and tells nothing of it: the same each time, another for each secret.
 * @param secret 32 bytes in base64url
 * @returns a UUID of version 8
 */
export function hiddenName(secret: string, recordId: string): string {
  const bytes = createHmac('sha256', keyOf(secret, 'names')).update(recordId).digest().subarray(0, 16)
  bytes[6] = (bytes[6]! & 0x0f) | 0x80
  bytes[8] = (bytes[8]! & 0x3f) | 0x80
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
}

const ivLength = 12
const tagLength = 16

/** A text that only we can read, and nobody can make: where a requester goes on reading. */
export function hiddenText(secret: string, text: string): string {
  const iv = randomBytes(ivLength)
  const cipher = createCipheriv('aes-256-gcm', keyOf(secret, 'texts'), iv)
  const hidden = Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])
  return Buffer.concat([iv, cipher.getAuthTag(), hidden]).toString('base64url')
}

/** @returns undefined for what `hiddenText` did not make with this secret */
export function shownText(secret: string, hidden: string): string | undefined {
  const bytes = Buffer.from(hidden, 'base64url')
  if (bytes.length < ivLength + tagLength) return undefined
  const decipher = createDecipheriv('aes-256-gcm', keyOf(secret, 'texts'), bytes.subarray(0, ivLength), {
    authTagLength: tagLength,
  })
  decipher.setAuthTag(bytes.subarray(ivLength, ivLength + tagLength))
  try {
    return decipher.update(bytes.subarray(ivLength + tagLength), undefined, 'utf8') + decipher.final('utf8')
  } catch {
    return undefined
  }
}

/** One secret makes a key for each use. */
const keyOf = (secret: string, use: string): Buffer =>
  createHash('sha256').update(`hatstand data debit ${use}\n${secret}`).digest()
