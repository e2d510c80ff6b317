import { browser } from './sign-in/browser.ts'
import { SignInError } from './sign-in/error.ts'
import { place } from './sign-in/kept.ts'
import { ask, type Begun, exchange, peerOf } from './sign-in/protocol.ts'
import { sessions } from './sign-in/session.ts'

export { SignInError } from './sign-in/error.ts'

export interface SignInOptions {
  /** The address of the person's account, `https://anna.example.org`. */
  url: string
  /** The id of an application the owner registered, or the https address of the document that describes it. */
  clientId: string
  /** What is asked for: `read:notes write:notes`. */
  scope: string
  /** Where the browser comes back to, registered to the letter; this page without its query unless given. */
  redirectUri?: string
}

/** Signing in at one account, from a page. */
export interface SignIn {
  /** Whether this browser is signed in, in any tab. */
  readonly signedIn: boolean
  /** Sends this tab to the account, where the owner decides. */
  begin(): Promise<void>
  /**
   * To be called when the page is loaded: finishes the sign-in that the browser comes back from, if it does, and tidies the address.
   * Gives whether somebody is signed in now; rejects with a `SignInError`, `access_denied` when the owner declined.
   */
  finish(): Promise<boolean>
  /** An access token that counts, renewed when it is due: `connect(url, account.token)`. Rejects with `signed_out`. */
  readonly token: (refused?: string) => Promise<string>
  /** Ends the consent and forgets its tokens, in all tabs. */
  signOut(): Promise<void>
  /** Calls when somebody signs in or out, in this tab or another, or the account ends the session. Gives what stops that. */
  onChange(listener: (signedIn: boolean) => void): () => void
}

/** Signs a person in at an account, by OAuth with PKCE. Tokens are kept for all tabs of the browser, and renewed by one at a time. */
export function signIn({ url, clientId, scope, redirectUri = addressOfPage() }: SignInOptions): SignIn {
  const account = new URL(new URL(url).origin)
  const peer = peerOf({ account, clientId, redirectUri })
  const key = `hatstand ${account.origin} ${clientId}`
  const { isThere, start, token, end, onChange } = sessions(peer, key)
  const begun = place<Begun>(browser.sessionStorage, key)

  async function finish(): Promise<boolean> {
    const cameBackTo = new URL(browser.location.href)
    if (!isAnswer(cameBackTo)) return isThere()
    const expected = begun.read()
    begun.remove()
    browser.history.replaceState(browser.history.state, '', withoutAnswer(cameBackTo))
    if (expected === undefined)
      throw new SignInError('answer_unknown', 'This answer belongs to no sign-in that was begun here')
    await start(await exchange(peer, cameBackTo, expected))
    return true
  }

  let finished: Promise<boolean> | undefined
  return {
    get signedIn() {
      return isThere()
    },
    async begin() {
      const { url: address, ...rest } = await ask(peer, scope)
      begun.write(rest)
      browser.location.assign(address)
    },
    finish: () => (finished ??= finish()),
    token,
    signOut: end,
    onChange,
  }
}

function addressOfPage(): string {
  const { origin, pathname } = new URL(browser.location.href)
  return origin + pathname
}

const answered = ['code', 'error', 'error_description', 'state', 'iss']

function isAnswer({ searchParams: found }: URL): boolean {
  return found.has('state') && (found.has('code') || found.has('error'))
}

function withoutAnswer(address: URL): string {
  const rest = new URL(address)
  for (const name of answered) rest.searchParams.delete(name)
  return rest.href
}
