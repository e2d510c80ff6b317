import type { Role } from '../domain/roles.ts'
import {
  findApplication,
  listApplications,
  registerApplication,
  removeApplication,
  setUpApplication,
} from '../store/applications.ts'
import { CommandError, withAccount } from './account.ts'

type Options = { account?: string }

/** `hatstand application add ID --write NS... --read NS...` */
export async function applicationAdd(
  id: string,
  options: Options & { read?: string[]; write?: string[]; version?: string },
): Promise<void> {
  const roles = [
    ...(options.read ?? []).map((detail): Role => ({ role: 'namespaceread', detail })),
    ...(options.write ?? []).map((detail): Role => ({ role: 'namespacewrite', detail })),
  ]
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    const [replaced, version] = await database.write(pda, async (unit) => {
      const before = await findApplication(unit, pda, id)
      const wanted = options.version ?? before?.version ?? '1.0.0'
      const definition = JSON.stringify({ id, info: { version: wanted } })
      await registerApplication(unit, pda, { id, version: wanted, definition }, now)
      await setUpApplication(unit, pda, { id, version: wanted, roles }, now)
      return [before !== undefined, wanted] as const
    })
    const done = replaced ? 'Replaced all rights of the application' : 'Added the application'
    console.log(`${done} ${id} ${version} in ${domain}: it ${rolesInWords(roles)}.`)
  })
}

/** `hatstand application list` */
export async function applicationList(options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const applications = await database.read((unit) => listApplications(unit, pda))
    if (applications.length === 0) console.log(`The account ${domain} has no applications.`)
    for (const application of applications)
      console.log(`${application.id} ${application.version} ${rolesInWords(application.roles)}.`)
  })
}

/** `hatstand application remove ID` */
export async function applicationRemove(id: string, options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const removed = await database.write(pda, (unit) => removeApplication(unit, pda, id))
    if (!removed) throw new CommandError(`The account ${domain} has no application ${id}.`)
    console.log(
      `Removed the application ${id} from ${domain}. Its tokens no longer count; what it wrote stays.`,
    )
  })
}

function rolesInWords(roles: readonly Role[]): string {
  const named = (wanted: string) => roles.filter(({ role }) => role === wanted).map(({ detail }) => detail)
  const reads = named('namespaceread')
  const writes = named('namespacewrite')
  const parts = [
    reads.length > 0 && `reads ${reads.join(', ')}`,
    writes.length > 0 && `writes ${writes.join(', ')}`,
  ]
  return parts.filter(Boolean).join(' and ') || 'may neither read nor write anything'
}
