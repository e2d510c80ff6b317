import { Command, CommanderError } from 'commander'
import manifest from '../../package.json' with { type: 'json' }
import { emailProblem, ownerNameProblem, shownNameProblem } from '../domain/access/credentials.ts'
import { applicationIdProblem, applicationVersionProblem } from '../domain/access/definition.ts'
import {
  checked,
  days,
  domain,
  recordOrEndpoint,
  wholeAccount,
  overlapDays,
  userRole,
  namespaces,
} from './arguments.ts'

const users = () => import('./users.ts')
const commands = () => import('./applications.ts')

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
    .action(async (name, options) => (await import('./accounts.ts')).ownerSet(name, options))
  owner
    .command('email')
    .argument('[address]', 'where the link to a new password goes', checked(emailProblem))
    .description('change the e-mail address of the owner; without an address, print it')
    .option('--none', 'forget the address')
    .option(...wholeAccount)
    .action(async (address, options) => (await import('./accounts.ts')).ownerEmail(address, options))
  owner
    .command('reset-link')
    .description('print a link by which the owner chooses a new password, once, within 24 hours')
    .option(
      '--second-factors',
      "remove the owner's authenticator program, passkeys and recovery codes as well",
    )
    .option(...wholeAccount)
    .action(async (options) => (await import('./accounts.ts')).ownerResetLink(options))
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

/** Commands about who may ask: users, the tokens there are, and the keys that sign them. */
function accessCommands(hatstand: Command): void {
  userCommands(hatstand)
  tokensCommands(hatstand)
  keysCommands(hatstand)
}

function userCommands(hatstand: Command): void {
  const user = hatstand
    .command('user')
    .description('people and programs other than the owner that may sign in')
  user
    .command('add')
    .argument('<name>', 'the name to sign in with', checked(ownerNameProblem))
    .description('add a user. The password is asked for, or is the first line of standard input')
    .option(
      '--role <role...>',
      'its roles: platform, validate, datadebit, datacredit, namespaceread:NAMESPACE, namespacewrite:NAMESPACE',
      userRole,
    )
    .option('--show <name>', 'the name to show (default: the one to sign in with)', checked(shownNameProblem))
    .option(...wholeAccount)
    .action(async (name, options) => (await users()).userAdd(name, options))
  user
    .command('list')
    .description('list the users and their roles')
    .option(...wholeAccount)
    .action(async (options) => (await users()).userList(options))
  user
    .command('password <name>')
    .description(
      'give a user another password: it is signed out at once. It is asked for, or is the first line of standard input',
    )
    .option(...wholeAccount)
    .action(async (name, options) => (await users()).userPassword(name, options))
  user
    .command('remove <name>')
    .description('remove a user: it is signed out at once, what it wrote stays')
    .option(...wholeAccount)
    .action(async (name, options) => (await users()).userRemove(name, options))
  user
    .command('enable <name>')
    .description('let a disabled user sign in again')
    .option(...wholeAccount)
    .action(async (name, options) => (await users()).userEnable(name, true, options))
  user
    .command('disable <name>')
    .description('disable a user: it is signed out at once and cannot sign in again')
    .option(...wholeAccount)
    .action(async (name, options) => (await users()).userEnable(name, false, options))
}

function tokensCommands(hatstand: Command): void {
  const tokens = hatstand.command('tokens').description('the access tokens and sessions that count')
  tokens
    .command('list')
    .description('list them, the youngest first')
    .option(...wholeAccount)
    .action(async (options) => (await import('./access-tokens.ts')).tokensList(options))
  tokens
    .command('revoke [id]')
    .description('end one of them, or many: they stop counting at once')
    .option('--all', 'end all of them')
    .option('--holder <holder>', 'end those of one holder: owner, the id of an application, user:ID')
    .option(...wholeAccount)
    .action(async (id, options) => (await import('./access-tokens.ts')).tokensRevoke(id, options))
}

function keysCommands(hatstand: Command): void {
  const keys = hatstand.command('keys').description('the keys that sign access tokens')
  keys
    .command('list')
    .description('list the keys that count, the one that signs first')
    .option(...wholeAccount)
    .action(async (options) => (await import('./access-tokens.ts')).keysList(options))
  keys
    .command('rotate')
    .description('let a new key sign from now on')
    .option('--overlap <days>', 'how long what the old ones signed still counts', overlapDays, 30)
    .option(...wholeAccount)
    .action(async (options) => (await import('./access-tokens.ts')).keysRotate(options))
}

/** Commands about the programs registered with an account. */
function applicationCommands(hatstand: Command): void {
  const application = hatstand.command('application').description('the programs registered with an account')
  addCommand(application)
  application
    .command('set-up <id>')
    .description('accept an application, or accept it again: it gets what it asks for now')
    .option(...wholeAccount)
    .action(async (id, options) => (await commands()).applicationSetUp(id, options))
  application
    .command('disable <id>')
    .description('take all an application was granted: its tokens stop counting at once')
    .option(...wholeAccount)
    .action(async (id, options) => (await commands()).applicationDisable(id, options))
  application
    .command('list')
    .description('list the applications, what they may do and what they ask for')
    .option(...wholeAccount)
    .action(async (options) => (await commands()).applicationList(options))
  application
    .command('remove <id>')
    .description('remove an application: its tokens stop counting at once, what it wrote stays')
    .option(...wholeAccount)
    .action(async (id, options) => (await commands()).applicationRemove(id, options))
}

interface AddOptions {
  account?: string
  file?: string
  setUp?: true
  read?: string[]
  write?: string[]
  version?: string
}

function addCommand(application: Command): void {
  application
    .command('add')
    .argument('[id]', 'the id of a program of your own', checked(applicationIdProblem))
    .description(
      'register an application: by its definition in a file, or a program of your own by its id, which is set up at once; an id that is registered gets these rights in place of all it had',
    )
    .option('--file <file>', 'the definition of the application, JSON')
    .option('--set-up', 'with --file: accept it at once')
    .option('--read <namespace...>', 'namespaces it may read', namespaces)
    .option('--write <namespace...>', 'namespaces it may write; that does not include reading', namespaces)
    .option(
      '--version <x.y.z>',
      'its version (default: 1.0.0, or the one it has)',
      checked(applicationVersionProblem),
    )
    .option(...wholeAccount)
    .action(async (id: string | undefined, options: AddOptions, command: Command) => {
      const problem = usageProblem(id, options)
      if (problem) command.error(`error: ${problem}`)
      if (options.file === undefined) return (await commands()).applicationAdd(id as string, options)
      const { readDefinitionFile } = await import('./definition-file.ts')
      return (await commands()).applicationRegister(await readDefinitionFile(options.file), options)
    })
}

function usageProblem(id: string | undefined, { file, setUp, ...short }: AddOptions): string | undefined {
  if (file === undefined) {
    if (id === undefined) return 'an id or --file is needed'
    return setUp ? 'a program of your own is set up anyway; --set-up goes with --file' : undefined
  }
  if (id !== undefined) return 'the id is in the file: leave one of them out'
  return short.read || short.write || short.version
    ? 'what the application asks for, and its version, are in the file: leave --read, --write and --version out'
    : undefined
}

/** Commands about the ledger: what happened in an account, and whether anybody changed that. */
function ledgerCommands(hatstand: Command): void {
  const ledger = hatstand.command('ledger').description('what happened in the account, sealed')
  ledger
    .command('head')
    .description('print the newest seal as one line: keep it elsewhere, to verify with later')
    .option(...wholeAccount)
    .action(async (options) => (await import('./ledger.ts')).ledgerHead(options))
  ledger
    .command('verify')
    .description('verify every entry, seal and signature; name the first that was changed')
    .option('--head <file>', 'a head printed before: shows also whether the end was cut off')
    .option(...wholeAccount)
    .action(async (options) => (await import('./ledger.ts')).ledgerVerify(options))
}

/** Commands about consent receipts. */
function receiptCommands(hatstand: Command): void {
  const receipt = hatstand.command('receipt').description('consent receipts, as both sides keep them')
  receipt
    .command('verify')
    .argument('<file>', 'a receipt as it was signed, a compact JWS')
    .requiredOption('--key <pem>', 'the public key of the account: what GET /publickey/ID answered')
    .description('verify a receipt offline, and print what it says; needs no account')
    .action(async (file, options) => (await import('./receipts.ts')).receiptVerify(file, options))
}
