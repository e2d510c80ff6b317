import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto'
import type { SigningKey } from '../store/access/signing-keys.ts'

const maxRememberedSigners = 1000
const keys = new Map<string, KeyObject>()

/** Signs a text with an account's key, at once: a unit cannot wait for another thread. RS256, in base64url. */
export function signText({ privatePem }: SigningKey, text: string): string {
  return sign('sha256', Buffer.from(text), rememberedKey(privatePem, createPrivateKey)).toString('base64url')
}

/** Whether a key signed a text. @param publicPem the key's public half */
export function isSignedBy(publicPem: string, text: string, signature: string): boolean {
  const bytes = Buffer.from(signature, 'base64url')
  if (bytes.toString('base64url') !== signature) return false
  return verify('sha256', Buffer.from(text), rememberedKey(publicPem, createPublicKey), bytes)
}

/** Reading a key takes a third as long as signing with it. */
function rememberedKey(pem: string, read: (pem: string) => KeyObject): KeyObject {
  const known = keys.get(pem)
  if (known) return known
  if (keys.size >= maxRememberedSigners) keys.clear()
  const key = read(pem)
  keys.set(pem, key)
  return key
}
