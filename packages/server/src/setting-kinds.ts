import { isIP } from 'node:net'

// Each reads one kind of setting, or throws an Error whose message goes on from the setting's name.

export function optional<T>(read: (text: string) => T): (text: string) => T | undefined {
  return (text) => (text === '' ? undefined : read(text))
}

export function present(text: string): string {
  return text
}

export function checked(problem: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const found = problem(text)
    if (found) throw new Error(`is refused: ${found}`)
    return text
  }
}

export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new Error(`must be a whole number from ${least} to ${most}, not "${text}".`)
  }
}

export function oneOf<const Choice extends string>(...choices: Choice[]): (text: string) => Choice {
  return (text) => {
    const choice = choices.find((each) => each === text)
    if (choice === undefined) throw new Error(`must be one of ${choices.join(', ')}, not "${text}".`)
    return choice
  }
}

/** A bare `host[:port]` in lower case: what tokens carry as `iss`. */
export function domainName(text: string): string {
  const lower = text.toLowerCase()
  const name = /^(?:[0-9a-z](?:[0-9a-z._-]*[0-9a-z])?|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/.exec(lower)
  if (name === null || Number(name[1] ?? 0) > 65_535)
    throw new Error(`must be a host name with or without a port, such as "me.example.org", not "${text}".`)
  return lower
}

export function postgresUrl(text: string): string {
  // The address may hold a password, so the complaint does not repeat it.
  if (!/^postgres(ql)?:\/\/./.test(text) || !URL.canParse(text))
    throw new Error('must look like postgres://name:password@host:5432/database.')
  return text
}

export function smtpUrl(text: string): string {
  // It may hold a password, so the complaint does not repeat it.
  if (!/^smtps?:\/\/./.test(text) || !URL.canParse(text) || new URL(text).hostname === '')
    throw new Error('must look like smtps://name:password@mail.example.org:465.')
  return text
}

export function origins(text: string): '*' | string[] {
  const each = list(text)
  if (each.includes('*')) return '*'
  for (const origin of each) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new Error(`must list origins such as "https://app.example.org", and "${origin}" is none.`)
  }
  return each
}

export function proxies(text: string): false | number | string[] {
  if (text === '') return false
  if (/^\d+$/.test(text)) return Number(text)
  const each = list(text)
  for (const proxy of each) {
    const [address = '', bits, ...more] = proxy.split('/')
    const longest = isIP(address) === 6 ? 128 : 32
    const sound =
      isIP(address) > 0 && more.length === 0 && (bits === undefined || wholeNumber(0, longest)(bits) >= 0)
    if (!sound)
      throw new Error(`must list addresses such as "10.0.0.0/8", or be a count, and "${proxy}" is neither.`)
  }
  return each
}

/** Host names or addresses, each with or without a port, in lower case; an IPv6 address in brackets. */
export function hosts(text: string): string[] {
  return list(text.toLowerCase()).map((host) => {
    const [, name = '', port = '1'] = /^(.+?)(?::(\d{1,5}))?$/.exec(host) ?? []
    if (URL.parse(`http://${name}`)?.host !== name || Number(port) < 1 || Number(port) > 65_535)
      throw new Error(`must list hosts such as "nas.home:8443", and "${host}" is none.`)
    return host
  })
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
}
