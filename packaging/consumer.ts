import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdir, readFile, readlink, realpath, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { createInterface } from 'node:readline/promises'

export const root = join(import.meta.dirname, '..')
/** What answers later than this never will. */
const patience = 60_000

export interface Ended {
  code: number | null
  output: string
}

const ours =
  /^(npm_(lifecycle|package|config_\w*prefix)|HATSTAND_|NODE_(?!EXTRA_CA_CERTS)|PORT$|DATABASE_URL$)/

/** Somebody's shell: nothing of the `npm run` that started the tests, and this Node first. */
function environment(node: string, more: Record<string, string> = {}): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !ours.test(name))
  const path = [dirname(node), process.env['PATH']].join(delimiter)
  return { ...Object.fromEntries(own), PATH: path, NO_COLOR: '1', ...more }
}

/** Runs a JavaScript program to its end. */
export async function run(
  node: string,
  words: string[],
  cwd: string,
  more?: Record<string, string>,
): Promise<Ended> {
  const child = spawn(node, words, { cwd, env: environment(node, more), timeout: 10 * patience })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += String(text)))
  const code = await new Promise<number | null>((resolve, reject) =>
    child.on('error', reject).on('close', resolve),
  )
  return { code, output }
}

/** As `run`, for what must succeed. @returns what it printed */
export async function done(...[node, words, ...rest]: Parameters<typeof run>): Promise<string> {
  const { code, output } = await run(node, words, ...rest)
  assert.equal(code, 0, `${words.join(' ')}\n${output}`)
  return output
}

/** npm, run by a Node of choice. What `npm ci` fetched is not fetched again. */
export function npm(node: string, words: string[], cwd: string): Promise<string> {
  const program = process.env['npm_execpath']
  assert.ok(program, 'Start this by npm: npm run test:pack')
  return done(node, [program, ...words, '--prefer-offline', '--no-audit', '--no-fund'], cwd)
}

/** Installs into an empty folder. */
export async function install(node: string, folder: string, ...words: string[]): Promise<string> {
  await write(folder, { 'package.json': '{"type": "module"}' })
  return npm(node, ['install', ...words], folder)
}

/** Installs a Node from its package. @returns the path of the program */
export async function installNode(folder: string, version: string): Promise<string> {
  const name = `node-linux-${process.arch}`
  await install(process.execPath, folder, `${name}@${version}`)
  return join(folder, 'node_modules', name, 'bin/node')
}

export async function write(folder: string, files: Record<string, string>): Promise<void> {
  await mkdir(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
}

export interface Served {
  url: string
  /** The path of the Node that runs the server, which need not be the one that was started. */
  node: string
  end: () => Promise<Ended>
}

/** `hatstand serve` on a free port. @param data the folder for its data, one for each server */
export async function serve(
  node: string,
  bin: string,
  data: string,
  more: Record<string, string>,
): Promise<Served> {
  await mkdir(data, { recursive: true })
  const env = environment(node, { ...more, PORT: '0', HATSTAND_DATA_DIR: data })
  const child = spawn(node, [bin, 'serve'], { cwd: data, env, timeout: patience })
  let output = ''
  const ended = new Promise<Ended>((resolve) => child.on('close', (code) => resolve({ code, output })))
  child.stderr.on('data', (text) => (output += String(text)))
  for await (const line of createInterface(child.stdout)) {
    output += `${line}\n`
    const [, url] = /listens on (http:\S+)/.exec(line) ?? []
    if (!url) continue
    child.stdout.resume()
    const end = () => (child.kill('SIGTERM'), ended)
    return { url, node: await programOf(child.pid ?? 0), end }
  }
  throw new Error(`The server did not start.\n${(await ended).output}`)
}

/** Of a process, or of the one it handed over to. */
async function programOf(pid: number): Promise<string> {
  const children = (await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')).trim().split(' ')
  return realpath(await readlink(`/proc/${children[0] || pid}/exe`))
}
