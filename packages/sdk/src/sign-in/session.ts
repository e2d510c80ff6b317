import { browser } from './browser.ts'
import { SignInError } from './error.ts'
import { sharedPlace } from './kept.ts'
import { type Peer, renew, revoke, type Tokens } from './protocol.ts'

/** The tokens of this browser, the same in all of its tabs. */
interface Session extends Omit<Tokens, 'expiresIn'> {
  /** When to renew, in milliseconds since 1970. */
  renewAt: number
}

/** The session of all tabs of this browser, kept under `key`. */
export function sessions(peer: Peer, key: string) {
  const { read, write, remove, isThere, onChange } = sharedPlace<Session>(key)
  const start = (tokens: Tokens) => alone(key, async () => write(sessionOf(tokens)))

  async function token(refused?: string): Promise<string> {
    const { accessToken, renewAt } = read() ?? signedOut()
    if (accessToken !== refused && Date.now() < renewAt) return accessToken
    return alone(key, async () => {
      const now = read() ?? signedOut()
      // Another tab may have renewed it while this one waited.
      return now.accessToken !== accessToken ? now.accessToken : renewed(now)
    })
  }

  /** The next refresh token is kept before the access token beside it is used: the last one counts no more. */
  async function renewed({ refreshToken }: Session): Promise<string> {
    try {
      if (refreshToken === undefined) signedOut()
      const next = sessionOf(await renew(peer, refreshToken))
      write(next)
      return next.accessToken
    } catch (error) {
      if (!(error instanceof SignInError) || !['invalid_grant', 'signed_out'].includes(error.code))
        throw error
      remove()
      return signedOut(error)
    }
  }

  /** Forgets the tokens first: whatever the account answers, this browser is signed out. */
  const end = () =>
    alone(key, async () => {
      const ended = read()
      remove()
      if (ended) await revoke(peer, ended.refreshToken ?? ended.accessToken)
    })

  return { isThere, start, token, end, onChange }
}

/** Renewed a minute before the access token ends, or at half its time when that is short. */
function sessionOf({ expiresIn, ...tokens }: Tokens): Session {
  const lasts = expiresIn - Math.min(60, expiresIn / 2)
  return { ...tokens, renewAt: Date.now() + lasts * 1000 }
}

/** Runs `within` while no other tab runs its own. */
async function alone<T>(name: string, within: () => Promise<T>): Promise<T> {
  const { locks } = browser.navigator
  if (locks === undefined) throw new TypeError('Signing in needs a page from https://, or from this machine')
  return locks.request(name, within)
}

function signedOut(cause?: unknown): never {
  throw new SignInError('signed_out', 'Nobody is signed in, or not any more: sign in again', cause)
}
