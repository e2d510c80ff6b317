import {
  type Application,
  findApplication,
  listApplications,
  putApplication,
  removeApplication,
} from '../store/applications.ts'
import { CommandError, withAccount } from './account.ts'

type Options = { account?: string }

/** `hatstand application add ID --write NS... --read NS...` */
export async function applicationAdd(
  id: string,
  options: Options & { read?: string[]; write?: string[]; version?: string },
): Promise<void> {
  const rights = { id, reads: options.read ?? [], writes: options.write ?? [] }
  await withAccount(options, async ({ pda, domain }, { database, now }) => {
    const [replaced, application] = await database.write(pda, async (unit) => {
      const before = await findApplication(unit, pda, id)
      const wanted = { ...rights, version: options.version ?? before?.version ?? '1.0.0' }
      return [await putApplication(unit, pda, wanted, now), wanted] as const
    })
    const done = replaced ? 'Replaced all rights of the application' : 'Added the application'
    console.log(`${done} ${id} ${application.version} in ${domain}: it ${rightsInWords(application)}.`)
  })
}

/** `hatstand application list` */
export async function applicationList(options: Options): Promise<void> {
  await withAccount(options, async ({ pda, domain }, { database }) => {
    const applications = await database.read((unit) => listApplications(unit, pda))
    if (applications.length === 0) console.log(`The account ${domain} has no applications.`)
    for (const application of applications)
      console.log(`${application.id} ${application.version} ${rightsInWords(application)}.`)
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

function rightsInWords({ reads, writes }: Application): string {
  const parts = [
    reads.length > 0 && `reads ${reads.join(', ')}`,
    writes.length > 0 && `writes ${writes.join(', ')}`,
  ]
  return parts.filter(Boolean).join(' and ') || 'may neither read nor write anything'
}
