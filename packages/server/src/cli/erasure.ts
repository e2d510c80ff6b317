import { isEndpoint } from '@hatstand/api/endpoint-name.ts'
import { entryOfCommand } from '../ledger/entries.ts'
import { eraseEndpoint, eraseRecords } from '../store/records/erase.ts'
import { isAgreed, CommandError, withAccount } from './open.ts'

/** `hatstand erase RECORD-OR-ENDPOINT` */
export async function erase(target: string, options: { account?: string; yes?: true }): Promise<void> {
  await withAccount(options, async ({ pda, domain }, tools) => {
    const { database, now } = tools
    const whole = isEndpoint(target)
    const what = whole ? `all that is or was kept at ${target}` : `the record ${target}`
    if (!options.yes && !(await isAgreed(`Erase ${what} of ${domain} for good, with its history and links?`)))
      throw new CommandError('Nothing was erased: say yes, or use --yes.')
    const entry = entryOfCommand(tools, 'erase')
    const erased = await (whole
      ? eraseEndpoint(database.of(pda), target, now, entry)
      : eraseRecords(database.of(pda), [target.toLowerCase()], now, entry))
    if (erased === undefined)
      throw new CommandError(`The account ${domain} has no record ${target}; nothing was erased.`)
    console.log(`Erased ${erased === 1 ? '1 record' : `${erased} records`} of ${domain} for good.`)
  })
}
