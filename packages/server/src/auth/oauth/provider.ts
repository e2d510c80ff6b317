import { generateKeyPairSync, hkdfSync } from 'node:crypto'
import type { EventEmitter } from 'node:events'
import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider'
import type * as oidc from 'oidc-provider'
import type { Account, Context } from '../../context.ts'
import { isClientAddress } from '../../domain/access/definition.ts'
import { knownScopes, maxScopes, roleOfScope, scopesMeant } from '../../domain/access/roles.ts'
import { FetchRefusedError, guardedFetch } from '../../http/guarded-fetch.ts'
import { findOwner } from '../../store/access/owners.ts'
import type { SigningKey } from '../../store/access/signing-keys.ts'
import { adapterFor } from './adapter.ts'
import { isRedirectOf, documentTaken, isSafeRedirect, ownScope, scopesOf } from './clients.ts'

/** How many accounts' OAuth servers are held at once. */
const maxHeld = 100
/** How long one that nobody asks is held, in milliseconds. */
const heldIdle = 600_000

/** Makes the OAuth server of one account. What it is, and is not, is said in docs/decisions/0011-oauth.md. */
async function makeProvider(surroundings: ProviderDeps): Promise<Provider> {
  const library = await import('oidc-provider')
  const provider = new library.Provider(surroundings.origin, configurationFor(library, surroundings))
  // The scheme the browser uses is told by whoever passes a request on, not by a proxy.
  provider.proxy = true
  provider.on('server_error', (_ctx, error) => surroundings.log('error', error, 'unexpected error in OAuth'))
  const events: EventEmitter = provider
  events.on('error', (error) => surroundings.log('error', error, 'unexpected error in OAuth'))
  provider.use(withoutSession)
  provider.Client.prototype.redirectUriAllowed = hasRedirect
  return provider
}

function hasRedirect(this: Client, uri: string): boolean {
  return isRedirectOf(this.redirectUris ?? [], uri)
}

/** The library's own session is not kept, so its cookie is not given, either. */
async function withoutSession({ res }: KoaContextWithOIDC, next: () => Promise<void>): Promise<void> {
  await next()
  const cookies = [res.getHeader('set-cookie') ?? []].flat().map(String)
  const others = cookies.filter((cookie) => !/^hatstand_oauth(\.sig)?=/.test(cookie))
  if (others.length > 0) res.setHeader('set-cookie', others)
  else res.removeHeader('set-cookie')
}

interface Held {
  /** What it was made of. */
  of: string
  provider: Promise<Provider>
  usedAt: number
}

interface Providers {
  /** The OAuth server of an account: made at its first request, and again when its origin or signing key is another. */
  of: (surroundings: ProviderDeps) => Promise<Provider>
  /** Lets go of those that nobody asked for a while. */
  sweep: () => void
}

/** The OAuth servers that were asked lately. They keep nothing themselves: one may go at any time. */
export function holdProviders(now: () => number): Providers {
  const held = new Map<number, Held>()
  return {
    of(surroundings) {
      const { pda } = surroundings.account
      const of = `${surroundings.origin} ${surroundings.key.keyId}`
      const known = held.get(pda)
      const one = known?.of === of ? known : { of, provider: makeProvider(surroundings), usedAt: 0 }
      one.usedAt = now()
      // Set again, it counts as the youngest: the one used least recently goes first.
      held.delete(pda)
      held.set(pda, one)
      one.provider.catch(() => held.delete(pda))
      if (held.size > maxHeld) held.delete(held.keys().next().value as number)
      return one.provider
    },
    sweep() {
      for (const [pda, { usedAt }] of held) if (usedAt < now() - heldIdle) held.delete(pda)
    },
  }
}

/** The library, as `await import()` gives it. */
type Library = typeof oidc
type Ctx = oidc.KoaContextWithOIDC

/** The addresses of OAuth below the account's origin. */
export const oauthPaths = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
} as const

/** Where the owner is asked; the question's id follows. */
export const consentPath = '/oauth/consent'

const minute = 60
const day = 86_400

/** In seconds. A consent to OAuth lasts as long as a token by HAT login: 30 days, however often it was renewed. */
const ttl = {
  AuthorizationCode: minute,
  AccessToken: 60 * minute,
  Interaction: 10 * minute,
  Grant: 30 * day,
  RefreshToken: (ctx: Ctx) => ctx.oidc.entities.RotatedRefreshToken?.remainingTTL ?? 30 * day,
  // Sessions are not kept, and ID tokens not issued, but the library wants numbers.
  Session: 10 * minute,
  IdToken: minute,
}

/** What the OAuth server of an account needs of those around it. */
export interface ProviderDeps {
  context: Context
  account: Account
  /** The account's origin: the issuer, and the only resource there are tokens for. */
  origin: string
  key: SigningKey
  /** Shows a person why a request for access cannot go on, and the way back to the application, where there is one. */
  showProblem: (ctx: Ctx, words: string, back: string | undefined) => void
  /** Whether the document in which an application introduces itself may be asked for, because of this request. */
  mayFetch: (ctx: Ctx | undefined, clientId: string) => Promise<boolean>
  log: (level: 'error' | 'warn', error: unknown, words: string) => void
}

/** All settings of the library that are not its own: what is on, for how long, and who answers its questions. */
function configurationFor(library: Library, surroundings: ProviderDeps): oidc.Configuration {
  const { context, account, key, showProblem } = surroundings
  const { InvalidGrant } = library.errors
  return {
    adapter: adapterFor({ context, pda: account.pda, InvalidGrant, isProgram: () => isProgram(library) }),
    clientAuthMethods: ['none'],
    extraClientMetadata: { properties: [ownScope] },
    clientDefaults: {
      id_token_signed_response_alg: 'EdDSA',
      response_modes: ['query'],
      token_endpoint_auth_method: 'none',
    },
    cookies: cookiesFor(key),
    features: featuresFor(library, surroundings),
    fetch: fetchDocument(surroundings),
    findAccount: async (_ctx, subject) => {
      const owner = await context.database.of(account.pda).read((unit) => findOwner(unit))
      return owner?.subject === subject
        ? { accountId: subject, claims: async () => ({ sub: subject }) }
        : undefined
    },
    // Hatstand's own session says who is there, and a consent outlives it.
    expiresWithSession: () => false,
    loadExistingGrant: async (ctx) => {
      const grantId = ctx.oidc.result?.consent?.grantId
      return grantId === undefined ? undefined : ctx.oidc.provider.Grant.find(grantId)
    },
    interactions: {
      policy: [askAlways(library)],
      url: (_ctx, { uid }) => `${consentPath}/${uid}`,
    },
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    jwks: { keys: [unusedKey()] },
    pkce: { required: () => true },
    renderError: (ctx, out) => showProblem(ctx, out.error_description ?? out.error, wayBack(ctx, out)),
    responseTypes: ['code'],
    revokeGrantPolicy: () => true,
    rotateRefreshToken: true,
    routes: oauthPaths,
    scopes: [],
    ttl,
  }
}

function featuresFor(library: Library, surroundings: ProviderDeps): oidc.Configuration['features'] {
  const off = { enabled: false }
  return {
    devInteractions: off,
    dPoP: off,
    pushedAuthorizationRequests: off,
    rpInitiatedLogout: off,
    userinfo: off,
    clientIdMetadataDocument: {
      enabled: true,
      ack: 'draft-02',
      allowFetch: async (ctx, clientId) => isClientAddress(clientId) && surroundings.mayFetch(ctx, clientId),
      allowClient: (_ctx, client) => client.redirectUris?.every(isSafeRedirect) ?? false,
      cacheDuration: { min: 30, max: 60 * minute },
    },
    introspection: {
      enabled: true,
      allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId,
    },
    revocation: { enabled: true, allowedPolicy: (_ctx, client, token) => token.clientId === client.clientId },
    resourceIndicators: {
      enabled: true,
      defaultResource: async (_ctx, _client, oneOf) => oneOf ?? surroundings.origin,
      getResourceServerInfo: (ctx, resource, client) =>
        resourceServer(library, surroundings, ctx, resource, client),
    },
  }
}

/** Whether a resource is the account: scheme and host count in any case, and a last slash does not (RFC 3986, section 6.2). */
export function isAccount(resource: string, origin: string): boolean {
  const root = /^https?:\/\/[^\s/\\?#@]+(?=\/?$)/i.exec(resource)?.[0]
  return root !== undefined && URL.parse(root)?.origin === new URL(origin).origin
}

/** The account as a resource server: the only one. Says which scopes the client may ask for. */
async function resourceServer(
  { errors: { InvalidScope, InvalidTarget } }: Library,
  { context, account, origin }: ProviderDeps,
  ctx: Ctx,
  resource: string,
  { clientId, [ownScope]: toldScope }: oidc.Client,
): Promise<oidc.ResourceServer> {
  if (!isAccount(resource, origin) || Array.isArray(ctx.oidc.params?.['resource']))
    throw new InvalidTarget(`there are access tokens for ${origin} only`)
  const server = { audience: origin, accessTokenFormat: 'opaque', accessTokenTTL: ttl.AccessToken } as const
  // A token says what was consented to, whatever the definition says since.
  const { Grant } = ctx.oidc.entities
  if (Grant && !authorizing(ctx)) return { ...server, scope: Grant.getResourceScope(resource) }
  const told = typeof toldScope === 'string' ? knownScopes(toldScope).filter(roleOfScope) : []
  const own = told.length > 0 ? told : ((await scopesOf(context, account.pda, clientId)) ?? [])
  const asked = scopesMeant(knownScopes([...ctx.oidc.requestParamScopes].join(' ')), own)
  const foreign = isClientAddress(clientId) ? undefined : asked.find((scope) => !own.includes(scope))
  if (foreign !== undefined) throw new InvalidScope('the application may not ask for this scope', foreign)
  const howMany = `ask for 1 to ${maxScopes} scopes such as read:notes and write:notes`
  // Said to the person as well: an application that names nothing will hardly tell why it stopped.
  if (asked.length === 0) throw Object.assign(new InvalidScope(howMany, ''), { allow_redirect: false })
  if (asked.length > maxScopes) throw new InvalidScope(howMany, asked.join(' '))
  const scope = asked.join(' ')
  Object.assign(ctx.oidc.params ?? {}, { scope })
  return { ...server, scope }
}

/** Where the application hears of an error the owner was shown; only at an address that is its own. */
function wayBack({ oidc: { client, params } }: Ctx, out: oidc.ErrorOut): string | undefined {
  const redirect = params?.['redirect_uri']
  if (out.error !== 'invalid_scope' || typeof redirect !== 'string' || !client?.redirectUriAllowed(redirect))
    return undefined
  const back = new URL(redirect)
  for (const [name, value] of Object.entries(out))
    if (value !== undefined) back.searchParams.set(name, String(value))
  return back.href
}

function isProgram({ Provider }: Library): boolean {
  return ['token', 'revocation', 'introspection'].includes(Provider.ctx?.oidc?.route ?? '')
}

function authorizing({ oidc: { route } }: Ctx): boolean {
  return route === 'authorization' || route === 'resume'
}

/** Every request for access asks the owner: an earlier consent, or a session of the library, spares nobody the question. */
function askAlways({ interactionPolicy: { Check, Prompt } }: Library) {
  const check = new Check('always', 'the owner is asked each time', 'consent_required', (ctx) =>
    ctx.oidc.result?.consent === undefined ? Check.REQUEST_PROMPT : Check.NO_NEED_TO_PROMPT,
  )
  return new Prompt({ name: 'consent', requestable: true }, check)
}

/** Signs nothing, since OpenID Connect is off; but without a key the library takes no client. */
function unusedKey() {
  return {
    ...generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' }),
    alg: 'EdDSA',
    use: 'sig',
  } as oidc.JWK
}

/** Cookies that tie a question to the browser it came from, signed with what only this account's servers know. */
function cookiesFor(key: SigningKey): oidc.Configuration['cookies'] {
  const signing = hkdfSync('sha256', key.privatePem, '', 'hatstand oauth cookies', 32)
  const strict = { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true } as const
  return {
    keys: [Buffer.from(signing).toString('base64url')],
    names: {
      session: 'hatstand_oauth',
      interaction: 'hatstand_oauth_question',
      resume: 'hatstand_oauth_answer',
    },
    short: strict,
    long: strict,
  }
}

/** Documents of applications that introduce themselves are asked for by the guarded client, and nothing else is. */
function fetchDocument({ context, log }: ProviderDeps): oidc.Configuration['fetch'] {
  return async (address) => {
    try {
      const { privateHosts } = context.config
      const answer = await guardedFetch(address instanceof Request ? address.url : address.toString(), {
        maxBytes: 5120,
        privateHosts,
      })
      return new Response(answer.status === 200 ? documentTaken(answer.body.toString()) : null, answer)
    } catch (error) {
      if (error instanceof FetchRefusedError) log('warn', error, 'a document of an application was not had')
      throw error
    }
  }
}
