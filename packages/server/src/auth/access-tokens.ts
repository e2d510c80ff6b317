import { createPrivateKey, type KeyObject, randomBytes } from 'node:crypto'
import type { FastifyRequest } from 'fastify'
import type { Account, Context } from '../context.ts'
import type { Database } from '../database/port.ts'
import { ownerHolder, userHolder } from '../domain/access/rights.ts'
import { ApiError } from '../errors.ts'
import { entryOf } from '../ledger/entries.ts'
import { addAccessToken } from '../store/access/access-tokens.ts'
import { currentSigningKey, type SigningKey } from '../store/access/signing-keys.ts'
import { hasPassword } from '../store/access/users.ts'
import { writeWithEntry } from '../store/ledger/entries.ts'
import { publicKeys } from './keys.ts'

const maxRemembered = 5000
/** A token this old gets a renewal. */
const renewAfterSeconds = 3600
const dayMilliseconds = 86_400_000

/** What an access token says: an owner's or a user's has `accessScope` and `resource`, an application's the other two. Times in seconds. */
export interface Claims {
  iss: string
  sub: string
  jti: string
  iat: number
  exp: number
  accessScope?: string
  resource?: string
  application?: string
  applicationVersion?: string
}

/** Whom a token is for. `subject` is an opaque id: the owner's, or the user's; `title` the user's first role. */
export type Bearer =
  | { kind: 'owner'; subject: string }
  | { kind: 'user'; subject: string; title: string }
  | { kind: 'application'; subject: string; application: string; version: string }

/**
 * Issues a new access token, and keeps it before it is given away: what is not kept counts for nothing.
 * @param about what it is, in words for the owner
 * @param days until it expires, counted from now
 * @param request the one it is issued for, where that signs somebody in
 * @param password the hash of the one that was checked: changed meanwhile, it opens nothing any more
 * @returns the JWT: RS256, `kid` in its header
 * @throws `application_inactive` (400) when the bearer is not set up, or was disabled or removed; `credentials_wrong` (401)
 */
export async function issueToken(
  context: { database: Database; now: Context['now']; config?: Context['config'] },
  { pda, domain }: Account,
  bearer: Bearer,
  about: string,
  days = 30,
  password?: string,
  request?: FastifyRequest,
): Promise<string> {
  const { database, now } = context
  const createdAt = now()
  const iat = Math.floor(createdAt / 1000)
  const expiresAt = iat * 1000 + Math.round(days * dayMilliseconds)
  const tokenId = randomBytes(32).toString('hex')
  const { subject } = bearer
  const kept = {
    tokenId,
    kind: 'jwt',
    holder: holderFor(bearer),
    subject,
    about,
    createdAt,
    expiresAt,
  } as const
  const action = request === undefined ? 'token' : 'sign_in'
  const entry = entryOf(request, context, action, { holder: kept.holder, tokenId, detail: { about } })
  const key = await writeWithEntry(database.of(pda), entry, async (unit) => {
    if (!(await addAccessToken(unit, kept))) return undefined
    if (password !== undefined && !(await hasPassword(unit, subject, password)))
      throw new ApiError('credentials_wrong', 'The password was changed in the same moment')
    return currentSigningKey(unit)
  })
  if (key === undefined)
    throw new ApiError('application_inactive', `${kept.holder} is not set up, or was disabled or removed`)
  const exp = Math.floor(expiresAt / 1000)
  return sign(key, { iss: domain, sub: subject, jti: tokenId, iat, exp, ...kindClaims(bearer, domain) })
}

function holderFor(bearer: Bearer): string {
  if (bearer.kind === 'owner') return ownerHolder
  return bearer.kind === 'user' ? userHolder(bearer.subject) : bearer.application
}

function kindClaims(bearer: Bearer, domain: string) {
  return bearer.kind === 'application'
    ? { application: bearer.application, applicationVersion: bearer.version }
    : { accessScope: bearer.kind === 'owner' ? 'owner' : bearer.title, resource: domain }
}

/** Whether a token that says this was issued to that holder. */
export function isFor({ application, accessScope, sub }: Claims, holder: string): boolean {
  if (application !== undefined) return application === holder
  return holder === (accessScope === 'owner' ? ownerHolder : userHolder(sub))
}

async function sign(key: SigningKey, claims: Claims): Promise<string> {
  const { SignJWT } = await import('jose')
  const header = { alg: 'RS256', typ: 'JWT', kid: key.keyId }
  return new SignJWT({ ...claims }).setProtectedHeader(header).sign(createPrivateKey(key.privatePem))
}

/** Reads tokens and renews them, remembering what costs a signature or its check. */
export interface AccessTokens {
  /** The ids a token gives itself and its key, signed or not: only to ask for them, never to believe them. Empty when it gives none. */
  named: (text: string) => { tokenId: string; keyId: string }
  /** What a token says, if one of the account's keys signed it. Whether it still counts is not asked here. */
  read: (pda: number, text: string) => Promise<Claims | undefined>
  /** The renewal of a token that counts: same claims and end, new `iat`; undefined while it is young. Once per token. */
  renewal: (pda: number, text: string, claims: Claims, now: number) => Promise<string> | undefined
}

export function accessTokens(database: Database): AccessTokens {
  const findKey = publicKeys(database)
  const signed = new Map<string, { pda: number; keyId: string; claims: Claims }>()
  const renewed = new Map<string, Promise<string>>()

  function named(text: string): { tokenId: string; keyId: string } {
    const known = signed.get(text)
    return known ? { tokenId: known.claims.jti, keyId: known.keyId } : idsIn(text)
  }

  async function read(pda: number, text: string): Promise<Claims | undefined> {
    const known = signed.get(text)
    if (known?.pda === pda) return known.claims
    const { tokenId, keyId } = idsIn(text)
    const claims = await verify(text, (kid) => (kid === keyId ? findKey(pda, kid) : undefined))
    if (claims?.jti !== tokenId) return undefined
    remember(signed, text, { pda, keyId, claims })
    return claims
  }

  async function renew(pda: number, claims: Claims, now: number): Promise<string> {
    const key = await database.of(pda).read((unit) => currentSigningKey(unit))
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

function idsIn(text: string): { tokenId: string; keyId: string } {
  const [header, payload] = text.split('.', 2).map((part) => parsed(Buffer.from(part, 'base64url')))
  return { tokenId: textAt(payload, 'jti'), keyId: textAt(header, 'kid') }
}

/** A text the database can be asked for, or an empty one. */
function textAt(value: unknown, name: string): string {
  const text = (value as Record<string, unknown> | null | undefined)?.[name]
  return typeof text === 'string' && !text.includes('\0') ? text : ''
}

async function verify(text: string, findKey: (keyId: string) => Promise<KeyObject | undefined> | undefined) {
  const { compactVerify, decodeProtectedHeader } = await import('jose')
  if (!text.split('.').every(isCanonical)) return undefined
  try {
    const { alg, kid, crit } = decodeProtectedHeader(text)
    // No extension is understood here, so none may be demanded (RFC 7515, 4.1.11).
    if (crit !== undefined) return undefined
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

/** Whether this is how base64url spells these bytes: a token has one spelling only, without padding, white space or unused bits. */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part
}

/** jose refuses malformed texts with its own errors and with TypeErrors; a database that fails is neither. */
function isJoseError(error: unknown): boolean {
  return error instanceof TypeError || String((error as { code?: unknown }).code).startsWith('ERR_J')
}

/** The claims, if they are all there and of one kind: the owner's, a user's or an application's, never two. */
function claimsOf(payload: unknown): Claims | undefined {
  if (typeof payload !== 'object' || payload === null) return undefined
  const claims = payload as Claims
  const { iss, sub, jti, iat, exp, accessScope, resource, application, applicationVersion } = claims
  const texts = [iss, sub, jti].every((text) => typeof text === 'string')
  if (!texts || !Number.isSafeInteger(iat) || !Number.isSafeInteger(exp)) return undefined
  const person = typeof accessScope === 'string' && resource === iss && application === undefined
  const program =
    typeof application === 'string' && typeof applicationVersion === 'string' && accessScope === undefined
  return person || program ? claims : undefined
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch {
    return undefined
  }
}

function remember<T>(map: Map<string, T>, key: string, value: T): void {
  if (map.size >= maxRemembered) map.delete(map.keys().next().value as string)
  map.set(key, value)
}
