import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'

const root = join(import.meta.dirname, '../../..')
let folder: string

/** Stands in for `cli.ts`: tells how it was started; with `wait` it stays until SIGTERM and counts the signals it gets. */
const program = `
const [command, ...rest]: string[] = process.argv.slice(2)
if (command === 'wait') {
  let signals = 0
  process.on('SIGTERM', () => {
    signals += 1
    setTimeout(() => {
      console.log('signals: ' + signals)
      process.exit(40 + signals)
    }, 300)
  })
  setInterval(() => {}, 1000)
} else if (command === 'kill') process.kill(process.pid, 'SIGKILL')
else process.exitCode = 7
console.log(JSON.stringify({ node: process.versions.node, command, rest }))
`

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'hatstand-launcher-'))
  await cp(join(root, 'packages/server/bin'), join(folder, 'with/bin'), { recursive: true })
  await cp(join(folder, 'with/bin'), join(folder, 'without/bin'), { recursive: true })
  await symlink(join(root, 'node_modules'), join(folder, 'with/node_modules'))
  for (const name of ['with', 'without']) {
    await mkdir(join(folder, name, 'src/cli'), { recursive: true })
    await writeFile(join(folder, name, 'src/cli/cli.ts'), program)
    await writeFile(join(folder, name, 'package.json'), '{ "type": "module" }')
  }
})
after(() => rm(folder, { recursive: true }))

const noShell = process.platform === 'win32' && 'Windows has no signals to pass on'

/** Code that makes a Node say it is of that version. */
function claim(version: string): string {
  return `Object.defineProperty(process,'versions',{value:{...process.versions,node:'${version}'}})`
}

/** Starts the launcher in a Node that says it is of that version, with or without the pinned Node installed. */
function launch(version: string, place: 'with' | 'without', ...words: string[]) {
  const launcher = join(folder, place, 'bin/hatstand.js')
  return spawn(process.execPath, ['--import', `data:text/javascript,${claim(version)}`, launcher, ...words])
}

async function outcome(child: ReturnType<typeof launch>) {
  const [output, complaint, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'exit') as Promise<[number | null, string | null]>,
  ])
  return { output, complaint, code, signal }
}

test('an old Node hands the command line over to the pinned Node and ends with its exit code', async () => {
  const { output, code } = await outcome(launch('20.0.0', 'with', 'token', '--days', '3'))
  assert.deepEqual(JSON.parse(output), {
    node: process.versions.node,
    command: 'token',
    rest: ['--days', '3'],
  })
  assert.equal(code, 7)
})

test('a Node that is new enough runs the program itself', async () => {
  const { output, code } = await outcome(launch('24.15.0', 'without', 'token'))
  assert.deepEqual(JSON.parse(output), { node: '24.15.0', command: 'token', rest: [] })
  assert.equal(code, 7)
})

test('an old Node without the pinned one says what is missing in one sentence', async () => {
  for (const version of ['20.11.1', '24.14.9']) {
    const { output, complaint, code } = await outcome(launch(version, 'without', 'serve'))
    assert.equal(output, '')
    assert.match(
      complaint,
      new RegExp(`^hatstand needs Node 24\\.15 or newer: this is Node ${version}, .*\\.\\n$`),
    )
    assert.equal(code, 1)
  }
})

test('SIGTERM reaches the server once, and the launcher waits for its end', async () => {
  const child = launch('20.0.0', 'with', 'wait')
  child.stdout.once('data', () => child.kill('SIGTERM'))
  const { code, signal } = await outcome(child)
  assert.deepEqual({ code, signal }, { code: 41, signal: null })
})

for (const version of ['20.0.0', '24.15.0']) {
  test(`under npm the server ends with npm's shell, on Node ${version}`, { skip: noShell }, async () => {
    const launcher = join(folder, 'with/bin/hatstand.js')
    const line = `"${process.execPath}" --import "data:text/javascript,${claim(version)}" "${launcher}" wait; true`
    const shell = spawn('/bin/sh', ['-c', line], { env: { ...process.env, npm_lifecycle_event: 'start' } })
    shell.stdout.once('data', () => shell.kill('SIGTERM'))
    // The output ends only when the server, which holds it open, has ended too.
    assert.match(await text(shell.stdout), /\nsignals: 1\n$/)
  })
}

test('a server that is killed takes its launcher along by the same signal', async () => {
  const { code, signal } = await outcome(launch('20.0.0', 'with', 'kill'))
  assert.deepEqual({ code, signal }, { code: null, signal: 'SIGKILL' })
})
