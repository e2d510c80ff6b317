import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { requestBytes } from './load.ts'

const cli = join(import.meta.dirname, '../packages/server/src/cli.ts')
const name = 'bench'
const password = 'a password only for the bench'
/** The clock of /proc: ticks of a second, the same on every Linux a Node runs on. */
const ticksPerSecond = 100
const folders: string[] = []

/** A server process. */
export interface Child {
  port: number
  pid: number
  /** Milliseconds of processor time it has used so far, all its threads together. */
  cpu(): number
  /** MB it keeps in memory, and the most it kept since `forgetPeak`. */
  rss(): { now: number; peak: number }
  forgetPeak(): void
  stop(): Promise<void>
}

/** hatstand with an owner who is signed in. */
export interface Hatstand extends Child {
  /** A request of the owner, as bytes. */
  request(method: string, path: string, body?: string): Buffer
}

export interface Options {
  folder: string
  port: number
  databaseUrl?: string
  /** Options for the process's Node. */
  node?: string[]
}

/** Starts hatstand as a process of its own and signs in. */
export async function startHatstand(options: Options): Promise<Hatstand> {
  const child = await startChild([...(options.node ?? []), cli, 'serve'], {
    PORT: String(options.port),
    HATSTAND_DATA_DIR: options.folder,
    HATSTAND_OWNER: name,
    HATSTAND_OWNER_PASSWORD: password,
    ...(options.databaseUrl && { DATABASE_URL: options.databaseUrl }),
  })
  const answer = await fetch(`http://localhost:${child.port}/users/access_token`, {
    headers: { username: name, password },
  })
  if (!answer.ok) throw new Error(`the bench could not sign in: ${await answer.text()}`)
  const { accessToken } = (await answer.json()) as { accessToken: string }
  const headers = {
    host: `localhost:${child.port}`,
    'x-auth-token': accessToken,
    'content-type': 'application/json',
  }
  return { ...child, request: (method, path, body) => requestBytes(method, path, headers, body) }
}

/** Starts a script that prints where it listens. */
export async function startChild(words: string[], env: Record<string, string>): Promise<Child> {
  const child = spawn(process.execPath, words, {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  const port = await listening(child)
  const pid = child.pid!
  return {
    port,
    pid,
    cpu: () => cpuOf(pid),
    rss: () => rssOf(pid),
    forgetPeak: () => forgetPeak(pid),
    async stop() {
      process.off('exit', kill)
      child.kill('SIGTERM')
      await once(child, 'exit')
    },
  }
}

async function listening(child: ChildProcess): Promise<number> {
  let output = ''
  for await (const chunk of child.stdout!.iterator({ destroyOnReturn: false })) {
    output += String(chunk)
    const port = /listens on http:\/\/[^\s:]+:(\d+)\n/.exec(output)?.[1]
    if (!port) continue
    child.stdout!.resume()
    return Number(port)
  }
  throw new Error(`a server of the bench did not start: ${output}`)
}

function cpuOf(pid: number): number {
  // The name in brackets may hold spaces.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond
}

function rssOf(pid: number) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const megabytes = (field: string) =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)![1]) / 1024
  return { now: megabytes('VmRSS'), peak: megabytes('VmHWM') }
}

function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** An empty folder, gone when the bench ends. */
export function freshFolder(): string {
  if (folders.length === 0) process.once('exit', () => folders.forEach(removeFolder))
  const folder = mkdtempSync(join(tmpdir(), 'hatstand-bench-'))
  folders.push(folder)
  return folder
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true })
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}
