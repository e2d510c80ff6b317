import {
  createHash,
  createPublicKey,
  generateKeyPair,
  generateKeyPairSync,
  type KeyObject,
  createPrivateKey,
  sign,
  verify,
} from 'node:crypto'
import { promisify } from 'node:util'
import type { Database } from '../database/port.ts'
import { findPublicKey, type SigningKey } from '../store/access/signing-keys.ts'
import { addNoticeKey, findNoticeKey, type NoticeKey } from '../store/consent/notices.ts'

const generate = promisify(generateKeyPair)
const maxRemembered = 10_000

/** Makes an RSA key of 2048 bits; its id is the beginning of its public half's SHA-256. */
export async function makeSigningKey(): Promise<SigningKey> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: 2048 })
  const der = publicKey.export({ type: 'spki', format: 'der' })
  return {
    keyId: createHash('sha256').update(der).digest('base64url').slice(0, 22),
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicPem: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  }
}

/** Finds public keys by account and key id. A key never changes, so found ones are remembered. */
export function publicKeys(
  database: Database,
): (pda: number, keyId: string) => Promise<KeyObject | undefined> {
  const remembered = new Map<string, KeyObject>()
  return async (pda, keyId) => {
    const name = `${pda}/${keyId}`
    const known = remembered.get(name)
    if (known) return known
    const pem = await database.of(pda).read((unit) => findPublicKey(unit, keyId))
    if (pem === undefined) return undefined
    if (remembered.size >= maxRemembered) remembered.clear()
    const key = createPublicKey(pem)
    remembered.set(name, key)
    return key
  }
}

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

/** The key that signs an account's notices, made when it is first asked for. */
export async function noticeKeyOf(
  { database, now }: { database: Database; now: () => number },
  pda: number,
): Promise<NoticeKey> {
  const there = await database.of(pda).read((unit) => findNoticeKey(unit))
  if (there) return there
  const made = makeNoticeKey()
  return database.of(pda).write((unit) => addNoticeKey(unit, made, now()))
}

/** An Ed25519 key; its public half as the Standard Webhooks write it. */
function makeNoticeKey(): NoticeKey {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519')
  const { x = '' } = publicKey.export({ format: 'jwk' })
  return {
    privatePem: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    publicKey: `whpk_${Buffer.from(x, 'base64url').toString('base64')}`,
  }
}

/**
 * The headers that say where a notice comes from (Standard Webhooks 1.0.0): `v1a`, Ed25519 over id, time and body.
 * @param privateKey PKCS#8 in PEM
 * @param now when it is sent, in milliseconds since 1970
 */
export function noticeHeaders(
  noticeId: string,
  body: string,
  privateKey: string,
  now: number,
): Record<string, string> {
  const [id, timestamp] = [`msg_${noticeId}`, String(Math.floor(now / 1000))]
  const signature = sign(null, Buffer.from(`${id}.${timestamp}.${body}`), createPrivateKey(privateKey))
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1a,${signature.toString('base64')}`,
  }
}
