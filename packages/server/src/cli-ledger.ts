import type { Command } from 'commander'
import { wholeAccount } from './cli/arguments.ts'

/** Commands about the ledger: what happened in an account, and whether anybody changed that. */
export function ledgerCommands(hatstand: Command): void {
  const ledger = hatstand.command('ledger').description('what happened in the account, sealed')
  ledger
    .command('head')
    .description('print the newest seal as one line: keep it elsewhere, to verify with later')
    .option(...wholeAccount)
    .action(async (options) => (await import('./cli/ledger.ts')).ledgerHead(options))
  ledger
    .command('verify')
    .description('verify every entry, seal and signature; name the first that was changed')
    .option('--head <file>', 'a head printed before: shows also whether the end was cut off')
    .option(...wholeAccount)
    .action(async (options) => (await import('./cli/ledger.ts')).ledgerVerify(options))
}
