import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import type { Database } from '../database/port.ts'
import { currentSigningKey, type SigningKey } from '../store/signing-keys.ts'
import { publicKeys } from './signing-keys.ts'

const mostRemembered = 5000
/** A token this old gets a renewal. */
const renewAfterSeconds = 3600

/** What an access token says: an owner's has `accessScope` and `resource`, an application's the other two. Times in seconds. */
export interface Claims {
  iss: string
  sub: string
  jti: string
  iat: number
  exp: number
  accessScope?: 'owner'
  resource?: string
  application?: string
  applicationVersion?: string
}

/** Whom a token is for. `subject` is an opaque id. */
export type Bearer =
  | { kind: 'owner'; subject: string }
  | { kind: 'application'; subject: string; application: string; version: string }

/**
 * Issues a new access token.
 * @param domain the account's, bare `host[:port]`: the `iss`
 * @param now milliseconds since 1970
 * @param days until it expires, counted from now
 * @returns the JWT: RS256, `kid` in its header
 */
export function issueToken(
  key: SigningKey,
  domain: string,
  bearer: Bearer,
  now: number,
  days = 30,
): Promise<string> {
  const iat = Math.floor(now / 1000)
  const kind =
    bearer.kind === 'owner'
      ? { accessScope: 'owner' as const, resource: domain }
      : { application: bearer.application, applicationVersion: bearer.version }
  const jti = randomBytes(32).toString('hex')
  return sign(key, {
    iss: domain,
    sub: bearer.subject,
    jti,
    iat,
    exp: iat + Math.round(days * 86_400),
    ...kind,
  })
}

async function sign(key: SigningKey, claims: Claims): Promise<string> {
  const { SignJWT } = await import('jose')
  const header = { alg: 'RS256', typ: 'JWT', kid: key.keyId }
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(createPrivateKey(key.privatePem))
}

/** Reads tokens and renews them, remembering what costs a signature or its check. */
export interface AccessTokens {
  /** The application id a token names, signed or not: only to ask for it, never to believe it. Empty when it names none. */
  named: (text: string) => string
  /** What a token says, if one of the account's keys signed it. Whether it still counts is not asked here. */
  read: (pda: number, text: string) => Promise<Claims | undefined>
  /** The renewal of a token that counts: same claims and end, new `iat`; undefined while it is young. Once per token. */
  renewal: (pda: number, text: string, claims: Claims, now: number) => Promise<string> | undefined
}

export function accessTokens(database: Database): AccessTokens {
  const findKey = publicKeys(database)
  const signed = new Map<string, { pda: number; claims: Claims }>()
  const renewed = new Map<string, Promise<string>>()

  function named(text: string): string {
    const known = signed.get(text)
    return known ? (known.claims.application ?? '') : applicationIn(text)
  }

  async function read(pda: number, text: string): Promise<Claims | undefined> {
    const known = signed.get(text)
    if (known?.pda === pda) return known.claims
    const claims = await verify(text, (keyId) => findKey(pda, keyId))
    if (claims) remember(signed, text, { pda, claims })
    return claims
  }

  async function renew(pda: number, claims: Claims, now: number): Promise<string> {
    const key = await database.read((unit) => currentSigningKey(unit, pda))
    return sign(key, { ...claims, iat: Math.floor(now / 1000) })
  }

  function renewal(pda: number, text: string, claims: Claims, now: number): Promise<string> | undefined {
    if (claims.iat > now / 1000 - renewAfterSeconds) return undefined
    const known = renewed.get(text)
    if (known) return known
    const made = renew(pda, claims, now)
    remember(renewed, text, made)
    made.catch(() => renewed.delete(text))
    return made
  }

  return { named, read, renewal }
}

function applicationIn(text: string): string {
  const payload = parsed(Buffer.from(text.split('.')[1] ?? '', 'base64url'))
  const application = (payload as { application?: unknown } | null | undefined)?.application
  return typeof application === 'string' && !application.includes('\0') ? application : ''
}

async function verify(text: string, findKey: (keyId: string) => Promise<KeyObject | undefined>) {
  const { compactVerify, decodeProtectedHeader } = await import('jose')
  try {
    const { alg, kid } = decodeProtectedHeader(text)
    if (alg !== 'RS256' || typeof kid !== 'string' || kid.includes('\0')) return undefined
    const key = await findKey(kid)
    if (key === undefined) return undefined
    const { payload } = await compactVerify(text, key, { algorithms: ['RS256'] })
    return claimsOf(parsed(payload))
  } catch (error) {
    if (isJoseError(error)) return undefined
    throw error
  }
}

/** jose refuses malformed texts with its own errors and with TypeErrors; a database that fails is neither. */
function isJoseError(error: unknown): boolean {
  return error instanceof TypeError || String((error as { code?: unknown }).code).startsWith('ERR_J')
}

/** The claims, if they are all there and of one kind: the owner's or an application's, never both. */
function claimsOf(payload: unknown): Claims | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined
  const claims = payload as Claims
  const { iss, sub, jti, iat, exp, accessScope, resource, application, applicationVersion } = claims
  const texts = [iss, sub, jti].every((text) => typeof text === 'string')
  if (!texts || !Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) return undefined
  const owner = accessScope === 'owner' && resource === iss && application === undefined
  const program =
    typeof application === 'string' && typeof applicationVersion === 'string' && accessScope === undefined
  return owner || program ? claims : undefined
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= mostRemembered) map.delete(map.keys().next().value as string)
  map.set(key, value)
}
