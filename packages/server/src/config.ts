import { isIP } from 'node:net'
import { emailProblem, ownerNameProblem, passwordLengthProblem } from './domain/access/credentials.ts'

type Environment = Readonly<Record<string, string | undefined>>
type Setting<T> = { name: string; default: string; kind: string; does: string; read: (text: string) => T }

/** Every setting there is, and the only place that names them. `docs/settings.md` is compared with it by a test. */
export const settings = {
  port: {
    name: 'PORT',
    default: '8080',
    kind: 'number',
    does: 'The TCP port to listen on. 0 lets the system choose a free one.',
    read: wholeNumber(0, 65_535),
  },
  host: {
    name: 'HATSTAND_HOST',
    default: '127.0.0.1',
    kind: 'address',
    does: 'The address to listen on. `0.0.0.0` or `::` listens on every network of the machine.',
    read: present,
  },
  domain: {
    name: 'HATSTAND_DOMAIN',
    default: 'localhost:PORT',
    kind: 'host[:port]',
    does: "The first account's public name, without `https://`. Tokens carry it as their issuer, and clients find the account by it.",
    read: optional(domainName),
  },
  scheme: {
    name: 'HATSTAND_SCHEME',
    default: '',
    kind: 'http or https',
    does: "How browsers reach the account's domain. Empty means `https` for a domain without a port, `http` for one with a port.",
    read: optional(oneOf('http', 'https')),
  },
  dataDir: {
    name: 'HATSTAND_DATA_DIR',
    default: './data',
    kind: 'folder',
    does: 'Where SQLite keeps its files and large requests wait on disk. Made when it is missing, closed to other users.',
    read: present,
  },
  databaseUrl: {
    name: 'DATABASE_URL',
    default: '',
    kind: 'postgres:// URL',
    does: 'Keeps the data in this PostgreSQL database instead of SQLite.',
    read: optional(postgresUrl),
  },
  owner: {
    name: 'HATSTAND_OWNER',
    default: '',
    kind: 'name',
    does: 'Sets the owner up at the first start, together with `HATSTAND_OWNER_PASSWORD`. Later starts never overwrite an owner.',
    read: optional(checked(ownerNameProblem)),
  },
  ownerPassword: {
    name: 'HATSTAND_OWNER_PASSWORD',
    default: '',
    kind: 'password',
    does: 'The password that goes with `HATSTAND_OWNER`; `hatstand owner set` takes it too. At least 10 characters, not easily guessed.',
    read: optional(checked(passwordLengthProblem)),
  },
  ownerEmail: {
    name: 'HATSTAND_OWNER_EMAIL',
    default: '',
    kind: 'e-mail address',
    does: "The new owner's e-mail address, together with `HATSTAND_OWNER`: where the link to a new password goes.",
    read: optional(checked(emailProblem)),
  },
  headerLogin: {
    name: 'HATSTAND_HEADER_LOGIN',
    default: 'on',
    kind: 'on or off',
    does: 'Whether programs may sign the owner in by name and password in headers (`GET /users/access_token`). Off, they are answered 403 `header_login_off`.',
    read: oneOf('on', 'off'),
  },
  smtpUrl: {
    name: 'HATSTAND_SMTP_URL',
    default: '',
    kind: 'smtp:// or smtps:// URL',
    does: 'Sends mail by this server, such as `smtps://name:password@mail.example.org`. With a name, mail goes encrypted or not at all, unless the server is this machine. Needs `HATSTAND_MAIL_FROM`.',
    read: optional(smtpUrl),
  },
  mailFrom: {
    name: 'HATSTAND_MAIL_FROM',
    default: '',
    kind: 'e-mail address',
    does: 'Whom mail is from.',
    read: optional(checked(emailProblem)),
  },
  maxBodyBytes: {
    name: 'HATSTAND_MAX_BODY_BYTES',
    default: '134217728',
    kind: 'bytes',
    does: 'The largest request body. Larger ones are answered 413 `body_too_large`.',
    read: wholeNumber(1024, 2 ** 40),
  },
  maxRecordBytes: {
    name: 'HATSTAND_MAX_RECORD_BYTES',
    default: '16777216',
    kind: 'bytes',
    does: "The largest single record's data. Larger ones are answered 413 `record_too_large`.",
    read: wholeNumber(1024, 256 * 2 ** 20),
  },
  maxRecords: {
    name: 'HATSTAND_MAX_RECORDS',
    default: '1000000',
    kind: 'number',
    does: 'The most records in one request. More are answered 413 `too_many_records`.',
    read: wholeNumber(1, 100_000_000),
  },
  maxDepth: {
    name: 'HATSTAND_MAX_DEPTH',
    default: '512',
    kind: 'number',
    does: 'How deep arrays and objects may nest. Deeper JSON is answered 400 `too_deep`.',
    // SQLite's own JSON functions end at 1000, and links in links fill the stack at some 900 (measured).
    read: wholeNumber(1, 750),
  },
  logLevel: {
    name: 'HATSTAND_LOG_LEVEL',
    default: 'info',
    kind: 'fatal, error, warn, info, debug, trace or silent',
    does: 'What the log on standard output contains. From `debug` on it has a line for each request. It never contains data, tokens or passwords.',
    read: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
  },
  corsOrigins: {
    name: 'HATSTAND_CORS_ORIGINS',
    default: '*',
    kind: 'origins, comma separated',
    does: 'Web origins whose pages may call the API from a browser, such as `https://app.example.org`. `*` allows all.',
    read: origins,
  },
  trustProxy: {
    name: 'HATSTAND_TRUST_PROXY',
    default: '',
    kind: 'addresses or CIDRs, comma separated, or a count',
    does: 'The reverse proxies whose `X-Forwarded-*` headers are believed: their addresses, or how many stand in front. Empty believes none.',
    read: proxies,
  },
  privateHosts: {
    name: 'HATSTAND_PRIVATE_HOSTS',
    default: '',
    kind: 'host[:port], comma separated',
    does: 'Hosts that the server may ask although they are in a private network, and without TLS. It asks for the documents of applications that introduce themselves by URL, and tells requesters what was decided on their data debits; all others must be public.',
    read: hosts,
  },
  historyDays: {
    name: 'HATSTAND_HISTORY_DAYS',
    default: '',
    kind: 'days',
    does: 'How long versions that were updated or deleted are kept. Empty keeps them for ever.',
    read: optional(wholeNumber(0, 100_000)),
  },
  historyVersions: {
    name: 'HATSTAND_HISTORY_VERSIONS',
    default: '100',
    kind: 'number',
    does: 'How many replaced versions of one record are kept.',
    read: wholeNumber(0, 1_000_000),
  },
  ledger: {
    name: 'HATSTAND_LEDGER',
    default: 'on',
    kind: 'on or off',
    does: 'Whether the ledger is kept: an entry for every write, read, sign-in, consent and refusal. Off, nothing is added to it; for hosts that must not keep one.',
    read: oneOf('on', 'off'),
  },
  metricsToken: {
    name: 'HATSTAND_METRICS_TOKEN',
    default: '',
    kind: 'secret',
    does: 'Lets other machines read `/metrics` by `Authorization: Bearer`. Without it only the machine itself may, under `localhost` or `HATSTAND_DOMAIN`.',
    read: optional(present),
  },
  orderPaths: {
    name: 'HATSTAND_ORDER_PATHS',
    default: '8',
    kind: 'number',
    does: 'How many ordered-by paths of one endpoint are kept indexed; the least recently used is dropped.',
    read: wholeNumber(1, 1000),
  },
} satisfies Record<string, Setting<unknown>>

type Settings = typeof settings
type Read = { readonly [Key in keyof Settings]: ReturnType<Settings[Key]['read']> }

/** The environment, read once. Optional settings are undefined when empty; `domain` is always there. */
export type Config = Readonly<Omit<Read, 'domain'> & { domain: string }>

/**
 * Reads and checks all settings of the environment.
 * @returns one frozen value
 * @throws one Error whose message has a sentence for each bad setting
 */
export function readConfig(env: Environment): Config {
  const problems: string[] = []
  const values: Record<string, unknown> = {}
  for (const [key, setting] of Object.entries(settings) as [string, Setting<unknown>][]) {
    const fallback = key === 'domain' ? '' : setting.default
    try {
      const text = env[setting.name] ?? ''
      // A password is what was typed, spaces at its ends included.
      values[key] = setting.read((key === 'ownerPassword' ? text : text.trim()) || fallback)
    } catch (error) {
      problems.push(`${setting.name} ${(error as Error).message}`)
    }
  }
  if (values['owner'] && !env['HATSTAND_OWNER_PASSWORD'])
    problems.push('HATSTAND_OWNER needs HATSTAND_OWNER_PASSWORD beside it.')
  if (values['smtpUrl'] && !values['mailFrom'])
    problems.push('HATSTAND_SMTP_URL needs HATSTAND_MAIL_FROM beside it.')
  if (problems.length > 0) throw new Error(problems.join('\n'))
  values['domain'] ??= `localhost:${String(values['port'])}`
  return Object.freeze(values) as Config
}

/** Names that begin with HATSTAND_ and mean nothing: most often a slip of the pen worth a warning. */
export function unknownSettings(env: Environment): string[] {
  const known = new Set<string>(Object.values(settings).map((setting) => setting.name))
  return Object.keys(env).filter((name) => name.startsWith('HATSTAND_') && !known.has(name))
}

// Each reads one kind of setting, or throws an Error whose message goes on from the setting's name.

function optional<T>(read: (text: string) => T): (text: string) => T | undefined {
  return (text) => (text === '' ? undefined : read(text))
}

function present(text: string): string {
  return text
}

function checked(problem: (text: string) => string | undefined): (text: string) => string {
  return (text) => {
    const found = problem(text)
    if (found) throw new Error(`is refused: ${found}`)
    return text
  }
}

function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (/^\d+$/.test(text) && value >= least && value <= most) return value
    throw new Error(`must be a whole number from ${least} to ${most}, not "${text}".`)
  }
}

function oneOf<const Choice extends string>(...choices: Choice[]): (text: string) => Choice {
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

function postgresUrl(text: string): string {
  // The address may hold a password, so the complaint does not repeat it.
  if (!/^postgres(ql)?:\/\/./.test(text) || !URL.canParse(text))
    throw new Error('must look like postgres://name:password@host:5432/database.')
  return text
}

function smtpUrl(text: string): string {
  // It may hold a password, so the complaint does not repeat it.
  if (!/^smtps?:\/\/./.test(text) || !URL.canParse(text) || new URL(text).hostname === '')
    throw new Error('must look like smtps://name:password@mail.example.org:465.')
  return text
}

function origins(text: string): '*' | string[] {
  const each = list(text)
  if (each.includes('*')) return '*'
  for (const origin of each) {
    if (!URL.canParse(origin) || new URL(origin).origin !== origin)
      throw new Error(`must list origins such as "https://app.example.org", and "${origin}" is none.`)
  }
  return each
}

function proxies(text: string): false | number | string[] {
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
function hosts(text: string): string[] {
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

/**
 * Where browsers find an account: `https://alice.example.org`, `http://localhost:8080`. HATSTAND_SCHEME says how; left open, a
 * domain with a port is spoken to by HTTP, one without stands behind something that speaks HTTPS.
 */
export function originOf(domain: string, { scheme, port }: Pick<Config, 'scheme' | 'port'>): string {
  const guess = domain.includes(':') || port === 80 ? 'http' : 'https'
  return `${scheme ?? guess}://${domain}`
}
