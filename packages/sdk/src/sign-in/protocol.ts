import * as oauth from 'oauth4webapi'
import { errorOf } from './error.ts'

/** The account, and the application as it introduces itself there. */
export interface Client {
  account: URL
  /** The id of a registered application, or the https address of its document. */
  clientId: string
  redirectUri: string
}

/** What came of a consent. */
export interface Tokens {
  accessToken: string
  refreshToken?: string
  /** How long the access token lasts, in seconds. */
  expiresIn: number
}

/** What must be remembered until the browser comes back. */
export interface Begun {
  state: string
  verifier: string
}

/** For how long the account may be silent, in milliseconds; until then all tabs wait. */
const timeout = 30_000

/** The account's OAuth server, as it says of itself. */
export interface Peer extends Client {
  /** Does a step with the server. Rejects with a `SignInError`. */
  with<T>(step: (server: oauth.AuthorizationServer, client: oauth.Client) => Promise<T>): Promise<T>
}

const none = oauth.None()

const optionsFor = ({ account }: Client) => ({
  signal: AbortSignal.timeout(timeout),
  [oauth.allowInsecureRequests]: isThisMachine(account),
})

/** Nothing is asked before the first step; what the server says of itself is asked once. */
export function peerOf(client: Client): Peer {
  const { account, clientId } = client
  let found: Promise<oauth.AuthorizationServer> | undefined

  async function discover(): Promise<oauth.AuthorizationServer> {
    const answer = await oauth.discoveryRequest(account, { algorithm: 'oauth2', ...optionsFor(client) })
    return oauth.processDiscoveryResponse(account, answer)
  }

  return {
    ...client,
    async with(step) {
      found ??= discover()
      try {
        return await step(await found, { client_id: clientId })
      } catch (error) {
        found = undefined
        throw errorOf(account.origin, error)
      }
    },
  }
}

/** Where to send the browser, and what to remember meanwhile. */
export function ask(peer: Peer, scope: string): Promise<Begun & { url: string }> {
  return peer.with(async ({ authorization_endpoint: endpoint }) => {
    const begun = { state: oauth.generateRandomState(), verifier: oauth.generateRandomCodeVerifier() }
    const url = new URL(endpoint!)
    const parameters = {
      response_type: 'code',
      client_id: peer.clientId,
      redirect_uri: peer.redirectUri,
      scope,
      state: begun.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(begun.verifier),
      code_challenge_method: 'S256',
    }
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value)
    return { ...begun, url: url.href }
  })
}

/** Tokens for the code the browser came back with; state and issuer are checked. */
export function exchange(peer: Peer, cameBackTo: URL, { state, verifier }: Begun): Promise<Tokens> {
  return peer.with(async (server, client) => {
    const code = oauth.validateAuthResponse(server, client, cameBackTo, state)
    const { redirectUri } = peer
    const options = optionsFor(peer)
    const answer = await oauth.authorizationCodeGrantRequest(
      server,
      client,
      none,
      code,
      redirectUri,
      verifier,
      options,
    )
    return tokensIn(await oauth.processAuthorizationCodeResponse(server, client, answer))
  })
}

export function renew(peer: Peer, refreshToken: string): Promise<Tokens> {
  return peer.with(async (server, client) => {
    const answer = await oauth.refreshTokenGrantRequest(server, client, none, refreshToken, optionsFor(peer))
    return tokensIn(await oauth.processRefreshTokenResponse(server, client, answer))
  })
}

/** Ends the consent, and every token that came of it. */
export function revoke(peer: Peer, token: string): Promise<void> {
  return peer.with(async (server, client) => {
    const answer = await oauth.revocationRequest(server, client, none, token, optionsFor(peer))
    return oauth.processRevocationResponse(answer)
  })
}

function tokensIn(answer: oauth.TokenEndpointResponse): Tokens {
  return {
    accessToken: answer.access_token,
    ...(answer.refresh_token !== undefined && { refreshToken: answer.refresh_token }),
    expiresIn: answer.expires_in ?? 0,
  }
}

/** Within this machine nobody listens, and there are no certificates. */
function isThisMachine({ hostname }: URL): boolean {
  return /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(hostname)
}
