/** Schemes that a browser runs, reads or shows by itself: an address with one is not an application's. */
const refusedSchemes = [
  'about:',
  'blob:',
  'chrome:',
  'data:',
  'file:',
  'filesystem:',
  'ftp:',
  'javascript:',
  'mailto:',
  'tel:',
  'vbscript:',
  'view-source:',
  'ws:',
  'wss:',
]

const longest = 2000

/**
 * What is wrong with an address the owner is sent back to, as the end of a sentence (`must be ...`); undefined when it will do.
 * https and an application's own scheme (RFC 8252, section 7.1) will, and http: who registers it is the owner, who may well run
 * the application at home. A fragment will not (RFC 6749, section 3.1.2), nor what is compared to the letter but read otherwise.
 */
export function redirectUriProblem(uri: string): string | undefined {
  if (uri.length > longest) return `at most ${longest} characters long`
  if (!/^[\x21-\x7e]+$/.test(uri)) return 'an address in ASCII, without spaces, percent-encoded where needed'
  const scheme = /^[a-z][a-z0-9+.-]*:/i.exec(uri)?.[0].toLowerCase()
  if (scheme === undefined || !URL.canParse(uri)) return 'a whole address, with its scheme'
  if (refusedSchemes.includes(scheme)) return `an address of an application: ${scheme} is not`
  if (uri.includes('#')) return 'an address without a fragment'
  return scheme === 'http:' || scheme === 'https:' ? webProblem(uri) : undefined
}

function webProblem(uri: string): string | undefined {
  const { username, password, hostname } = new URL(uri)
  if (!/^https?:\/\/[^/\\]/i.test(uri)) return 'a whole address, with its host'
  if (username !== '' || password !== '') return 'an address without a name and password'
  if (hostname.includes('*')) return 'one address to the letter: a * stands for nothing'
  // URLs allow more in a host than any host has: a `;` would end what the consent page's policy says, a `\` is read as two things.
  return isHostName(hostname) && !uri.includes('\\')
    ? undefined
    : 'an address with a host of letters, digits and hyphens'
}

/** Whether it is a name of letters, digits, points, hyphens and underlines, or an IPv6 address. */
export function isHostName(hostname: string): boolean {
  return /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])$/i.test(hostname)
}
