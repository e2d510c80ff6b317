import type { EventEmitter } from 'node:events'
import type { Client, KoaContextWithOIDC, Provider } from 'oidc-provider'
import { configurationFor, type Surroundings } from '../oauth-configuration.ts'
import { isRedirectOf } from './clients.ts'

/** How many accounts' OAuth servers are held at once. */
const mostHeld = 100
/** How long one that nobody asks is held, in milliseconds. */
const heldIdle = 600_000

/** Makes the OAuth server of one account. What it is, and is not, is said in docs/decisions/0011-oauth.md. */
async function makeProvider(surroundings: Surroundings): Promise<Provider> {
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

export interface Providers {
  /** The OAuth server of an account: made at its first request, and again when its origin or signing key is another. */
  of: (surroundings: Surroundings) => Promise<Provider>
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
      if (held.size > mostHeld) held.delete(held.keys().next().value as number)
      return one.provider
    },
    sweep() {
      for (const [pda, { usedAt }] of held) if (usedAt < now() - heldIdle) held.delete(pda)
    },
  }
}
