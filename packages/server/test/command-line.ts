import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after } from 'node:test'

const cli = join(import.meta.dirname, '../src/cli/cli.ts')
export const password = 'correct horse battery'

const children: ChildProcess[] = []
// None is left behind when a test fails.
after(() => children.forEach((child) => child.kill('SIGKILL')))

/** The command line on a folder of its own. */
export function at(dataDir: string, settings: Record<string, string> = {}) {
  const { PATH, NODE_COMPILE_CACHE } = process.env
  const kept = { PATH, ...(NODE_COMPILE_CACHE !== undefined && { NODE_COMPILE_CACHE }) }
  const env = { ...kept, HATSTAND_DATA_DIR: dataDir, PORT: '0', ...settings }
  function start(...words: string[]) {
    const child = spawn(process.execPath, [cli, ...words], { env, stdio: 'pipe' })
    children.push(child)
    return child
  }
  async function run(...words: string[]) {
    const child = start(...words)
    child.stdin.end(`${password}\n`)
    return outcome(child)
  }
  return { start, run }
}

type Child = ReturnType<ReturnType<typeof at>['start']>

async function outcome(child: Child) {
  const [said, complaint, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null]>,
  ])
  return { said: said.trim(), complaint: complaint.trim(), code }
}

/** A server that listens; `url` is where, `output` what it printed so far. */
export async function serving(child: Child) {
  let output = ''
  child.stdout.setEncoding('utf8')
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    output += String(chunk)
    const url = /hatstand listens on (\S+)\n/.exec(output)?.[1]
    if (url) return { url, output }
  }
  throw new Error(`the server ended: ${output}${await text(child.stderr)}`)
}

export async function ends(child: Child, signal: NodeJS.Signals): Promise<number | null> {
  child.stdout.resume()
  child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number | null]
  return code
}
