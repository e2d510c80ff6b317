import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'

/** The clock of /proc: ticks of a second, the same on every Linux a Node runs on. */
const ticksPerSecond = 100

/** A server process. */
export interface Child {
  port: number
  /** Milliseconds of processor time it has used so far, all its threads together. */
  cpu(): number
  /** MB it keeps in memory, and the most it kept since `forgetPeak`. */
  rss(): { now: number; peak: number }
  forgetPeak(): void
  stop(): Promise<void>
}

/** Starts a script that prints where it listens; resolves when it has. */
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
    cpu: () => cpuOf(pid),
    rss: () => rssOf(pid),
    forgetPeak: () => writeFileSync(`/proc/${pid}/clear_refs`, '5'),
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
