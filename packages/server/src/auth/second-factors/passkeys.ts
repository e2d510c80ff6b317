import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { originOf } from '../../config.ts'
import type { Account, Context } from '../../context.ts'
import type { Unit } from '../../database/port.ts'
import type { Owner } from '../../store/access/owners.ts'
import { addPasskey, listPasskeys, type Passkey, usePasskey } from '../../store/access/second-factors.ts'
import { currentSigningKey } from '../../store/access/signing-keys.ts'

type Purpose = 'sign-in' | 'enrolment'

/** How long a question may be answered, in milliseconds. */
const timeoutMs = 600_000
const macLength = 16
/** EdDSA, ES256, RS256: between them every authenticator has one. */
const algorithms = [-8, -7, -257]

/** Whether browsers can use passkeys on a page under this Host: a passkey belongs to the account's own domain, which must be a name. */
export function passkeysWorkAt({ domain }: Account, host: string): boolean {
  return host === domain && isIP(nameOf(domain).replace(/^\[(.*)\]$/, '$1')) === 0
}

/**
 * What a browser is asked, to sign in by any passkey of the owner's, which must also check that it is the owner (a fingerprint, a PIN).
 * @returns the options of WebAuthn's `get`, as JSON
 */
export async function signInQuestion(context: Context, account: Account): Promise<string> {
  const challenge = (await newChallenge(context, account, 'sign-in')).toString('base64url')
  return JSON.stringify({
    challenge,
    rpId: nameOf(account.domain),
    userVerification: 'required',
    allowCredentials: [],
  })
}

/**
 * Whether this is an answer to a question of ours by one of the owner's passkeys, with the owner's finger or PIN: it signs the owner in
 * by itself, being two factors in one. Each answer counts once.
 * @param answer what the browser sent, JSON
 */
export async function checkPasskey(context: Context, account: Account, answer: string): Promise<boolean> {
  const response = parsed(answer) as AuthenticationResponseJSON | undefined
  const { pda, domain } = account
  const passkeys = await context.database.of(pda).read((unit) => listPasskeys(unit))
  const passkey = passkeys.find(({ passkeyId }) => passkeyId === response?.id)
  if (response === undefined || passkey === undefined) return false
  const asked = await reader(context, account, 'sign-in')
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const verified = await verifyAuthenticationResponse({
    response,
    expectedChallenge: asked.isOurs,
    expectedOrigin: originOf(domain, context.config),
    expectedRPID: nameOf(domain),
    requireUserVerification: true,
    credential: {
      id: passkey.passkeyId,
      publicKey: new Uint8Array(passkey.publicKey),
      counter: passkey.counter,
    },
  }).catch(() => undefined)
  if (!verified?.verified) return false
  const { passkeyId } = passkey
  const used = { passkeyId, counter: verified.authenticationInfo.newCounter, askedAt: asked.at() }
  return context.database.of(pda).write((unit) => usePasskey(unit, used, context.now()))
}

/** What a browser is asked to make a new passkey. @returns the options of WebAuthn's `create`, as JSON */
export async function enrolmentQuestion(
  context: Context,
  account: Account,
  { name, subject }: Owner,
): Promise<string> {
  const known = await context.database.of(account.pda).read((unit) => listPasskeys(unit))
  const challenge = await newChallenge(context, account, 'enrolment')
  const options: PublicKeyCredentialCreationOptionsJSON = {
    challenge: challenge.toString('base64url'),
    rp: { name: `hatstand ${account.domain}`, id: nameOf(account.domain) },
    user: { id: Buffer.from(subject).toString('base64url'), name, displayName: name },
    pubKeyCredParams: algorithms.map((alg) => ({ alg, type: 'public-key' })),
    timeout: timeoutMs,
    attestation: 'none',
    excludeCredentials: known.map(({ passkeyId: id }) => ({ id, type: 'public-key' })),
    authenticatorSelection: {
      residentKey: 'required',
      requireResidentKey: true,
      userVerification: 'required',
    },
  }
  return JSON.stringify(options)
}

/**
 * Keeps a passkey the browser made.
 * @param about what the owner calls it
 * @param more what else belongs to the same unit
 * @returns false when it is no answer to a question of ours, or the passkey is there already
 */
export async function enrolPasskey(
  context: Context,
  account: Account,
  { answer, about }: { answer: string; about: string },
  more: (unit: Unit) => Promise<void>,
): Promise<boolean> {
  const response = parsed(answer) as RegistrationResponseJSON | undefined
  if (response === undefined) return false
  const { pda, domain } = account
  const asked = await reader(context, account, 'enrolment')
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const verified = await verifyRegistrationResponse({
    response,
    expectedChallenge: asked.isOurs,
    expectedOrigin: originOf(domain, context.config),
    expectedRPID: nameOf(domain),
    requireUserVerification: true,
    supportedAlgorithmIDs: algorithms,
  }).catch(() => undefined)
  if (!verified?.verified) return false
  const { id: passkeyId, publicKey, counter, transports = [] } = verified.registrationInfo.credential
  const passkey: Omit<Passkey, 'usedAt'> = {
    passkeyId,
    publicKey,
    counter,
    transports: transports.filter((each) => typeof each === 'string'),
    about,
    createdAt: context.now(),
  }
  return context.database.of(pda).write(async (unit) => {
    await unit.lock()
    if (!(await addPasskey(unit, passkey, asked.at()))) return false
    await more(unit)
    return true
  })
}

/** The domain without its port: what WebAuthn binds passkeys to. */
function nameOf(domain: string): string {
  return domain.replace(/:\d+$/, '')
}

/**
 * A question nobody else can ask: when and what for, sealed with what only the account knows. So nothing is kept for visitors that never
 * answer, and any server process can read the answer.
 */
async function newChallenge(context: Context, account: Account, purpose: Purpose): Promise<Buffer> {
  const asked = Buffer.alloc(16)
  asked.writeUIntBE(context.now(), 0, 6)
  randomBytes(10).copy(asked, 6)
  return Buffer.concat([asked, await sealer(context, account, purpose)(asked)])
}

/** Reads questions back: whether one is ours and still open, and when it was asked. */
async function reader(context: Context, account: Account, purpose: Purpose) {
  const seal = sealer(context, account, purpose)
  let askedAt = 0
  return {
    at: () => askedAt,
    async isOurs(text: string): Promise<boolean> {
      const bytes = Buffer.from(text, 'base64url')
      if (bytes.length !== 16 + macLength) return false
      askedAt = bytes.readUIntBE(0, 6)
      const same = timingSafeEqual(bytes.subarray(16), await seal(bytes.subarray(0, 16)))
      return same && askedAt <= context.now() && askedAt > context.now() - timeoutMs
    },
  }
}

function sealer({ database }: Context, { pda, domain }: Account, purpose: Purpose) {
  return async (asked: Buffer): Promise<Buffer> => {
    const { privatePem } = await database.of(pda).read((unit) => currentSigningKey(unit))
    const mac = createHmac('sha256', privatePem).update(`passkey ${purpose} ${pda} ${domain} `).update(asked)
    return mac.digest().subarray(0, macLength)
  }
}

function parsed(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}
