import { Command, CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { accessCommands } from '../cli-access.ts'
import { applicationCommands } from '../cli-applications.ts'
import { ledgerCommands } from '../cli-ledger.ts'
import { receiptCommands } from '../cli-receipts.ts'
import { emailProblem, ownerNameProblem } from '../domain/access/credentials.ts'
import { checked, days, domain, recordOrEndpoint, wholeAccount } from './arguments.ts'

const ok = 0
const failed = 1
const wrongUsage = 2

/** The `hatstand` command. What a command needs is loaded when it runs. */
function program(): Command {
  const hatstand = new Command('hatstand')
    .description('A personal data server. Settings are read from the environment: see docs/settings.md.')
    .version(manifest.version, '-V, --version', 'print the version')
    .helpCommand(false)
    // An option belongs to the command it follows: `application add ID --version 1.0.0`.
    .enablePositionalOptions()
  hatstand
    .command('serve')
    .description('start the server; SIGTERM or Ctrl-C ends it')
    .action(async () => (await import('../main.ts')).serve(process.env))
  accountCommands(hatstand)
  applicationCommands(hatstand)
  accessCommands(hatstand)
  ledgerCommands(hatstand)
  receiptCommands(hatstand)
  hatstand
    .command('token <id>')
    .description('print a new access token for an application, or for the owner ("token owner")')
    .option('--days <n>', 'days until it expires', days, 30)
    .option(...wholeAccount)
    .action(async (id, options) => (await import('./access-tokens.ts')).tokenCommand(id, options))
  hatstand
    .command('erase')
    .description(
      'erase a record, or all that is or was kept at an endpoint, for good: with its history and links',
    )
    .argument('<record-or-endpoint>', 'the id of a record, or namespace/endpoint', recordOrEndpoint)
    .option('--yes', 'do not ask')
    .option(...wholeAccount)
    .action(async (target, options) => (await import('./erasure.ts')).erase(target, options))
  return hatstand
}

function accountCommands(hatstand: Command): void {
  const account = hatstand.command('account').description('the personal data accounts kept here')
  account
    .command('add')
    .argument('<domain>', 'its public name: host or host:port', domain)
    .description('add an account')
    .action(async (name) => (await import('./accounts.ts')).accountAdd(name))
  account
    .command('list')
    .description('list the accounts and their owners')
    .action(async () => (await import('./accounts.ts')).accountList())
  const owner = hatstand.command('owner').description('the person whose account it is')
  owner
    .command('set')
    .argument('<name>', 'the name to sign in with', checked(ownerNameProblem))
    .description(
      'set or replace the owner. The password is HATSTAND_OWNER_PASSWORD, or is asked for, or is the first line of standard input',
    )
    .option('--email <address>', 'where the link to a new password goes', checked(emailProblem))
    .option(...wholeAccount)
    .action(async (name, options) => (await import('../commands/owners.ts')).ownerSet(name, options))
  owner
    .command('email')
    .argument('[address]', 'where the link to a new password goes', checked(emailProblem))
    .description('change the e-mail address of the owner; without an address, print it')
    .option('--none', 'forget the address')
    .option(...wholeAccount)
    .action(async (address, options) => (await import('../commands/owners.ts')).ownerEmail(address, options))
  owner
    .command('reset-link')
    .description('print a link by which the owner chooses a new password, once, within 24 hours')
    .option(
      '--second-factors',
      "remove the owner's authenticator program, passkeys and recovery codes as well",
    )
    .option(...wholeAccount)
    .action(async (options) => (await import('../commands/owners.ts')).ownerResetLink(options))
}

/** Runs the command line. Exit codes: 0 done, 1 failed, 2 wrong usage. */
async function run(): Promise<number> {
  const hatstand = program()
  overrideExits(hatstand)
  try {
    await hatstand.parseAsync()
    return ok
  } catch (error) {
    // commander has printed its own already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? ok : wrongUsage
    console.error((error as Error).message)
    return failed
  }
}

function overrideExits(command: Command): void {
  command.exitOverride().showHelpAfterError('(--help explains the command)')
  for (const each of command.commands) overrideExits(each)
}

process.exitCode = await run()
