import type { Command } from 'commander'
import { checked, namespaces, wholeAccount } from './cli/arguments.ts'
import { applicationIdProblem, applicationVersionProblem } from './domain/application-id.ts'

const commands = () => import('./cli/applications.ts')

/** Commands about the programs registered with an account. */
export function applicationCommands(hatstand: Command): void {
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
      const { readDefinitionFile } = await import('./cli/definition-file.ts')
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
