import type { Application as Definition } from '@hatstand/api/application-definition.ts'
import { asItAsks, disable, type Grant, remove, setUp } from '../actions/applications.ts'
import type { Unit } from '../database/port.ts'
import {
  newRoles,
  rolesOf,
  parseDefinition,
  isMinimal,
  minimalDefinition,
} from '../domain/access/definition.ts'
import type { Role } from '../domain/access/roles.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import {
  type Application,
  findApplication,
  listApplications,
  registerApplication,
} from '../store/access/applications.ts'
import { appendEntry } from '../store/ledger/entries.ts'
import { CommandError, type Tools, withAccount } from './open.ts'

type Options = { account?: string }

/** What the ledger says of an application. */
const about = (application: string, version?: string) => ({ detail: { application, version } })

/** `hatstand application add ID --write NS... --read NS...`: a program of the owner's own, set up at once. */
export async function applicationAdd(
  id: string,
  options: Options & { read?: string[]; write?: string[]; version?: string },
): Promise<void> {
  const roles = [
    ...new Set(options.read).values().map((detail): Role => ({ role: 'namespaceread', detail })),
    ...new Set(options.write).values().map((detail): Role => ({ role: 'namespacewrite', detail })),
  ]
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    let replaced = false
    const terms = (before: Application | undefined): Grant => {
      replaced = before !== undefined
      const version = options.version ?? before?.version ?? '1.0.0'
      const definition = JSON.stringify(minimalDefinition(id, version, roles, sinceWhen(before, now)))
      return { version, roles, definition }
    }
    const { version } = (await setUp(database.of(pda), id, terms, { entry: noted(tools, id), now }))!
    const done = replaced ? 'Replaced all rights of the application' : 'Added the application'
    console.log(`${done} ${id} ${version} in ${domain}: it ${rolesInWords(roles)}.`)
  })
}

/** When a program of the owner's own was first registered. @throws CommandError for an application with a definition from elsewhere */
function sinceWhen(before: Application | undefined, now: number): string {
  if (before === undefined) return new Date(now).toISOString()
  if (isMinimal(before.definition)) return parseDefinition(before.definition).status.versionReleaseDate
  throw new CommandError(
    `The application ${before.id} has a definition from a file or from itself: use --file, or remove it first.`,
  )
}

/** `hatstand application add --file FILE`: registers a definition that was checked, with its exact text; `setUp` also grants what it asks for. */
export async function applicationRegister(
  { value, text }: { value: Definition; text: string },
  options: Options & { setUp?: true },
): Promise<void> {
  const { id, info } = value
  const application = { id, version: info.version, definition: text }
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const entry = entryOfCommand(tools, 'register', about(id, info.version))
    let replaced = false
    let kept: Application | undefined
    if (options.setUp) {
      const terms = async (before: Application | undefined, unit: Unit): Promise<Grant> => {
        replaced = before !== undefined
        await appendEntry(unit, entry)
        return { version: info.version, roles: rolesOf(parseDefinition(text)), definition: text }
      }
      kept = await setUp(database.of(pda), id, terms, { entry: noted(tools, id), now })
    } else
      [replaced, kept] = await database.of(pda).write(async (unit) => {
        const before = await registerApplication(unit, application, now)
        await appendEntry(unit, entry)
        return [before, await findApplication(unit, id)]
      })
    const done = replaced ? 'Gave another definition to' : 'Registered'
    console.log(
      `${done} the application ${id} ${info.version} in ${domain}. ${consequence(kept as Application)}`,
    )
  })
}

function consequence({ id, definition, enabled, roles }: Application): string {
  const command = `hatstand application set-up ${id}`
  if (!enabled) return `It may do nothing until you accept it: when you sign in to it, or with "${command}".`
  const more = newRoles(rolesOf(parseDefinition(definition)), roles)
  const does = `It ${rolesInWords(roles)}.`
  return more.length === 0 ? does : `${does} ${moreInWords(more)} Accept it with "${command}".`
}

/** The entry of the ledger for a set-up by command. */
const noted = (tools: Tools, id: string) => (version: string) =>
  entryOfCommand(tools, 'set_up', about(id, version))

/** `hatstand application set-up ID` */
export async function applicationSetUp(id: string, options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const known = await setUp(database.of(pda), id, asItAsks, { entry: noted(tools, id), now })
    if (known === undefined) throw unknown(domain, id)
    console.log(
      `Set up the application ${id} ${known.version} in ${domain}: it ${rolesInWords(known.roles)}.`,
    )
  })
}

/** `hatstand application disable ID` */
export async function applicationDisable(id: string, options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const entry = entryOfCommand(tools, 'disable', about(id))
    const known = await disable(tools.database.of(pda), id, entry, tools.now)
    if (!known) throw unknown(domain, id)
    console.log(
      `Disabled the application ${id} in ${domain}. Its tokens no longer count; what it wrote stays.`,
    )
  })
}

/** `hatstand application list` */
export async function applicationList(options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const applications = await database.of(pda).read((unit) => listApplications(unit))
    if (applications.length === 0) console.log(`The account ${domain} has no applications.`)
    for (const application of applications) console.log(applicationInWords(application))
  })
}

/** `hatstand application remove ID` */
export async function applicationRemove(id: string, options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const entry = entryOfCommand(tools, 'remove', about(id))
    const removed = await remove(tools.database.of(pda), id, entry, tools.now)
    if (!removed) throw unknown(domain, id)
    console.log(
      `Removed the application ${id} from ${domain}. Its tokens no longer count; what it wrote stays.`,
    )
  })
}

const unknown = (domain: string, id: string) =>
  new CommandError(`The account ${domain} has no application ${id}.`)

/** Roles in words that go on from the application's name: `reads rumpel and writes tracker`. */
function rolesInWords(roles: readonly Role[]): string {
  const named = (wanted: string) => roles.filter(({ role }) => role === wanted).map(({ detail }) => detail)
  const reads = named('namespaceread')
  const writes = named('namespacewrite')
  const others = roles
    .filter(({ role }) => role !== 'namespaceread' && role !== 'namespacewrite')
    .map(({ role, detail }) => `${role} ${detail}`.trim())
  const parts = [
    reads.length > 0 && `reads ${reads.join(', ')}`,
    writes.length > 0 && `writes ${writes.join(', ')}`,
    others.length > 0 && `has ${others.length === 1 ? 'the role' : 'the roles'} ${others.join(', ')}`,
  ]
  return parts.filter(Boolean).join(' and ') || 'may neither read nor write anything'
}

/** An application in a sentence or two, for a list. */
function applicationInWords({ id, version, definition, enabled, setupVersion, roles }: Application): string {
  const asked = rolesOf(parseDefinition(definition))
  if (setupVersion === undefined) return `${id} ${version} is not set up. Set up, it ${rolesInWords(asked)}.`
  if (!enabled) return `${id} ${version} is disabled. Set up again, it ${rolesInWords(asked)}.`
  const more = newRoles(asked, roles)
  const does = `${id} ${version} ${rolesInWords(roles)}.`
  return more.length === 0 ? does : `${does} ${moreInWords(more)}`
}

/** What an application asks for beyond what it was granted. */
function moreInWords(more: readonly Role[]): string {
  return `It asks for more, which it has not got: then it ${rolesInWords(more)}, too.`
}
