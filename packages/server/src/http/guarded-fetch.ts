import { lookup, type LookupAddress } from 'node:dns'
import { type ClientRequest, type IncomingMessage, request as plainRequest } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import ipaddr from 'ipaddr.js'

/** What may be asked of a foreign server, and what it may take. */
export interface GuardedRequest {
  method?: 'GET' | 'POST'
  headers?: Readonly<Record<string, string>>
  body?: string
  /** The largest answer, in bytes; 65,536 by default. */
  maxBytes?: number
  /** How long all of it may take, from the look-up of the name to the last byte; 5,000 by default. */
  timeoutMs?: number
  /** `HATSTAND_PRIVATE_HOSTS`: hosts that may be private, and be asked without TLS. */
  privateHosts?: readonly string[]
}

export interface GuardedAnswer {
  status: number
  headers: Readonly<Record<string, string>>
  body: Buffer
}

/** A request that was not made, or was given up. Its message is for the log, and names no place. */
export class FetchRefusedError extends Error {}

/**
 * Asks a server elsewhere, for addresses that strangers may choose: it cannot be turned inward. Only https on port 443; every address
 * the name has must be a public one, and one of those is what it connects to; a redirect is an answer like others and never followed.
 * @throws FetchRefusedError
 */
export async function guardedFetch(address: string, asked: GuardedRequest = {}): Promise<GuardedAnswer> {
  const url = URL.parse(address)
  if (url === null) throw new FetchRefusedError('no URL')
  const allowed = isNamed(url, asked.privateHosts ?? [])
  refuseOtherPlaces(url, allowed)
  // One signal for the look-up, the connection and the answer.
  const signal = AbortSignal.timeout(asked.timeoutMs ?? 5000)
  const open = url.protocol === 'https:' ? secureRequest : plainRequest
  const sent = open(url, {
    method: asked.method ?? 'GET',
    headers: { accept: 'application/json', ...asked.headers, 'accept-encoding': 'identity' },
    // A connection of its own: none that another request opened, by another rule, is used again.
    agent: false,
    signal,
    lookup: allowed ? lookup : publicLookup,
  })
  sent.end(asked.body)
  try {
    const answer = await answerTo(sent)
    return { status: answer.statusCode ?? 0, headers: headersOf(answer), body: await bodyOf(answer, asked) }
  } catch (error) {
    if (error instanceof FetchRefusedError) throw error
    const { code = 'it failed' } = error as NodeJS.ErrnoException
    throw new FetchRefusedError(signal.aborted ? 'it took too long' : code, { cause: error })
  } finally {
    sent.destroy()
  }
}

/** Whether an address is one of the public internet: neither of this machine nor of a network around it, in any spelling. */
export function isPublicAddress(address: string): boolean {
  if (!ipaddr.isValid(address)) return false
  const parsed = ipaddr.process(address)
  if (parsed.range() !== 'unicast') return false
  // What is assigned to the public internet; elsewhere stand, among others, IPv4 addresses written as IPv6.
  return parsed.kind() === 'ipv4' || parsed.match(ipaddr.parseCIDR('2000::/3'))
}

/** Whether the operator allowed this host: named alone it stands for its scheme's own port. */
function isNamed(url: URL, privateHosts: readonly string[]): boolean {
  const name = url.hostname.replace(/\.$/, '')
  const own = url.protocol === 'https:' ? '443' : '80'
  return (
    privateHosts.includes(`${name}:${url.port || own}`) || (url.port === '' && privateHosts.includes(name))
  )
}

function refuseOtherPlaces(url: URL, allowed: boolean): void {
  if (url.username !== '' || url.password !== '') throw new FetchRefusedError('a URL with credentials')
  if (url.protocol !== 'https:' && !(allowed && url.protocol === 'http:'))
    throw new FetchRefusedError('not over https')
  if (allowed) return
  if (url.port !== '') throw new FetchRefusedError('a port other than 443')
  // An address is looked up by nobody. The URL parser has written its spellings (0x7f.1, 2130706433) out.
  const literal = url.hostname.replaceAll(/[[\]]/g, '')
  if (isIP(literal) > 0 && !isPublicAddress(literal)) throw new FetchRefusedError('no public address')
}

/** Looks a name up, and gives its addresses only if all are public. What it gives is connected to: nobody asks a second time. */
const publicLookup: LookupFunction = (name, options, callback) => {
  lookup(name, { ...options, all: true }, (error, found: LookupAddress[]) => {
    const [first] = found ?? []
    if (error || first === undefined) {
      callback(error ?? new FetchRefusedError('a name without an address'), '')
      return
    }
    if (!found.every(({ address }) => isPublicAddress(address))) {
      callback(new FetchRefusedError('a name of an address that is not public'), '')
      return
    }
    if (options.all) callback(null, found)
    else callback(null, first.address, first.family)
  })
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve)
    // Stays to the end: what happens to the connection later has its reader in the answer's body.
    sent.on('error', reject)
    sent.once('upgrade', () => reject(new FetchRefusedError('an answer that is no HTTP')))
  })
}

async function bodyOf(answer: IncomingMessage, { maxBytes = 65_536 }: GuardedRequest): Promise<Buffer> {
  if ((answer.headers['content-encoding'] ?? 'identity') !== 'identity')
    throw new FetchRefusedError('a compressed answer, which was not asked for')
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > maxBytes) throw new FetchRefusedError(`an answer of more than ${maxBytes} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts)
}

function headersOf(answer: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(answer.headersDistinct).map(([name, values]) => [name, (values ?? []).join(', ')]),
  )
}
