import type { Application } from '@hatstand/api/application-definition.ts'
import { stringText } from '@hatstand/api/json.ts'
import { applicationIdProblem } from '../application-id.ts'
import { redirectUriProblem } from '../redirect-uri.ts'
import { isShownName, isShownText } from '../shown-text.ts'
import { applicationDebitId, dataRetrievedProblem } from './application-data.ts'
import { isNamespace } from './endpoint-name.ts'
import { isRole, type Role, type RoleName } from './roles.ts'

/** What a definition gets wrong that its schema cannot say: the member by its path, and what it must be. */
export interface Problem {
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
