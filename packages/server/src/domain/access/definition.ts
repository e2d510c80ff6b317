import type { Application } from '@hatstand/api/application-definition.ts'
import { isNamespace } from '@hatstand/api/endpoint-name.ts'
import { stringText } from '@hatstand/api/json.ts'
import { applicationDebitId, dataRetrievedProblem } from './application-data.ts'
import { ownerHolder } from './rights.ts'
import { isRole, type Role, type RoleName } from './roles.ts'

/** What a definition gets wrong that its schema cannot say: the member by its path, and what it must be. */
interface Problem {
  path: (string | number)[]
  /** The end of a sentence that begins with the member: `must be ...`. */
  mustBe: string
}

/** A definition as it is kept: its text was checked when it was registered. */
export const parseDefinition = (text: string) => JSON.parse(text) as Application

/** Roles of people and services: an application never has them. */
const neverGranted: readonly string[] = ['platform', 'validate']

/**
 * The first thing that is wrong with a definition whose form is right (`Application` of the api); undefined when it will do.
 */
export function definitionProblem(definition: Application): Problem | undefined {
  return (
    idProblem(definition.id) ??
    nameProblem(definition) ??
    textProblem(definition) ??
    statusProblem(definition) ??
    setupProblem(definition) ??
    rolesProblem(definition.permissions.rolesGranted) ??
    problem(dataRetrievedProblem(definition), 'permissions', 'dataRetrieved', 'bundle') ??
    addressProblem(definition)
  )
}

function problem(mustBe: string | undefined, ...path: (string | number)[]): Problem | undefined {
  return mustBe === undefined ? undefined : { path, mustBe }
}

function idProblem(id: string): Problem | undefined {
  if (isClientAddress(id)) return undefined
  if (applicationIdProblem(id) === undefined) return undefined
  return problem(
    'an https address, or 1 to 64 letters, digits and . _ - that begin with a letter or a digit and are neither "owner" nor "hmi"',
    'id',
  )
}

/** Whether an id is the https address that an OAuth client has as its id. */
export function isClientAddress(id: string): boolean {
  return /^https:\/\/[^/]/.test(id) && id.length <= 500 && redirectUriProblem(id) === undefined
}

/** Names stand in what the owner decides by: they must not reorder or hide what stands around them. */
function nameProblem({ info, developer }: Application): Problem | undefined {
  const mustBe = 'a name, without control characters'
  if (!isShownName(info.name)) return problem(mustBe, 'info', 'name')
  if (developer.name !== '' && !isShownName(developer.name)) return problem(mustBe, 'developer', 'name')
  return undefined
}

/** Members that are kept and shown to nobody; a bundle says what it asks for in its own form. */
const notShown: readonly string[] = ['dataPreview', 'preferences', 'bundle', 'conditions']

/** The first text in a definition that could deceive who reads it, wherever it stands. */
function textProblem(value: unknown, ...path: (string | number)[]): Problem | undefined {
  if (typeof value === 'string')
    return isShownText(value)
      ? undefined
      : problem('a text without control characters and without ones that turn the writing round', ...path)
  if (typeof value !== 'object' || value === null) return undefined
  for (const [key, member] of Object.entries(value)) {
    const inside = [...path, Array.isArray(value) ? Number(key) : key]
    const found = notShown.includes(key) ? undefined : textProblem(member, ...inside)
    if (found) return found
  }
  return undefined
}

function statusProblem({ info, status }: Application): Problem | undefined {
  if (compareVersions(status.compatibility, info.version) > 0)
    return problem(`no later than info.version, ${info.version}`, 'status', 'compatibility')
  if (Number.isNaN(Date.parse(status.versionReleaseDate)))
    return problem('a date (ISO 8601)', 'status', 'versionReleaseDate')
  if (status.kind === 'Internal') return undefined
  if (status.statusUrl === undefined) return problem('there with an external status', 'status', 'statusUrl')
  if (status.expectedStatus === undefined)
    return problem('there with an external status', 'status', 'expectedStatus')
  return undefined
}

function setupProblem({ setup }: Application): Problem | undefined {
  const { validRedirectUris: uris } = setup
  if (uris === undefined)
    return setup.kind === 'External'
      ? problem('there with an external set-up', 'setup', 'validRedirectUris')
      : undefined
  for (const [index, uri] of uris.entries()) {
    const mustBe = uris.indexOf(uri) < index ? 'there once' : redirectUriProblem(uri)
    if (mustBe !== undefined) return problem(mustBe, 'setup', 'validRedirectUris', index)
  }
  return undefined
}

function rolesProblem(roles: Application['permissions']['rolesGranted']): Problem | undefined {
  const seen = new Set<string>()
  for (const [index, { role, detail = '' }] of roles.entries()) {
    const path = ['permissions', 'rolesGranted', index] as const
    if (!isRole(role, '') && !isRole(role, 'x'))
      return problem(`a role there is: ${stringText(role)} is none`, ...path, 'role')
    if (neverGranted.includes(role))
      return problem(`a role of applications: ${role} is none`, ...path, 'role')
    const mustBe = detailProblem(role, detail)
    if (mustBe !== undefined) return problem(mustBe, ...path, 'detail')
    if (seen.has(`${role} ${detail}`)) return problem('there once', ...path)
    seen.add(`${role} ${detail}`)
  }
  return undefined
}

function detailProblem(role: string, detail: string): string | undefined {
  if (!isRole(role, detail))
    return detail === '' ? `there for the role ${role}` : `left out for the role ${role}`
  if (role === 'namespaceread' || role === 'namespacewrite')
    return isNamespace(detail) && detail.length <= 200
      ? undefined
      : 'a namespace: lower-case letters, digits and hyphens'
  if (role === 'datadebit' || role === 'datacredit')
    return /^[0-9A-Za-z-]{0,200}$/.test(detail) ? undefined : 'letters, digits and hyphens'
  return /[\p{Cc}\p{Cf}\s]/u.test(detail) ? 'without spaces and control characters' : undefined
}

const pageProblem = (url: string) =>
  /^https?:\/\/[^/]/i.test(url) && URL.canParse(url) ? undefined : 'not a page'

/** What people follow from a page leads to a page, or into an application. */
function addressProblem({ kind, info, developer, setup }: Application): Problem | undefined {
  const pages: Record<string, string | undefined> = {
    'kind.url': kind.url,
    'info.termsUrl': info.termsUrl,
    'info.privacyPolicyUrl': info.privacyPolicyUrl,
    'info.url': info.url,
    'developer.url': developer.url,
    'setup.url': setup.url,
  }
  const openings: Record<string, string | undefined> = {
    'kind.iosUrl': kind.iosUrl,
    'kind.androidUrl': kind.androidUrl,
    'setup.iosUrl': setup.iosUrl,
    'setup.androidUrl': setup.androidUrl,
    'setup.testingUrl': setup.testingUrl,
  }
  return (
    firstWrong(pages, pageProblem, 'an https or http address, or empty') ??
    firstWrong(openings, redirectUriProblem, 'the address of a page or an application, or empty')
  )
}

function firstWrong(
  urls: Record<string, string | undefined>,
  check: (url: string) => string | undefined,
  mustBe: string,
): Problem | undefined {
  const wrong = Object.entries(urls).find(([, url = '']) => url !== '' && check(url) !== undefined)
  return wrong && problem(mustBe, ...wrong[0].split('.'))
}

/** The roles a definition asks for; one that wants to be handed data, that for its data debit too. */
export function rolesOf({ id, permissions }: Application): Role[] {
  const named = permissions.rolesGranted.map(({ role, detail = '' }) => ({ role: role as RoleName, detail }))
  if (permissions.dataRetrieved === undefined) return named
  const own: Role = { role: 'datadebit', detail: applicationDebitId(id) }
  return [...named.filter(({ role, detail }) => role !== own.role || detail !== own.detail), own]
}

/** Those of the roles a definition asks for that were not granted: for each of them the owner has to be asked. */
export function newRoles(asked: readonly Role[], granted: readonly Role[]): Role[] {
  return asked.filter(
    ({ role, detail }) => !granted.some((one) => one.role === role && one.detail === detail),
  )
}

/** Whether a definition asks for more than was granted. */
export const asksForMore = (asked: readonly Role[], granted: readonly Role[]): boolean =>
  newRoles(asked, granted).length > 0

/** How versions (`1.2.0`) compare: negative, 0 or positive. */
export function compareVersions(one: string, other: string): number {
  const [mine, theirs] = [one, other].map((version) => version.split('.').map(Number))
  return mine!.map((number, index) => number - theirs![index]!).find((step) => step !== 0) ?? 0
}

/** What is wrong with the id of a new application, as a sentence; undefined when it will do. */
export function applicationIdProblem(id: string): string | undefined {
  if (id === ownerHolder) return `The id "${ownerHolder}" is taken: records the owner writes carry it.`
  if (id === 'hmi') return 'The id "hmi" is taken: it is part of an address.'
  if (/^[0-9A-Za-z][0-9A-Za-z._-]{0,63}$/.test(id)) return undefined
  return 'The id of an application is 1 to 64 letters, digits and . _ - and begins with a letter or a digit.'
}

/** What is wrong with the version of an application, as a sentence; undefined when it will do. */
export function applicationVersionProblem(version: string): string | undefined {
  return /^\d{1,9}\.\d{1,9}\.\d{1,9}$/.test(version)
    ? undefined
    : 'A version is three numbers, such as 1.0.0.'
}

/** A grey square: official dashboards hide what has no logo, or fail. */
export const noLogo =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='64' height='64'%3E%3Crect width='64' height='64' rx='8' fill='%23777'/%3E%3C/svg%3E"

/**
 * The definition of a program of the owner's own, of which no more is known than its roles: with everything that clients of the
 * HAT API take for granted, and not published.
 * @param since when it was first registered, ISO 8601
 */
export function minimalDefinition(
  id: string,
  version: string,
  roles: readonly Role[],
  since: string,
): Application {
  return {
    id,
    kind: { kind: 'App', url: '' },
    info: {
      version,
      published: false,
      name: id,
      headline: 'A program of your own',
      description: { text: 'Registered by the command line, without a description.' },
      termsUrl: '',
      dataUsePurpose: 'Not described.',
      supportContact: '',
      rating: { score: '', points: 0 },
      dataPreview: [],
      graphics: { banner: { normal: '' }, logo: { normal: noLogo }, screenshots: [] },
    },
    developer: { id: 'owner', name: '', url: '' },
    permissions: {
      rolesGranted: roles.map(({ role, detail }) => (detail === '' ? { role } : { role, detail })),
    },
    setup: { kind: 'External', validRedirectUris: [] },
    status: { kind: 'Internal', compatibility: version, versionReleaseDate: since },
  }
}

/** Whether a definition, as it was registered, is one that `minimalDefinition` made. */
export function isMinimal(text: string): boolean {
  const { id, info, permissions, status } = JSON.parse(text) as Application
  const roles = permissions.rolesGranted.map(({ role, detail = '' }) => ({ role, detail }) as Role)
  return text === JSON.stringify(minimalDefinition(id, info.version, roles, status.versionReleaseDate))
}

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

/**
 * Whether a text may stand as a name in what people decide by: something shows of it, and it neither hides anything nor reorders what
 * stands around it. Joiners are letters' own business in many languages.
 */
export const isShownName = (text: string): boolean =>
  /\S/.test(text) && !/(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text)

/**
 * Whether a longer text may be shown to people: without control characters but line breaks and tabs, and without those that turn
 * the direction of writing round (U+202A to U+202E, U+2066 to U+2069). The marks that right-to-left writing needs (U+200E, U+200F)
 * are no such ones: pages isolate every text from outside.
 */
const isShownText = (text: string): boolean => !/(?![\t\n\r])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u.test(text)
