/**
 * `npm run pack`: builds what people install, @hatstand/sdk and hatstand, as tarballs in dist/. The entries are those that the
 * package files and bin/ name, so a file that moves takes its place in the packages with it. Development needs none of this.
 */
import { execFile } from 'node:child_process'
import { cp, glob, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import { build, type InlineConfig } from 'tsdown'

type Names = Record<string, string>
interface Manifest {
  name: string
  version: string
  exports: Names
  dependencies?: Names
  [more: string]: unknown
}

const root = join(import.meta.dirname, '..')
const output = join(root, 'dist')
/** The compiler of this workspace has no API: its program writes the declarations that are rolled up. */
const types = { tsgo: { path: join(root, 'node_modules/typescript/bin/tsc') } }

await rm(output, { recursive: true, force: true })
await packSdk()
await packServer()

/** Everything the SDK needs is in it: it has no dependencies. */
async function packSdk(): Promise<void> {
  const source = join(root, 'packages/sdk')
  const folder = join(output, 'sdk')
  const { dependencies: _, ...manifest } = await manifestOf(source)
  await compile(source, folder, Object.values(manifest.exports), {
    platform: 'neutral',
    target: 'es2022',
    deps: { alwaysBundle: /./, onlyBundle: false },
  })
  await makePackage(source, folder, manifest)
}

/** The dependencies stay dependencies, but for the packages of this workspace. */
async function packServer(): Promise<void> {
  const source = join(root, 'packages/server')
  const folder = join(output, 'hatstand')
  const manifest = await manifestOf(source)
  const dependencies = Object.entries(manifest.dependencies ?? {})
  const bin = join(folder, 'bin/hatstand.js')
  await cp(join(source, 'bin'), dirname(bin), { recursive: true })
  const command = await useCompiled(bin)
  // Programs and threads of their own, in JavaScript: their neighbours start them by the path.
  const started = await Array.fromAsync(glob('src/**/*.js', { cwd: source }))
  const options = { platform: 'node', target: 'node24', deps: { alwaysBundle: /^@hatstand\// } } as const
  await compile(source, folder, Object.values(manifest.exports), {
    ...options,
    dts: { ...types, emitDtsOnly: true },
  })
  await compile(source, folder, [...Object.values(manifest.exports), command, ...started], {
    ...options,
    dts: false,
  })
  // What people who run it read; those who change it have the repository.
  const pages = ['docs/**/*.md', 'examples/application.json']
  for await (const page of glob(pages, { cwd: root, exclude: ['docs/adding-an-operation.md'] }))
    await cp(join(root, page), join(folder, page))
  await makePackage(source, folder, {
    ...manifest,
    dependencies: Object.fromEntries(dependencies.filter(([name]) => !name.startsWith('@hatstand/'))),
  })
}

/** The bin starts the program by its path: the one among the sources becomes the compiled one. @returns the source */
async function useCompiled(bin: string): Promise<string> {
  const text = await readFile(bin, 'utf8')
  const [, source] = /'\.\.\/(src\/[\w/-]+\.ts)'/.exec(text) ?? []
  if (!source) throw new Error(`${bin} names no program below ../src/.`)
  await writeFile(bin, text.replaceAll(`../${source}`, `../${compiled(source)}`))
  return source
}

/** Where a source is in a package: all in one folder, so that who starts a neighbour by its path finds it. */
function compiled(source: string): string {
  return `dist/${basename(source).replace(/\.ts$/, '.js')}`
}

function compile(source: string, folder: string, entry: string[], options: InlineConfig): Promise<unknown> {
  const entries = Object.fromEntries(entry.map((file) => [basename(compiled(file), '.js'), file]))
  if (Object.keys(entries).length < entry.length)
    throw new Error(`Two of these would be one file in dist: ${entry.join(', ')}.`)
  return build({
    cwd: source,
    config: false,
    entry: entries,
    outDir: join(folder, 'dist'),
    tsconfig: join(root, 'tsconfig.pack.json'),
    fixedExtension: false,
    clean: false,
    dts: types,
    logLevel: 'error',
    ...options,
  })
}

async function manifestOf(source: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(source, 'package.json'), 'utf8')) as Manifest
}

/** Writes the package file that people get, packs, and has the tarball judged. */
async function makePackage(source: string, folder: string, manifest: Manifest): Promise<void> {
  const { private: _, devDependencies: __, ...rest } = manifest
  const exports = Object.entries(manifest.exports).map(([name, file]) => {
    const script = `./${compiled(file)}`
    return [name, { types: script.replace(/\.js$/, '.d.ts'), default: script }]
  })
  const files = (await Array.fromAsync(glob('*/', { cwd: folder }))).toSorted()
  await writeFile(
    join(folder, 'package.json'),
    JSON.stringify({ ...rest, exports: Object.fromEntries(exports), files }, undefined, 2) + '\n',
  )
  await cp(join(root, 'LICENSE'), join(folder, 'LICENSE'))
  // The documents are beside it there, not two folders up.
  const readme = await readFile(join(source, 'README.md'), 'utf8')
  await writeFile(join(folder, 'README.md'), readme.replaceAll('](../../', ']('))
  const tarball = await pack(folder)
  const { buffer } = new Uint8Array(await readFile(tarball))
  const { messages } = await publint({ pack: { tarball: buffer }, strict: true })
  for (const message of messages) console.error(formatMessage(message, rest, { color: false }))
  if (messages.length > 0) throw new Error(`publint finds fault with ${tarball}.`)
  console.log(tarball)
}

async function pack(folder: string): Promise<string> {
  // The npm that runs this script, by the same Node: a bare `npm` is no program that Windows starts.
  const npm = process.env['npm_execpath']
  if (!npm) throw new Error('Start this by npm: npm run pack')
  await mkdir(output, { recursive: true })
  const words = [npm, 'pack', folder, '--pack-destination', output, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, words, { cwd: output })
  const [{ filename }] = JSON.parse(stdout) as [{ filename: string }]
  return join(output, filename)
}
