import type { Command } from 'commander'
import { checked, overlapDays, userRole, wholeAccount } from './cli/arguments.ts'
import { ownerNameProblem, shownNameProblem } from './domain/access/credentials.ts'

/** Commands about who may ask: users, the tokens there are, and the keys that sign them. */
export function accessCommands(hatstand: Command): void {
  userCommands(hatstand)
  tokensCommands(hatstand)
  keysCommands(hatstand)
}

const users = () => import('./cli/users.ts')

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
    .action(async (options) => (await import('./commands/issued-tokens.ts')).tokensList(options))
  tokens
    .command('revoke [id]')
    .description('end one of them, or many: they stop counting at once')
    .option('--all', 'end all of them')
    .option('--holder <holder>', 'end those of one holder: owner, the id of an application, user:ID')
    .option(...wholeAccount)
    .action(async (id, options) => (await import('./commands/issued-tokens.ts')).tokensRevoke(id, options))
}

function keysCommands(hatstand: Command): void {
  const keys = hatstand.command('keys').description('the keys that sign access tokens')
  keys
    .command('list')
    .description('list the keys that count, the one that signs first')
    .option(...wholeAccount)
    .action(async (options) => (await import('./commands/keys.ts')).keysList(options))
  keys
    .command('rotate')
    .description('let a new key sign from now on')
    .option('--overlap <days>', 'how long what the old ones signed still counts', overlapDays, 30)
    .option(...wholeAccount)
    .action(async (options) => (await import('./commands/keys.ts')).keysRotate(options))
}
