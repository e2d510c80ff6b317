import { createPrivateKey, generateKeyPairSync, sign } from 'node:crypto'
import type { Context } from '../context.ts'
import { addNoticeKey, findNoticeKey, type NoticeKey } from '../store/consent/notices.ts'

/** The key that signs an account's notices, made when it is first asked for. */
export async function noticeKeyOf(
  { database, now }: Pick<Context, 'database' | 'now'>,
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
